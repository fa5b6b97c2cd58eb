"""Set single keys of a config on the command line: ``--set key=value``."""

from __future__ import annotations

import json
import os
import pathlib
import re
from typing import Any

from dlcli.config.catalogue import KINDS, keras_catalogue
from dlcli.config.document import Document, Path
from dlcli.config.yaml_text import parse, scalar
from dlcli.errors import DlcliError

# Sections with a single component, whose name can be left out of a key, and what the component
# is if the file does not say.
SINGLE = {"optimizer": ("optimizers", "adam"), "loss": ("losses", None), "dataset": (None, None)}


def apply_override(document: Document, override: str) -> None:
    """Set one key of a document; a component without arguments on its path gets arguments.

    Parameters
    ----------
    document : Document
        Changed in place.
    override : str
        ``key=value``, as in ``fit.epochs=5`` or ``model[0].Dense.units=8``. The name of the one
        optimizer, loss or loader can be left out, as in ``optimizer.learning_rate=0.01``. The place
        of a component that is in a list once, too: ``callbacks.EarlyStopping.patience=5``.

    Raises
    ------
    DlcliError
        If the text is not ``key=value``, or the key does not exist in a scalar or list.
    """
    key, sign, text = override.partition("=")
    parts = [part for part in key.strip().replace("[", ".").replace("]", "").split(".") if part]
    if not sign or not parts:
        raise DlcliError(f"--set {override}: expected key=value, as in --set fit.epochs=5")
    parts = _with_component(document.value, parts)
    node: Any = document.value
    path: Path = ()
    depth = -1
    while (depth := depth + 1) < len(parts):
        part = parts[depth]
        if isinstance(node, list) and (position := _position(node, part)) is not None:
            part = str(position)
            parts.insert(depth, part)
        last = depth == len(parts) - 1
        index = _index(node, part, override)
        path = (*path, index)
        if last:
            node[index] = _override_value(text.strip(), override)
            _mark_override(document, path)
            return
        child = node.get(index) if isinstance(node, dict) else node[index]
        if child is None:
            child = {}
        elif child == parts[depth + 1] or _names_same(child, parts[depth + 1]):
            child = {parts[depth + 1]: None}
        elif not isinstance(child, dict | list) and (first := _first_parameter(node, index)):
            child = {first: child}  # {Dropout: 0.2} is short for its first argument
        elif not isinstance(child, dict | list):
            below = f"{'.'.join(parts[: depth + 1])} is {child!r}"
            raise DlcliError(f"--set {override}: {below}, which has no keys")
        node[index] = child
        node = child


def data_override(data: str | os.PathLike[str] | None) -> list[str]:
    """Return the override for data at another path, relative to the current folder."""
    if data is None:
        return []
    path = json.dumps(str(pathlib.Path(data).absolute()), ensure_ascii=False)
    return [f"dataset.path={path}"]


def _with_component(value: Any, parts: list[str]) -> list[str]:
    """Insert the name of the one component of a section into a key that leaves it out."""
    section, *below = parts
    if section not in SINGLE or not below or not isinstance(value, dict):
        return parts
    kind, default = SINGLE[section]
    component = value.get(section) or default
    if isinstance(component, dict) and len(component) == 1:
        name, arguments = next(iter(component.items()))
    else:
        name, arguments = component, None
    is_component = kind is not None and keras_catalogue().find(kind, below[0]) is not None
    if not isinstance(name, str) or _names_same(name, below[0]) or is_component:
        return parts
    entry = keras_catalogue().find(kind, name) if kind is not None else None
    if arguments is not None and not isinstance(arguments, dict) and entry is not None:
        # {SGD: 0.1} is short for its first argument.
        value[section] = {name: {entry.parameters[0]: arguments}}
    elif not value.get(section):
        value[section] = name
    return [section, name, *below]


def _position(items: list[Any], name: str) -> int | None:
    """Return the place of the one component of a name in a list; None if it is not there once."""
    names = [next(iter(item)) if isinstance(item, dict) and item else item for item in items]
    places = [place for place, own in enumerate(names) if _names_same(own, name)]
    return places[0] if len(places) == 1 else None


def _first_parameter(node: Any, name: Any) -> str | None:
    """Return the first parameter of a component that is the only key of a mapping."""
    if not isinstance(node, dict) or list(node) != [name]:
        return None
    entries = (keras_catalogue().find(kind, name) for kind in KINDS)
    entry = next(filter(None, entries), None)
    return next(iter(entry.parameters), None) if entry else None


def _index(node: Any, part: str, override: str) -> Any:
    if isinstance(node, dict):
        return part
    if re.fullmatch(r"-?[0-9]+", part) and -len(node) <= int(part) < len(node):
        return int(part) % len(node)
    indices = f"has {len(node)}, from 0 to {len(node) - 1}" if node else "is empty"
    raise DlcliError(f"--set {override}: {part!r} is not an index; the list {indices}")


def _names_same(value: Any, name: str) -> bool:
    return isinstance(value, str) and value.lower() == name.lower()


def _override_value(text: str, override: str) -> Any:
    if text[:1] in ("[", "{", "'", '"'):
        return parse(text, f"--set {override}").value
    return scalar(text)


def _mark_override(document: Document, path: Path) -> None:
    for below in [item for item in document.lines if item[: len(path)] == path]:
        del document.lines[below]
    document.lines[path] = 0
