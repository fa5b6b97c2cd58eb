"""Merged cells of a sheet: the file has the value in the first cell only, a reader sees it in all.

openpyxl gives merged ranges only if it holds the whole sheet in memory. They stand behind the
cells in the sheet's XML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from dlcli.datasets.tables.total_names import is_total
from dlcli.errors import plural

# The sheet is untrusted. Its elements are found as bytes, so that no XML is parsed and nothing
# in it is expanded.
END_OF_CELLS = re.compile(rb"</(?:\w+:)?sheetData\s*>")
MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^<>]*?\bref\s*=\s*[\"']([A-Z0-9:$]{1,24})[\"']")
RANGE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7}):\$?([A-Z]{1,3})\$?([0-9]{1,7})")
CHUNK, LONGEST_TAG = 1 << 20, 64
# The part behind the cells, and the columns of all ranges: an honest file has far less.
MAX_BYTES, MAX_COLUMNS_OF_RANGES = 64 << 20, 10_000_000
Row = tuple[int, list[str]]


@dataclass(frozen=True)
class MergedRange:
    """A rectangle of merged cells; rows start at 1, columns at 0, and the last ones belong to it.

    Parameters
    ----------
    name : str
        As Excel writes it, ``A2:A13``.
    row, last_row : int
    column, last_column : int
    """

    name: str
    row: int
    last_row: int
    column: int
    last_column: int


def read_merged_ranges(sheet: IO[bytes]) -> list[MergedRange]:
    """Return the merged ranges of a sheet, from the top.

    Parameters
    ----------
    sheet : binary file
        The XML of the sheet.

    Raises
    ------
    ValueError
        If there are more than a sheet can have.
    """
    rest = b""
    while chunk := sheet.read(CHUNK):
        rest = rest[-LONGEST_TAG:] + chunk
        if end := END_OF_CELLS.search(rest):
            rest = rest[end.end() :] + sheet.read(MAX_BYTES)
            break
    else:
        return []
    ranges = []
    columns = 0
    for match in MERGED.finditer(rest):
        name = match[1].decode("ascii")
        if not (parts := RANGE.fullmatch(name)):
            continue
        first, row, last, last_row = parts.groups()
        merged = MergedRange(name, int(row), int(last_row), _position(first), _position(last))
        columns += max(0, merged.last_column - merged.column + 1)
        ranges.append(merged)
    if len(rest) > MAX_BYTES or columns > MAX_COLUMNS_OF_RANGES:
        raise ValueError("the sheet has too many merged cells")
    return sorted(ranges, key=lambda one: (one.row, one.column))


def _position(letters: str) -> int:
    position = 0
    for letter in letters:
        position = position * 26 + ord(letter) - ord("A") + 1
    return position - 1


def ranges_to_fill(
    ranges: Iterable[MergedRange], rows: Iterable[Row], header: int, width: int
) -> list[MergedRange]:
    """Return the ranges whose value `fill_merged` gives to a cell of a table.

    Titles and groups of columns are no values: of what begins above the rows, only ranges of one
    column that reach the header or the rows are returned.

    Parameters
    ----------
    ranges : iterable of MergedRange
    rows : iterable of (int, list of str)
        As for `fill_merged`; they are read only as far as they may have such cells.
    header : int
        Number of the first row of the table.
    width : int
        Number of columns of the table.
    """
    held = [one for one in ranges if one.column < width and _holds_values(one, header, width)]
    filling: set[MergedRange] = set()
    last_row = max((one.last_row for one in held), default=0)
    for number, _, fills in _fills(rows, held, header, width) if held else ():
        filling |= {one for one, _ in fills.values()}
        if number >= last_row or len(filling) == len(held):
            break
    return [one for one in held if one in filling]


def _holds_values(one: MergedRange, header: int, width: int) -> bool:
    is_row, is_column = one.last_row == one.row, one.last_column == one.column
    if one.row <= header:
        return is_column and not is_row and one.last_row >= header
    # A note over the whole width is no value of the columns either.
    return not is_row or one.column > 0 or one.last_column < width - 1


def merged_notice(ranges: Sequence[MergedRange]) -> str:
    """Return the notice that merged ranges, at least one, have been filled."""
    example = ranges[0].name if len(ranges) == 1 else f"such as {ranges[0].name}"
    count = plural(len(ranges), "range")
    return f"{count} of merged cells ({example}): each cell has the range's value"


def fill_merged(
    rows: Iterable[Row], ranges: Sequence[MergedRange], header: int, width: int
) -> Iterator[Row]:
    """Yield rows with the value of a merged range in each of its cells.

    Rows that are otherwise empty stay empty: a range may reach beyond the table. Names of totals
    do not become values of the columns beside them.

    Parameters
    ----------
    rows : iterable of (int, list of str)
        Number and texts of each row, from the first one of the sheet.
    ranges : sequence of MergedRange
        From `ranges_to_fill`.
    header, width : int
        As for `ranges_to_fill`.
    """
    for number, texts, fills in _fills(rows, ranges, header, width):
        filled = [*texts, *[""] * (max(fills, default=-1) + 1 - len(texts))]
        for column, (_, text) in fills.items():
            filled[column] = text
        yield number, filled


def _fills(
    rows: Iterable[Row], ranges: Sequence[MergedRange], header: int, width: int
) -> Iterator[tuple[int, list[str], dict[int, tuple[MergedRange, str]]]]:
    """Yield rows, and for each column whose cell is empty its range and the range's value."""
    starts: dict[int, list[MergedRange]] = {}
    for one in ranges:
        starts.setdefault(one.row, []).append(one)
    open_columns: dict[int, tuple[MergedRange, str]] = {}
    for number, texts in rows:
        values = sum(1 for text in texts if text.strip())
        fills: dict[int, tuple[MergedRange, str]] = {}
        for column, (one, text) in [*open_columns.items()]:
            if one.last_row < number:
                del open_columns[column]
            elif values and number >= header:
                fills[column] = one, text
        for one in starts.get(number, ()):
            text = texts[one.column] if one.column < len(texts) else ""
            if not text.strip():
                continue
            for column in range(one.column, min(one.last_column + 1, width)):
                if values > 1 and number > header and not is_total(text):
                    fills[column] = one, text
                if one.last_row > number:
                    open_columns[column] = one, text
        empty = {
            column: fill
            for column, fill in fills.items()
            if column >= len(texts) or not texts[column].strip()
        }
        yield number, texts, empty
