"""Detect the delimiter of a text, and split its lines into fields."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from dlcli.datasets.dataset import Dialect

DELIMITERS = (",", ";", "\t", "|", "whitespace")
MAX_FIELD = 1 << 27


class _FieldSizeLimit:
    """Context in which the csv module accepts long fields.

    The module has one limit per process, which belongs to the program that uses dlcli. The last
    of several threads to leave restores it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._outer_limit = 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._users:
                self._outer_limit = csv.field_size_limit(MAX_FIELD)
            self._users += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                csv.field_size_limit(self._outer_limit)


long_fields = _FieldSizeLimit()


def split_rows(lines: Iterable[str], dialect: Dialect, *, strict: bool) -> Iterator[list[str]]:
    """Split lines into rows of fields; a quoted field may span lines.

    Parameters
    ----------
    lines : iterable of str
    dialect : Dialect
    strict : bool
        Whether misplaced quotes raise ``csv.Error``.
    """
    if dialect.delimiter == "whitespace":
        return (line.split() for line in lines)
    quoting = csv.QUOTE_MINIMAL if dialect.quoting else csv.QUOTE_NONE
    return csv.reader(lines, delimiter=dialect.delimiter, quoting=quoting, strict=strict)  # type: ignore[arg-type]


def detect_delimiter(lines: Sequence[str], dialect: Dialect) -> str:
    """Return the delimiter that gives the most fields, the same number in nearly all rows.

    Parameters
    ----------
    lines : sequence of str
        The first lines of a file.
    dialect : Dialect
        Its quoting, comment and decimal separator.
    """
    for share in (0.9, 0.5):  # of the rows that have that number of fields
        best, width = ",", 1
        for delimiter in DELIMITERS:
            if delimiter == dialect.decimal:
                continue
            # Blanks within texts must not win over a delimiter that fits as well.
            if delimiter == "whitespace" and width > 1:
                continue
            widths = _widths(lines, replace(dialect, delimiter=delimiter))
            usual = max(set(widths), key=lambda size: (widths.count(size), size), default=1)
            if usual > width and widths.count(usual) >= share * len(widths):
                best, width = delimiter, usual
        if width > 1:
            return best
    return ","


def _widths(lines: Sequence[str], dialect: Dialect) -> list[int]:
    """Return the number of fields of each row, an empty one behind a last delimiter left out."""
    comment = dialect.comment
    rows = (
        line for line in lines if not line.isspace() and not (comment and line.startswith(comment))
    )
    try:
        return [
            len(row) - (row[-1] == "") for row in split_rows(rows, dialect, strict=False) if row
        ]
    except csv.Error:
        return []
