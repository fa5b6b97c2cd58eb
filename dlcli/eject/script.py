"""The script: its imports, its parts with headings, and its text as a file or a notebook."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from dlcli.eject.python_text import WIDTH, comment

STANDARD = {
    "collections", "csv", "gzip", "hashlib", "io", "json", "math", "pathlib", "re", "tarfile",
    "zipfile",
}  # fmt: skip


@dataclass
class Part:
    """One part of the script.

    Parameters
    ----------
    title : str
    why : str
        What a learner should know about it.
    """

    title: str
    why: str
    lines: list[str] = field(default_factory=list)

    def add(self, *statements: str) -> None:
        """Append statements; an empty one is a blank line."""
        self.lines.extend(statements)

    @property
    def code(self) -> str:
        """The statements."""
        return "\n".join(self.lines).strip("\n")


@dataclass
class Script:
    """The script while it is written.

    Parameters
    ----------
    title : str
        Its first line.
    notes : list of str
        What the script does not have, or does in another way.
    """

    title: str
    description: str = ""
    notes: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)
    helpers: dict[str, str] = field(default_factory=dict)

    def part(self, title: str, why: str) -> Part:
        """Begin a part."""
        self.parts.append(Part(title, why))
        return self.parts[-1]

    def need(self, *statements: str) -> None:
        """Add imports, such as ``import numpy as np``."""
        self.imports.update(statements)

    def helper(self, name: str, text: str) -> str:
        """Add a function or class that the parts use.

        Returns
        -------
        str
            Its name, with a number if another one has it.
        """
        for number in count(1):
            unique = name if number == 1 else f"{name}{number}"
            renamed = re.sub(rf"\b{name}\b", unique, text.strip("\n"))
            if self.helpers.setdefault(unique, renamed) == renamed:
                return unique
        raise AssertionError

    def _import_lines(self) -> list[str]:
        """Return the imports, sorted: the standard library first."""
        joined: dict[str, set[str]] = {}
        plain = []
        for statement in self.imports:
            match = re.fullmatch(r"from (\S+) import (\w+)", statement)
            if match:
                joined.setdefault(match[1], set()).add(match[2])
            else:
                plain.append(statement)
        plain += [f"from {m} import {', '.join(sorted(names))}" for m, names in joined.items()]
        plain.sort(key=lambda line: (line.startswith("from"), line.split()[1].lower()))
        first = [line for line in plain if line.split()[1].split(".")[0] in STANDARD]
        rest = [line for line in plain if line not in first]
        return [*first, *([""] if first and rest else []), *rest]

    def text(self) -> str:
        """Return the script as the text of a Python file."""
        # Names of files and data sets may have any characters.
        introduction = self._introduction().replace("\\", "/").replace('"', "'")
        blocks = [f'"""{introduction}\n"""', "\n".join(self._import_lines())]
        for number, part in enumerate(self._all_parts(), 1):
            heading = f"# {'-' * 78}\n# {number}. {part.title}\n"
            why = comment(part.why) + "\n" if part.why else ""
            # Functions and classes stand between two blank lines.
            before = "\n" if blocks[-1].rpartition("\n")[2].startswith(" ") else ""
            after = "\n\n" if part.code.startswith(("def ", "class ")) else "\n"
            blocks.append(f"{before}{heading}{why}{after}{part.code}".rstrip())
        return "\n\n".join(blocks) + "\n"

    def notebook(self) -> dict[str, Any]:
        """Return the script as a Jupyter notebook."""
        cells = [_markdown(0, _as_markdown(self._introduction()))]
        cells.append(_code(1, "\n".join(self._import_lines())))
        for number, part in enumerate(self._all_parts(), 1):
            cells.append(_markdown(len(cells), f"## {number}. {part.title}\n\n{part.why}".strip()))
            cells.append(_code(len(cells), part.code))
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        return {
            "cells": cells,
            "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }

    def _introduction(self) -> str:
        notes = [textwrap.fill(f"- {note}", WIDTH, subsequent_indent="  ") for note in self.notes]
        listed = "\n".join(["Not as in the config:", "", *notes]) if notes else ""
        return "\n\n".join(filter(None, [self.title, self.description, listed]))

    def _all_parts(self) -> list[Part]:
        if not self.helpers:
            return self.parts
        why = "Functions and classes for what pandas and scikit-learn do not have."
        return [Part("Tools", why, ["\n\n\n".join(self.helpers.values())]), *self.parts]


def _as_markdown(text: str) -> str:
    first, _, rest = text.partition("\n")
    return f"# {first}\n{rest}"


def _markdown(number: int, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": f"cell-{number}", "metadata": {}, "source": text}


def _code(number: int, text: str) -> dict[str, Any]:
    return {
        "cell_type": "code", "id": f"cell-{number}", "metadata": {}, "execution_count": None,
        "outputs": [], "source": text,
    }  # fmt: skip
