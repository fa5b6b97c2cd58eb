"""Rows of a delimited text, every one as wide as the first.

The csv module of the standard library reads them, not pandas: pandas fills short rows and
shifts long ones without a word, and does not tell the line of a bad cell.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import TextIO

from dlcli.datasets.dataset import Dialect
from dlcli.errors import DatasetError

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

    Attributes
    ----------
    line : int
        Line of the file, from 1, on which the last row ended.
    """

    def __init__(self, text: TextIO, name: str, dialect: Dialect, *, expected: int = 1) -> None:
        self.name = name
        self.line = 0
        self._text = text
        self._lines = self._physical(text)
        ahead = list(islice(self._lines, LOOKAHEAD))
        if not ahead:
            raise DatasetError(f"{name} is empty")
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
        while not row or (len(row) == 1 and not row[0].strip()):  # a blank line
            row = self._next()
        if self._width is None:
            self._width = len(row)
        if len(row) != self._width:
            # One empty field behind the last delimiter is the habit of some programs.
            if len(row) == self._width + 1 and row[-1] == "":
                return row[:-1]
            fields = "field" if len(row) == 1 else "fields"
            raise DatasetError(
                f"{self.name}:{self.line}: {len(row)} {fields}, but the first row has {self._width}"
            )
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
            return self._text.read(size) + self._text.readline()
        except UnicodeError:
            raise self._not_text(f" after line {self.line}") from None
        except (OSError, EOFError) as error:
            raise DatasetError(f"{self.name} is damaged: {error}") from None

    def feed(self, lines: Iterable[str], *, then_rest: bool = False) -> None:
        """Go on with other lines, and perhaps with the rest of the text after them."""
        lines = chain(lines, self._lines) if then_rest else lines
        self._rows = self._split(self._counted(lines))

    def _next(self) -> list[str]:
        try:
            return next(self._rows)
        except csv.Error as error:
            raise DatasetError(f"{self.name}:{self.line}: {_csv_message(error)}") from None
        except UnicodeDecodeError:
            raise self._not_text() from None
        except (OSError, EOFError) as error:
            raise DatasetError(f"{self.name} is damaged: {error}") from None

    def _physical(self, text: TextIO) -> Iterator[str]:
        try:
            for line in text:  # noqa: UP028 (`yield from` would close the text as well)
                yield line
        except UnicodeError:
            raise self._not_text() from None

    def _not_text(self, place: str = "") -> DatasetError:
        at = f":{self.line + 1}" if self.line and not place else ""
        hint = "name the file's encoding in the loader, as in `encoding: cp949`"
        return DatasetError(f"{self.name}{at}: not {self._text.encoding}{place}", hint=hint)

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


def _csv_message(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end of data" in text:
        return "a quote is opened and never closed; set `quoting: false` if quotes are plain text"
    if "expected after" in text:
        return "a closing quote is followed by text; set `quoting: false` if quotes are plain text"
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
