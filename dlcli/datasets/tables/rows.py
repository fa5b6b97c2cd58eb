"""Rows of a delimited text, every one as wide as the first.

The csv module of the standard library reads them, not pandas: pandas fills short rows and
shifts long ones without a word, and does not tell the line of a bad cell.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import TextIO

from dlcli.datasets.dataset import Dialect
from dlcli.datasets.tables.text import (
    FOR_TRAINING,
    LONGEST_LINE,
    SHOWN,
    TOO_LONG,
    Advice,
    read_lines,
)
from dlcli.errors import DatasetError, plural

DELIMITERS = (",", ";", "\t", "|", "whitespace")
LOOKAHEAD = 100

csv.field_size_limit(1 << 27)


class Rows:
    """An iterator over the rows of a text, with the line each ends on.

    Parameters
    ----------
    text : text file
        Opened with ``newline=""``.
    name : str
        What messages call it.
    dialect : Dialect
        Its delimiter may be ``"auto"``.
    expected : int
        Fields that a row must have at least.
    advice : Advice
        What to say of a text that cannot be read.

    Attributes
    ----------
    line : int
        Line of the file, from 1, on which the last row ended.
    notices : list of str
        What a user should know about how the text is read.
    """

    def __init__(
        self,
        text: TextIO,
        name: str,
        dialect: Dialect,
        *,
        expected: int = 1,
        advice: Advice = FOR_TRAINING,
    ) -> None:
        self.name = name
        self.line = 0
        self.notices: list[str] = []
        self._text = text
        self._advice = advice
        self._start = 1
        self._lines = read_lines(text, name, advice)
        ahead = list(islice(self._lines, LOOKAHEAD))
        if not ahead:
            raise DatasetError(f"{name} is empty")
        if dialect.encoding == "auto" and not (text.encoding or "utf-8").startswith("utf-8"):
            self.notices.append(f"{name} is read as {text.encoding}: {ahead[0].strip()[:SHOWN]!r}")
        # A file may be delimited in another way than the one a model was trained on.
        other = expected > 1 and dialect.delimiter not in ("whitespace", *ahead[0])
        if dialect.delimiter == "auto" or other:
            dialect = replace(dialect, delimiter=detect_delimiter(ahead, dialect))
        self.dialect = dialect
        self._ahead = len(ahead)
        self._width: int | None = None
        self.feed(chain(ahead, self._lines))

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        row = self._next()
        if not row or (len(row) == 1 and not row[0].strip()):
            row = self._behind_blanks(row)
        if self._width is None:
            self._width = len(row)
        if len(row) != self._width:
            # One empty field behind the last delimiter is the habit of some programs.
            if len(row) == self._width + 1 and row[-1] == "":
                return row[:-1]
            found = f"{plural(len(row), 'field')}, but the first row has {self._width}"
            hint = "remove what stands above the names" if self._width == 1 else None
            raise DatasetError(f"{self.name}:{self.line}: {found}", hint=hint)
        return row

    def _behind_blanks(self, row: list[str]) -> list[str]:
        """Return the next row that is no blank line."""
        line = self.line
        while not row or (len(row) == 1 and not row[0].strip()):
            if row == [""] and self._width == 1:  # quotes around nothing: a value is missing
                return row
            row = self._next()
        said = f'{self.name}:{line}: a blank line is no row; a missing value is written ""'
        if self._width == 1 and said not in self.notices:
            self.notices.append(said)
        return row

    def narrow(self) -> None:
        """Expect one field less, the last being an empty one behind every row."""
        if self._width:
            self._width -= 1

    @property
    def width(self) -> int:
        """Fields of a row; 0 before the first."""
        return self._width or 0

    @property
    def is_between_chunks(self) -> bool:
        """Whether every line that was read from the text is part of a row that was returned."""
        return self.line >= self._ahead

    def chunk(self, size: int) -> str:
        """Take the next `size` characters of the text, to the end of a line, instead of rows."""
        try:
            text, rest = self._text.read(size), self._text.readline(LONGEST_LINE)
        except UnicodeError:
            message = f"{self.name}: not {self._text.encoding} after line {self.line}"
            raise DatasetError(message, hint=self._advice.encoding) from None
        except (OSError, EOFError, zlib.error) as error:
            raise DatasetError(f"{self.name} is damaged: {error}") from None
        if len(rest) == LONGEST_LINE:
            raise DatasetError(f"{self.name}: {TOO_LONG} after line {self.line}")
        return text + rest

    def feed(self, lines: Iterable[str], *, then_rest: bool = False) -> None:
        """Go on with other lines, and perhaps with the rest of the text after them."""
        lines = chain(lines, self._lines) if then_rest else lines
        self._rows = self._split(self._counted(lines))

    def _next(self) -> list[str]:
        self._start = self.line + 1
        try:
            return next(self._rows)
        except csv.Error as error:
            message = _csv_message(error, several=self.line > self._start)
            place = f"{self.name}:{self._start}"
            raise DatasetError(f"{place}: {message}", hint=self._advice.quoting) from None

    def _counted(self, lines: Iterable[str]) -> Iterator[str]:
        comment = self.dialect.comment
        for line in lines:
            self.line += 1
            if "\0" in line:
                raise DatasetError(f"{self.name}:{self.line}: a NUL byte; this is no text file")
            if not (comment and line.startswith(comment)):
                yield line

    def _split(self, lines: Iterator[str]) -> Iterator[list[str]]:
        if self.dialect.delimiter == "whitespace":
            return (line.split() for line in lines)
        return csv_rows(lines, self.dialect, strict=self.dialect.quoting)


def csv_rows(lines: Iterable[str], dialect: Dialect, *, strict: bool) -> Iterator[list[str]]:
    """Split lines by the csv module."""
    quoting = csv.QUOTE_MINIMAL if dialect.quoting else csv.QUOTE_NONE
    return csv.reader(lines, delimiter=dialect.delimiter, quoting=quoting, strict=strict)  # type: ignore[arg-type]


def _csv_message(error: csv.Error, *, several: bool) -> str:
    """Say what the csv module does not like about a row, which may have several lines."""
    text = str(error)
    if "expected after" in text and not several:
        return "a closing quote is followed by text"
    if "unexpected end of data" in text or several:
        return "a quote is opened and never closed"
    return text


def detect_delimiter(lines: list[str], dialect: Dialect) -> str:
    """Return the delimiter that cuts the lines into the most fields, all rows alike.

    Parameters
    ----------
    lines : list of str
        The beginning of a file.
    dialect : Dialect
        Its quoting and comments.
    """
    for share in (0.9, 0.5):  # nearly all rows alike; failing that, most of them
        best, width = ",", 1
        for delimiter in DELIMITERS:
            if delimiter == dialect.decimal:
                continue
            # Blanks inside text must not win over a delimiter that cuts cleanly as well.
            if delimiter == "whitespace" and width > 1:
                continue
            widths = _widths(lines, replace(dialect, delimiter=delimiter))
            usual = max(set(widths), key=lambda size: (widths.count(size), size), default=1)
            if usual > width and widths.count(usual) >= share * len(widths):
                best, width = delimiter, usual
        if width > 1:
            return best
    return ","


def _widths(lines: list[str], dialect: Dialect) -> list[int]:
    kept = [
        line
        for line in lines
        if not line.isspace() and not (dialect.comment and line.startswith(dialect.comment))
    ]
    if dialect.delimiter == "whitespace":
        return [len(line.split()) for line in kept]
    try:
        rows = csv_rows(kept, dialect, strict=False)
        return [len(row) - (row[-1] == "") for row in rows if row]
    except csv.Error:
        return []
