"""Detect the delimiter of a text, and split its lines into fields."""

from __future__ import annotations

import csv
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import accumulate

from dlcli.datasets.dialect import Dialect

DELIMITERS = (",", ";", "\t", "|", "whitespace")
MAX_FIELD = 1 << 27
# With thousands or decimals behind the comma, and a few characters around it, as "€1,5" has.
NUMBER_WITH_COMMA = re.compile(
    r"[^0-9,]{0,4}(?:[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?:\.[0-9]*)?"
    r"|[0-9]{1,20}(?:[. ][0-9]{3})*,[0-9]{1,20}(?:[eE][-+]?[0-9]+)?)[^0-9,]{0,4}"
)


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


def split_rows(
    lines: Iterable[str], dialect: Dialect, *, strict: bool, skip_blanks: bool = False
) -> Iterator[list[str]]:
    """Split lines into rows of fields; a quoted field may span lines.

    Parameters
    ----------
    lines : iterable of str
    dialect : Dialect
    strict : bool
        Whether misplaced quotes raise ``csv.Error``.
    skip_blanks : bool
        Whether blanks in front of a field are no part of it.
    """
    if dialect.widths:
        return (_cut(line, dialect.widths) for line in lines)
    if dialect.delimiter == "whitespace":
        return (_split_blanks(line, dialect, strict=strict) for line in lines)
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quoting=csv.QUOTE_MINIMAL if dialect.quoting else csv.QUOTE_NONE,
        quotechar=dialect.quotechar,
        skipinitialspace=skip_blanks,
        strict=strict,
    )


def _cut(line: str, widths: Sequence[int]) -> list[str]:
    """Cut a line into fields of fixed width; what stands behind the last is one field more."""
    ends = list(accumulate(widths))
    line = line.rstrip("\r\n")
    fields = [line[end - width : end].strip() for width, end in zip(widths, ends, strict=True)]
    rest = line[ends[-1] :].strip()
    return [*fields, rest] if rest else fields


def _split_blanks(line: str, dialect: Dialect, *, strict: bool) -> list[str]:
    """Split a line at blanks; those between quotes belong to the field."""
    quote = dialect.quotechar
    if not dialect.quoting or quote not in line:
        return line.split()
    fields = []
    for quoted, plain in _field_pattern(quote).findall(line):
        if strict and plain.startswith(quote):
            # The wording of the csv module, which is translated for the user.
            raise csv.Error(
                "unexpected end of data" if line.count(quote) == 1 else "expected after"
            )
        # R writes a quote within quotes with a backslash, others write it twice.
        text = quoted.replace("\\" + quote, quote).replace(quote * 2, quote)
        fields.append(plain or text)
    return fields


@cache
def _field_pattern(quote: str) -> re.Pattern[str]:
    q = re.escape(quote)
    return re.compile(rf"{q}((?:[^{q}\\]|{q}{q}|\\.)*){q}(?=\s|$)|(\S+)")


def detect_delimiter(lines: Sequence[str], dialect: Dialect, *, header: str = "") -> str:
    """Return the delimiter that gives the same number of fields in nearly all rows.

    Of several, it is one with which the first row has that number too; then the one that gives the
    most fields. Commas in numbers are none.

    Parameters
    ----------
    lines : sequence of str
        The first lines of a file.
    dialect : Dialect
        Its quoting, comment and decimal separator.
    header : str
        The first line of the file, if `lines` are further below.
    """
    if _is_aligned(lines, dialect):
        return "whitespace"
    for share in (0.9, 0.5):  # of the rows that have that number of fields
        fits: dict[str, tuple[bool, int]] = {}
        for delimiter in DELIMITERS:
            if delimiter == dialect.decimal:
                continue
            widths = _widths(lines, replace(dialect, delimiter=delimiter))
            usual = max(set(widths), key=lambda size: (widths.count(size), size), default=1)
            if usual > 1 and widths.count(usual) >= share * len(widths):
                above = _widths([header], replace(dialect, delimiter=delimiter)) if header else ()
                fits[delimiter] = ((above or widths)[0] == usual, usual)
        numbers = any(
            _has_commas_in_numbers(lines, replace(dialect, delimiter=other)) for other in fits
        )
        if numbers and len(fits) > 1:
            fits.pop(",", None)
        if len(fits) > 1:  # blanks within texts must not win over another delimiter
            fits.pop("whitespace", None)
        if fits:
            return max(fits, key=fits.__getitem__)
    return ","


def _has_commas_in_numbers(lines: Sequence[str], dialect: Dialect) -> bool:
    """Tell whether the fields with a comma are numbers, with another delimiter than the comma."""
    if dialect.delimiter == ",":
        return False
    try:
        rows = list(split_rows(lines, dialect, strict=False, skip_blanks=True))
    except csv.Error:
        return False
    # Blanks are in many texts, so that no exception is allowed with them, not even a name.
    first, share = (0, 1.0) if dialect.delimiter == "whitespace" else (1, 0.9)
    fields = [field.strip() for row in rows[first:] or rows for field in row if "," in field]
    numbers = sum(map(bool, map(NUMBER_WITH_COMMA.fullmatch, fields)))
    return bool(fields) and numbers >= share * len(fields)


def _is_aligned(lines: Sequence[str], dialect: Dialect) -> bool:
    """Tell whether runs of blanks separate the fields, also where there are tabs among them."""
    if sum("  " in line.strip() for line in lines) <= len(lines) / 2:
        return False
    widths = _widths(lines, replace(dialect, delimiter="whitespace"))
    others = [_widths(lines, replace(dialect, delimiter=delimiter)) for delimiter in ",;|"]
    is_delimited = any(len(set(other)) == 1 and other[0] > 1 for other in others)
    return len(set(widths)) == 1 and widths[0] > 1 and not is_delimited


def _widths(lines: Sequence[str], dialect: Dialect) -> list[int]:
    """Return the number of fields of each row, an empty one behind a last delimiter left out."""
    comment = dialect.comment
    rows = (
        line for line in lines if not line.isspace() and not (comment and line.startswith(comment))
    )
    try:
        return [
            len(row) - (row[-1] == "")
            for row in split_rows(rows, dialect, strict=False, skip_blanks=True)
            if row
        ]
    except csv.Error:
        return []
