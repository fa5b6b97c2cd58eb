"""YAML text whose values have comments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.config.yaml_text import dump_inline

INDENT = "  "
MAX_INLINE = 100


@dataclass(frozen=True)
class Commented:
    """A value and the reason for it.

    Parameters
    ----------
    value : Any
        Plain data.
    reason : str
        The comment behind the value.
    """

    value: Any
    reason: str


def render(section: Mapping[str, Any]) -> str:
    """Return the YAML text of a mapping.

    A value with a comment within it is written on lines of its own, any other on one line.

    Parameters
    ----------
    section : mapping
        Plain data; any value, key's value or list item may be a `Commented`.
    """
    return "".join(f"{line}\n" for line in _mapping_lines(section))


def plain(value: Any) -> Any:
    """Return a value without its comments."""
    if isinstance(value, Commented):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _mapping_lines(section: Mapping[str, Any]) -> Iterator[str]:
    for key, value in section.items():
        yield from _entry_lines(f"{dump_inline(key)}:", value)


def _entry_lines(start: str, value: Any) -> Iterator[str]:
    """Yield the lines of a value; `start` is its key or the dash of a list item."""
    comment = ""
    if isinstance(value, Commented):
        comment, value = _comment(value.reason), value.value
    if start.endswith("-") and isinstance(value, Mapping) and len(value) == 1:
        [(key, value)] = value.items()
        start = f"{start} {dump_inline(key)}:"
    inline = f"{start} {dump_inline(plain(value))}"
    if not _needs_lines(value) and (len(inline) <= MAX_INLINE or not _is_long(value)):
        yield inline + comment
        return
    yield start + comment
    lines = _mapping_lines(value) if isinstance(value, Mapping) else _list_lines(value)
    # A key behind a dash stands two columns further to the right.
    indent = INDENT * 2 if start.startswith("- ") else INDENT
    yield from (indent + line for line in lines)


def _list_lines(items: Sequence[Any]) -> Iterator[str]:
    for item in items:
        yield from _entry_lines("-", item)


def _needs_lines(value: Any) -> bool:
    """Tell whether there is a comment within a value, or it is a list of components."""
    if isinstance(value, Mapping):
        return any(isinstance(item, Commented) or _needs_lines(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(isinstance(item, Commented | Mapping) or _needs_lines(item) for item in value)
    return False


def _is_long(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple) and len(value) > 1


def _comment(reason: str) -> str:
    """Return a comment on one line; a file's own texts cannot end it."""
    text = " ".join("".join(c if c.isprintable() else " " for c in reason).split())
    return f"  # {text}" if text else ""
