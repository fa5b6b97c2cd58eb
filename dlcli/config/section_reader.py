"""The sections of a config that name components, from plain values to typed ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from dlcli.config.base import Section
from dlcli.config.components import Component, ComponentReader, split_spelling
from dlcli.config.document import Document, Path
from dlcli.config.known import NAMED_DATASETS
from dlcli.config.loaders import LOADERS, Loader, nameable
from dlcli.config.sections import STEP_GROUPS, DatasetConfig
from dlcli.config.steps import STEPS
from dlcli.config.validation_messages import located
from dlcli.errors import Problem, unknown

KERAS_LISTS = {"model": "layers", "metrics": "metrics", "callbacks": "callbacks"}
KERAS_SINGLE = {"loss": "losses", "optimizer": "optimizers"}

# Stands for what could not be read, so that the rest can still be checked.
UNREADABLE = "?"
NO_DATASET = DatasetConfig(name=UNREADABLE, loader=Loader())


class SectionReader:
    """Read the sections that spell components; leave the others to pydantic."""

    def __init__(self, document: Document, folder: FilePath, problems: list[Problem]) -> None:
        self.document = document
        self.folder = folder
        self.problems = problems
        self.components = ComponentReader(document, problems)

    def values(self) -> dict[str, Any]:
        """Return the sections of the config, ready for pydantic."""
        values = dict(self.document.value)
        for key, kind in KERAS_LISTS.items():
            if key in values:
                values[key] = self.listed(kind, values[key], (key,))
        for key, kind in KERAS_SINGLE.items():
            if key in values:
                values[key] = self.keras(kind, values[key], (key,))
        if "dataset" in values:
            values["dataset"] = self.dataset(values["dataset"], ("dataset",)) or NO_DATASET
        if isinstance(values.get("preprocess"), dict):
            values["preprocess"] = self.preprocess(values["preprocess"])
        # A section left empty has its defaults; what could not be read is already reported.
        return {key: value for key, value in values.items() if value is not None}

    def listed(self, kind: str, value: Any, path: Path) -> tuple[Component, ...]:
        """Read a list of Keras components; a single one may stand without brackets."""
        if value is None:
            return ()
        if not isinstance(value, list):
            value, start = [value], None
        else:
            start = 0
        return tuple(
            self.keras(kind, item, path if start is None else (*path, index))
            for index, item in enumerate(value)
        )

    def keras(self, kind: str, value: Any, path: Path) -> Component:
        """Read a Keras component; what cannot be read is reported and stands as `UNREADABLE`."""
        component = self.components.read(kind, value, path)
        if component is None:
            spelling = split_spelling(value)
            spelled = "" if isinstance(spelling, str) else spelling[0]
            return Component(UNREADABLE, {}, spelled, path)
        return component

    def step(self, value: Any, path: Path) -> tuple[str, Any, Any]:
        """Read the name of a step with its arguments: the name, its section, the arguments."""
        spelling = split_spelling(value)
        if isinstance(spelling, str):
            self.components.complain(path, spelling)
            return "", None, None
        name, given = spelling
        if name not in STEPS:
            self.components.complain(path, unknown("preprocessing step", name, STEPS))
            return name, None, None
        return name, STEPS[name], given

    def validate(self, section: type[Section], given: Any, path: Path) -> Any:
        """Validate the arguments of a section of ours; None if they are wrong."""
        if given is not None and not isinstance(given, dict):
            first = next(iter(section.model_fields), None)
            first = None if first == "limit" else first
            if first is None:
                self.components.complain(path, f"takes no argument, got {given!r}")
                return None
            given = {first: given}
        try:
            return section.model_validate(given or {})
        except ValidationError as error:
            self.problems.extend(located(error, self.document, section, path))
            return None

    def dataset(self, value: Any, path: Path) -> DatasetConfig | None:
        """Read a named data set, or a loader with its arguments."""
        spelling = split_spelling(value)
        if isinstance(spelling, str):
            self.components.complain(path, spelling)
            return None
        name, given = spelling
        path = (*path, name) if isinstance(value, dict) else path
        if name in NAMED_DATASETS:
            return self.known(name, given, path)
        if name not in nameable():
            self.components.complain(path, _unknown_dataset(name))
            return None
        section = LOADERS[name]
        if not isinstance(given, dict):
            first = next(field for field in section.model_fields if field != "limit")
            given = {} if given is None else {first: given}
        loader = self.validate(section, given, path)
        if loader is None:
            return None
        given = dict(given)
        if "path" in given:
            # The resolved config lies elsewhere, so it names the file in full.
            given["path"] = str((self.folder / FilePath(given["path"]).expanduser()).absolute())
            loader = loader.model_copy(update={"path": given["path"]})
        return DatasetConfig(name=name, loader=loader, written={name: given})

    def known(self, name: str, given: Any, path: Path) -> DatasetConfig | None:
        """Read a named data set; arguments of its loader may be given."""
        known = NAMED_DATASETS[name]
        if given is not None and not isinstance(given, dict):
            self.components.complain(path, f"expected arguments by name, got {given!r}")
            return None
        if "path" in (given or {}):
            self.components.complain((*path, "path"), "a named data set finds its own files")
            return None
        arguments = {"path": name} if "path" in LOADERS[known.loader].model_fields else {}
        loader = self.validate(
            LOADERS[known.loader], {**arguments, **known.arguments, **(given or {})}, path
        )
        if loader is None:
            return None
        written = {name: dict(given)} if given else name
        return DatasetConfig(name=name, loader=loader, known=True, written=written)

    def preprocess(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Read the steps of all groups of columns."""
        read = dict(value)
        for key in STEP_GROUPS:
            if key in read:
                read[key] = self.steps(read[key], ("preprocess", key), key)
        if isinstance(read.get("columns"), dict):
            read["columns"] = {
                column: self.steps(steps, ("preprocess", "columns", column), None)
                for column, steps in read["columns"].items()
            }
        return read

    def steps(self, value: Any, path: Path, takes: str | None) -> tuple[Any, ...]:
        """Read one step or a list of them; ``none`` is an empty list."""
        if value in (None, "none", []):
            return ()
        items = value if isinstance(value, list) else [value]
        steps = []
        for index, item in enumerate(items):
            if item == "none":
                continue
            where = (*path, index) if isinstance(value, list) else path
            name, section, given = self.step(item, where)
            if section is None:
                continue
            if takes is not None and takes not in section.takes:
                self.components.complain(where, f"{name} is not for {takes} columns")
                continue
            step = self.validate(
                section, given, (*where, name) if isinstance(item, dict) else where
            )
            if step is not None:
                steps.append(step)
        return tuple(steps)


def _unknown_dataset(name: str) -> str:
    if name.endswith((".csv", ".csv.gz", ".tsv", ".txt")):
        return f"a file is read by a loader: {{csv: {{path: {name}, target: …}}}}"
    return unknown("data set or loader", name, [*NAMED_DATASETS, *nameable()])
