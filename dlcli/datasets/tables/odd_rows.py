"""Rows that are no examples: totals and means, and units below the header.

They are added where people read tables, as in spreadsheets and in what statistical offices publish.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from dlcli.datasets.tables.total_names import is_surely_total, is_total
from dlcli.errors import plural

if TYPE_CHECKING:
    from dlcli.datasets.tables.columns import RawColumn
    from dlcli.datasets.tables.table import Table

# Rows at the beginning and at the end, where names that may be categories are looked for.
EDGE = 3
# Larger tables are measured or logged, and are not searched as a whole.
MAX_ROWS = 100_000


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
    """Return a notice of rows of totals or means.

    Parameters
    ----------
    table : Table
        Words in columns that have been parsed as numbers are not seen.
    """
    count = len(table)
    edges = {*range(min(EDGE, count)), *range(max(count - EDGE, 0), count)}
    found: dict[int, str] = {}
    for column in table.columns:
        texts = column.texts
        if isinstance(texts, np.ndarray):
            continue
        shown = sorted(edges) if count > MAX_ROWS else range(count)
        totals = {text for text in set(map(texts.__getitem__, shown)) if is_total(text)}
        for row in shown if totals else ():
            text = texts[row]
            if text not in totals:
                continue
            # A word that is repeated, or that stands within the table, may be a category.
            if is_surely_total(text) or (row in edges and texts.count(text) == 1):
                found.setdefault(row, f"{text.strip()!r} in {column.name!r}")
    if not found:
        return []
    first = min(found)
    others = len(found) - 1
    if not others:
        what, end = "looks like a row of totals or means", "remove it, it is no example"
    else:
        what = f"and {plural(others, 'other row')} look like totals or means"
        end = "remove them, they are no examples"
    return [f"line {table.lines[first]} {what} ({found[first]}); {end}"]
