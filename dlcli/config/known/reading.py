"""Read the named data sets from ``data_sets.yaml``, each when it is first used."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from dlcli.config.known.records import NamedDataset

PATH = Path(__file__).with_name("data_sets.yaml")


class NamedDatasets(Mapping[str, NamedDataset]):
    """The entries of a file of named data sets, validated on first access.

    Parsing the whole file would take longer than checking a config, so the text is split at its
    unindented keys and only the requested entry is parsed.

    Parameters
    ----------
    path : Path
        The YAML file.

    Attributes
    ----------
    parsed : dict
        The entries that were accessed so far.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.parsed: dict[str, NamedDataset] = {}

    @functools.cached_property
    def _texts(self) -> dict[str, str]:
        _, *parts = re.split(r"^(\w+):$", self.path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        return dict(zip(parts[::2], parts[1::2], strict=True))

    def __getitem__(self, name: str) -> NamedDataset:
        if name not in self.parsed:
            from dlcli.config.yaml_text import parse  # here, since few commands read YAML

            values = parse(self._texts[name], f"{self.path.name}: {name}").value
            self.parsed[name] = _adapter().validate_python(_completed(values))
        return self.parsed[name]

    def __contains__(self, name: object) -> bool:
        return name in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


@functools.cache
def _adapter() -> TypeAdapter[NamedDataset]:
    return TypeAdapter(NamedDataset)


def _completed(values: dict[str, Any]) -> dict[str, Any]:
    """Add the facts that follow from the arguments of the loader."""
    arguments = _with_tuples(values["arguments"])
    class_names = arguments.get("class_names", ())
    names = arguments.get("names", ())
    no_features = (arguments.get("target"), *arguments.get("drop", ()))
    facts = {
        "class_names": class_names,
        "columns": tuple(name for name in names if name not in no_features),
        **values["facts"],
    }
    facts.setdefault("num_classes", len(facts["class_names"]))
    return {**values, "arguments": arguments, "facts": facts}


def _with_tuples(value: Any) -> Any:
    """Replace lists by tuples, as in the fields of the loaders."""
    if isinstance(value, dict):
        return {key: _with_tuples(item) for key, item in value.items()}
    return tuple(map(_with_tuples, value)) if isinstance(value, list) else value


NAMED_DATASETS = NamedDatasets(PATH)
