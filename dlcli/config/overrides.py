"""Set single keys of a config on the command line: ``--set key=value``."""

from __future__ import annotations

import re
from typing import Any

from dlcli.config.document import Document, Path, parse, scalar
from dlcli.errors import DlcliError


def apply_override(document: Document, override: str) -> None:
    """Set one key of a document; a component without arguments on its path gets arguments.

    Parameters
    ----------
    document : Document
        Changed in place.
    override : str
        ``key=value``, as in ``fit.epochs=5`` or ``model[0].Dense.units=8``.

    Raises
    ------
    DlcliError
        If the text is not ``key=value``, or the key does not exist in a scalar or list.
    """
    key, sign, text = override.partition("=")
    parts = [part for part in key.strip().replace("[", ".").replace("]", "").split(".") if part]
    if not sign or not parts:
        raise DlcliError(f"--set {override}: expected key=value, as in --set fit.epochs=5")
    node: Any = document.value
    path: Path = ()
    for depth, part in enumerate(parts):
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
        elif not isinstance(child, dict | list):
            below = f"{'.'.join(parts[: depth + 1])} is {child!r}"
            raise DlcliError(f"--set {override}: {below}, which has no keys")
        node[index] = child
        node = child


def _index(node: Any, part: str, override: str) -> Any:
    if isinstance(node, dict):
        return part
    if re.fullmatch(r"-?[0-9]+", part) and -len(node) <= int(part) < len(node):
        return int(part) % len(node)
    raise DlcliError(f"--set {override}: {part!r} is not an index of a list of {len(node)}")


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
