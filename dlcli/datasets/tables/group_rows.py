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


def count_group_rows(rows: Sequence[Sequence[str]], width: int) -> int:
    """Return how many of the first rows stand above the header and name groups of columns.

    Parameters
    ----------
    rows : sequence of list of str
        The first rows of a table.
    width : int
        Their usual number of fields.
    """
    for at, row in enumerate(rows[: MAX_GROUP_ROWS + 1]):
        if at and _is_header(row, width) and _has_numbers(rows[at + 1 :], width):
            return at
        if not _is_group(row, width):
            return 0
    return 0


def _is_header(row: Sequence[str], width: int) -> bool:
    names = {text.strip() for text in row}
    has_all = len(names) == width > 1 and names.isdisjoint((*MISSING, *MISSING_NUMBERS))
    return has_all and looks_like_header(row, ".")


def _has_numbers(rows: Sequence[Sequence[str]], width: int) -> bool:
    below = [row for row in rows[:ROWS_BELOW] if len(row) == width]
    return len(below) >= MIN_ROWS_BELOW and any(
        all(_is_number(text) for text in column) for column in zip(*below, strict=True)
    )


def _is_group(row: Sequence[str], width: int) -> bool:
    """Tell whether cells are repeated, empty or all numbers, so that the row is no header."""
    filled = [text.strip() for text in row if text.strip()]
    # One empty cell may be the name of an index.
    is_merged = len(set(filled)) < len(filled) or len(filled) < width - 1
    return bool(filled) and (is_merged or all(map(_is_number, filled)))


def _is_number(text: str) -> bool:
    return bool(text.strip()) and not looks_like_header([text], ".")
