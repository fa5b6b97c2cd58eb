"""Rows above a header that name groups of columns, such as the years of statistical tables.

In spreadsheets such cells are merged: in a text their names are repeated, or followed by empty
cells.
"""

from __future__ import annotations

from collections.abc import Sequence

from dlcli.datasets.tables.columns import MISSING, MISSING_NUMBERS
from dlcli.datasets.tables.header import looks_like_header

MAX_GROUP_ROWS = 3
# Below the header, some column has numbers only in so many rows; there are at least a few.
ROWS_BELOW = 10
MIN_ROWS_BELOW = 3


def find_groups(rows: Sequence[Sequence[str]], width: int) -> tuple[int, list[str]]:
    """Find rows above the header that name groups of columns.

    Parameters
    ----------
    rows : sequence of list of str
        The first rows of a table.
    width : int
        Their usual number of fields.

    Returns
    -------
    count : int
        How many of the first rows are such rows.
    names : list of str
        Of the columns, each with those of its groups, if the header repeats names; else empty.
    """
    for at, row in enumerate(rows[: MAX_GROUP_ROWS + 1]):
        if at and _is_header(row, width) and _stands_above(row, rows[at + 1 :], width):
            own = [text.strip() for text in row]
            names = _with_groups(rows[:at], own)
            if len(set(own)) == width:
                return at, []
            if len(set(names)) == width:
                return at, names
        if not _is_group(row, width):
            break
    return 0, []


def _is_header(row: Sequence[str], width: int) -> bool:
    names = {text.strip() for text in row}
    is_full = len(row) == width > 1 and names.isdisjoint((*MISSING, *MISSING_NUMBERS))
    return is_full and looks_like_header(row, ".")


def _with_groups(groups: Sequence[Sequence[str]], names: Sequence[str]) -> list[str]:
    """Return names with those of their groups in front; an empty cell belongs to the one before."""
    parts: list[list[str]] = [[] for _ in names]
    for row in (*groups, names):
        last = ""
        for at, part in enumerate(parts):
            last = (row[at].strip() if at < len(row) else "") or last
            if last and last not in part:
                part.append(last)
    return [" ".join(part) for part in parts]


def _stands_above(header: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> bool:
    """Tell whether a row of words stands above rows with numbers."""
    below = [row for row in rows[:ROWS_BELOW] if len(row) == width]
    columns = list(zip(*below, strict=True))
    # A word that is found below is a value, and its row no header.
    repeats = any(name in column for name, column in zip(header, columns, strict=False))
    has_numbers = any(all(map(_is_number, column)) for column in columns)
    return len(below) >= MIN_ROWS_BELOW and has_numbers and not repeats


def _is_group(row: Sequence[str], width: int) -> bool:
    """Tell whether cells are repeated, empty or all numbers, so that the row is no header."""
    filled = [text.strip() for text in row if text.strip()]
    # One empty cell may be the name of an index.
    is_merged = len(set(filled)) < len(filled) or len(filled) < width - 1
    return bool(filled) and (is_merged or all(map(_is_number, filled)))


def _is_number(text: str) -> bool:
    return bool(text.strip()) and not looks_like_header([text], ".")
