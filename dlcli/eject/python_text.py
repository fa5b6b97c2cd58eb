"""Values and calls as Python text, laid out as formatters do."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

WIDTH = 88
# Shorter runs of numbered names are written out.
SHORTEST_RUN = 4


@dataclass(frozen=True)
class Code:
    """An expression that is text already."""

    text: str


@dataclass(frozen=True)
class Call:
    """A call with its arguments.

    Parameters
    ----------
    name : str
        Of the function or class, with its module.
    arguments : sequence
        Positional arguments: plain values, `Code` or `Call`.
    keywords : mapping
    """

    name: str
    arguments: Sequence[Any] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)


def expression(value: Any, indent: int = 0, used: int = 0) -> str:
    """Return a value as Python text.

    Parameters
    ----------
    value : plain value, Code or Call
    indent : int
        Blanks before the statement; further lines are indented by four more.
    used : int
        Characters of the line that the expression shares.
    """
    flat = _flat(value)
    if "\n" in flat or indent + used + len(flat) <= WIDTH:
        return flat
    inner, outer = " " * (indent + 4), " " * indent
    if isinstance(value, Call):
        items = [*((None, item) for item in value.arguments), *value.keywords.items()]
        if not items:
            return flat
        if len(items) == 1 and isinstance(items[0][1], list) and items[0][0] is None:
            text = expression(items[0][1], indent + 4, WIDTH)
            return f"{value.name}(\n{inner}{text}\n{outer})"
        lines = [
            f"{inner}{f'{name}=' if name else ''}"
            + expression(item, indent + 4, len(f"{name}=") if name else 0)
            for name, item in items
        ]
        return f"{value.name}(\n" + ",\n".join(lines) + f",\n{outer})"
    if isinstance(value, tuple | list) and value:
        start, end = "()" if isinstance(value, tuple) else "[]"
        parts = _list_items(value)
        if all(isinstance(item, str | int | float) for item in value):
            return f"{start}\n{textwrap.indent(_filled(parts, indent + 4), inner)},\n{outer}{end}"
        lines = [inner + expression(item, indent + 4) for item in value]
        return f"{start}\n" + ",\n".join(lines) + f",\n{outer}{end}"
    if isinstance(value, Mapping) and value:
        lines = [
            f"{inner}{_flat(key)}: {expression(item, indent + 4, len(_flat(key)) + 2)}"
            for key, item in value.items()
        ]
        return "{\n" + ",\n".join(lines) + f",\n{outer}}}"
    return flat


def assignment(name: str, value: Any, indent: int = 0) -> str:
    """Return the statement that gives a value a name."""
    return f"{' ' * indent}{name} = {expression(value, indent, len(name) + 3)}"


def comment(text: str) -> str:
    """Return a text as comment lines."""
    return "\n".join(f"# {line}" for line in textwrap.wrap(text, WIDTH - 2))


def _filled(parts: Sequence[str], indent: int) -> str:
    """Return the items of a list in as few lines as they need."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(part) + 3 <= WIDTH - indent:
            lines[-1] += f", {part}"
        else:
            lines.append(part)
    return ",\n".join(lines)


def _flat(value: Any) -> str:
    if isinstance(value, Code):
        return value.text
    if isinstance(value, Call):
        keywords = [f"{name}={_flat(item)}" for name, item in value.keywords.items()]
        return f"{value.name}({', '.join([*map(_flat, value.arguments), *keywords])})"
    if isinstance(value, list):
        return f"[{', '.join(_list_items(value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(_list_items(value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_flat(key)}: {_flat(item)}' for key, item in value.items())}}}"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return _number(value)
    return repr(value)


def _text(value: str) -> str:
    """Return a text in double quotes, unless it has some."""
    plain = repr(value)
    if plain[0] == "'" and '"' not in plain:
        return f'"{plain[1:-1]}"'
    return plain


def _number(value: float) -> str:
    if value in (float("inf"), float("-inf")) or value != value:
        return f'float("{value}")'
    return repr(value)


def _list_items(values: Sequence[Any]) -> list[str]:
    """Return the items of a list; runs of numbered names, such as band_1 to band_60, in short."""
    items: list[str] = []
    start = 0
    while start < len(values):
        end = _run_end(values, start)
        if end - start >= SHORTEST_RUN:
            stem, first = _numbered(values[start])  # type: ignore[misc]
            numbers = f"range({first}, {first + end - start})" if first else f"range({end - start})"
            items.append(f'*(f"{stem}{{number}}" for number in {numbers})')
        else:
            end = start + 1
            items.append(_flat(values[start]))
        start = end
    return items


def _run_end(values: Sequence[Any], start: int) -> int:
    numbered = _numbered(values[start])
    end = start + 1
    while numbered and end < len(values):
        following = _numbered(values[end])
        if following != (numbered[0], numbered[1] + end - start):
            break
        end += 1
    return end


def _numbered(value: Any) -> tuple[str, int] | None:
    if not isinstance(value, str):
        return None
    match = re.fullmatch(r"([^{}\"\\]*?)(0|[1-9][0-9]{0,5})", value)
    return (match[1], int(match[2])) if match and match[1] and match[1].isprintable() else None
