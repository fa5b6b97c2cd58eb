"""The values of a config, with the line of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dlcli.errors import Problem

Path = tuple[str | int, ...]


@dataclass
class Document:
    """The value of a YAML text, with line numbers.

    Parameters
    ----------
    where : str
        Name of the file, for messages.
    value : object
        Dicts, lists and scalars.
    lines : dict
        Line number, from 1, of every key and list item, by its path; 0 for a value that was set
        on the command line.
    has_lines : bool
        False for values that were not read from a text.
    """

    where: str
    value: Any
    lines: dict[Path, int] = field(default_factory=dict)
    has_lines: bool = True

    def locate(self, path: Path) -> tuple[str, int]:
        """Return the file and line of `path`, or of the nearest enclosing value with a line."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                line = self.lines[path[:end]]
                return (self.where, line) if line else (_override(path[:end]), 0)
        return self.where, int(self.has_lines)

    def problem(self, path: Path, message: str) -> Problem:
        """Return a problem with the location of `path`."""
        where, line = self.locate(path)
        return Problem(where, line, dotted(path), message)


def _override(path: Path) -> str:
    return f"--set {dotted(path)}"


def dotted(path: Path) -> str:
    """Return a path in dotted notation: ``model[1].Dense.units``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
