"""Configs and overrides that a program passes as values."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from dlcli.config.document import Document
from dlcli.config.yaml_text import dump, parse
from dlcli.errors import DlcliError
from dlcli.files import to_jsonable

# What to do with values that people put into a config, by the name of their type.
VALUE_HINTS = {
    "DataFrame": "pass the table as data=…, and write `dataset: {csv: {target: …}}`",
    "Series": "pass a table as data=…",
}


def check_source(source: object) -> None:
    """Refuse what is neither a path nor a name.

    Raises
    ------
    DlcliError
    """
    if not isinstance(source, str | os.PathLike):
        hint = VALUE_HINTS.get(type(source).__name__)
        kind = type(source).__name__
        raise DlcliError(f"a config is a path, a name or a mapping, not a {kind}", hint=hint)
    if isinstance(source, str) and "\n" in source:
        hint = "pass yaml.safe_load(text), or the path of a file"
        raise DlcliError("a config is a path, a name or a mapping, not a text of YAML", hint=hint)


def override_texts(overrides: Iterable[str] | Mapping[str, Any]) -> list[str]:
    """Return overrides as ``key=value``."""
    if isinstance(overrides, str):
        return [overrides]
    if isinstance(overrides, Mapping):
        values = {key: to_jsonable(value) for key, value in overrides.items()}
        return [f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return list(overrides)


def document_of(source: Mapping[str, Any], name: str) -> Document:
    """Return plain values as a document; problems have their key, but no line.

    Raises
    ------
    DlcliError
        If a value is none that YAML has, with its key.
    """
    for key, value in _strange_values(source, ""):
        kind = type(value).__name__
        message = f"{name}: {key}: expected a text, a number, a list or a mapping, got a {kind}"
        raise DlcliError(message, hint=VALUE_HINTS.get(kind))
    try:
        value = parse(dump(to_jsonable(source)), name).value
    except yaml.YAMLError:
        raise DlcliError(
            f"{name}: a config consists of texts, numbers, lists and mappings"
        ) from None
    return Document(name, value, has_lines=False)


def _strange_values(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    """Yield the values that YAML does not have, with their keys."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _strange_values(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _strange_values(item, f"{key}[{number}]")
    elif type(value).__name__ in VALUE_HINTS or not (
        value is None
        or isinstance(value, str | bool | int | float | os.PathLike)
        or hasattr(value, "tolist")  # of NumPy
    ):
        yield key, value
