"""Rows that are no examples: totals and means at the edge of a table, and units below its header.

They are added where people read tables, as in spreadsheets and in what statistical offices publish.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dlcli.datasets.tables.columns import RawColumn
    from dlcli.datasets.tables.table import Table

# Without blanks, in lower case.
TOTALS = {
    "합계", "총합계", "총계", "소계", "계", "전체", "평균", "총평균",
    "total", "totals", "grandtotal", "subtotal", "sum", "average", "mean",
}  # fmt: skip
# Rows at the beginning and at the end where they are looked for.
EDGE = 3


def is_total(text: str) -> bool:
    """Tell whether a cell is a name of totals or means."""
    return "".join(text.split()).casefold() in TOTALS


def odd_word_reason(raw: RawColumn, words: Iterable[str]) -> str:
    """Tell where words among numbers suggest that their row is no example; empty if none does.

    Parameters
    ----------
    raw : RawColumn
        Its texts are numbers and the words.
    words : iterable of str
    """
    texts = [text.strip() for text in raw.texts]
    for word in words:
        row = texts.index(word)
        kind = "totals or means" if is_total(word) else "units" if row == 0 else ""
        if kind and texts.count(word) == 1:
            return f"; line {raw.lines[row]} may hold {kind}: remove it, it is no example"
    return ""


def total_row_notices(table: Table) -> list[str]:
    """Return notices of rows of totals or means.

    Parameters
    ----------
    table : Table
        Words in columns that have been parsed as numbers are not seen.
    """
    notices = []
    count = len(table)
    for row in sorted({*range(min(EDGE, count)), *range(max(count - EDGE, 0), count)}):
        for column in table.columns:
            if isinstance(column.texts, np.ndarray):
                continue
            text = column.texts[row]
            # A word that is repeated is a category.
            if is_total(text) and column.texts.count(text) == 1:
                notices.append(
                    f"line {table.lines[row]} looks like a row of totals or means "
                    f"({text.strip()!r} in {column.name!r}); remove it, it is no example"
                )
                break
    return notices
