"""Rows with too many or too few fields."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from dlcli.datasets.tables.split_numbers import explain_surplus
from dlcli.errors import DatasetError, plural

MAX_LISTED = 5
ABOVE_HEADER = "remove the lines above the header"
GIVE_WIDTHS = "if columns stand at fixed places, give their widths, as in `widths: [8, 10, 6]`"
QUOTE_NUMBERS = 'write numbers with commas in quotes, as in "1,234", or use another delimiter'


class LayoutError(DatasetError):
    """The rows of a table are not what the loader's options say; other options may be."""


class BadRows:
    """Rows whose number of fields is not that of the first row.

    Parameters
    ----------
    name : str
        Name of the file, for messages.
    delimiter : str

    Attributes
    ----------
    split_numbers : int
        Number of rows with too many fields because of commas in numbers.
    """

    def __init__(self, name: str, delimiter: str) -> None:
        self._name, self._delimiter = name, delimiter
        self._lines = array("q")
        self._first = self._first_split = ("", 0)
        self._width = 0
        self.split_numbers = 0

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, row: Sequence[str], line: int, width: int) -> None:
        """Count a row; `width` is the number of fields of the first row."""
        numbers = explain_surplus(row, width) if self._delimiter == "," else ""
        self.split_numbers += bool(numbers)
        message = f"{self._name}:{line}: {plural(len(row), 'field')}, but the first row has {width}"
        if not self._lines:
            self._first, self._width = (message, line), width
        if numbers and self.split_numbers == 1:
            self._first_split = numbers, line
        self._lines.append(line)

    @property
    def are_split_numbers(self) -> bool:
        """Whether commas in numbers are the likely cause: they explain half of the rows."""
        return 0 < len(self) <= 2 * self.split_numbers

    def error(self) -> LayoutError:
        """Return the error for these rows."""
        hint = ABOVE_HEADER if self._width == 1 else None
        hint = QUOTE_NUMBERS if self.are_split_numbers else hint
        hint = GIVE_WIDTHS if self._delimiter == "whitespace" else hint
        return LayoutError(self.message(), hint=hint)

    def message(self) -> str:
        """Return what the first of the rows has, and the lines of others."""
        message, first = self._first
        cause, split = self._first_split if self.are_split_numbers else ("", first)
        if cause and split == first:
            message += f": {cause}"
        lines = self._lines[1:]
        if lines:
            listed = ", ".join(map(str, lines[:MAX_LISTED]))
            listed += ", …" if lines[MAX_LISTED:] else ""
            verb = "has" if len(lines) == 1 else "have"
            rows = plural(len(lines), "more row")
            message += f"; {rows} {verb} another number, on line {listed}"
        return message if split == first else f"{message}; on line {split} {cause}"
