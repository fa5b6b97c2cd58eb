"""Numbers such as 1,234 that a comma as delimiter splits into two fields."""

from __future__ import annotations

import re
from collections.abc import Sequence

# In front of the first comma, and behind the last.
FIRST_GROUP = re.compile(r"\s*[-+(]?[^\w\s.,;:-]?\s?[-+]?[1-9][0-9]{0,2}")
GROUP = re.compile(r"[0-9]{3}")
LAST_GROUP = re.compile(r"[0-9]{3}(?:\.[0-9]*)?\s?[^\w\s.,;:-]?\s*")
MAX_LISTED = 3


def split_numbers(fields: Sequence[str]) -> list[tuple[int, int]]:
    """Return the first and the last position of fields that may be one number with commas."""
    runs = []
    at = 0
    while at < len(fields) - 1:
        end = at
        if FIRST_GROUP.fullmatch(fields[at]):
            while end + 1 < len(fields) and GROUP.fullmatch(fields[end + 1]):
                end += 1
            if end + 1 < len(fields) and LAST_GROUP.fullmatch(fields[end + 1]):
                end += 1
        if end > at:
            runs.append((at, end))
        at = end + 1
    return runs


def explain_surplus(fields: Sequence[str], width: int) -> str:
    """Return what explains too many fields in a row; empty if numbers with commas do not."""
    runs = split_numbers(fields)
    if not 0 < len(fields) - width <= sum(end - at for at, end in runs):
        return ""
    parts = []
    for at, end in runs[:MAX_LISTED]:
        cells = [field.strip() for field in fields[at : end + 1]]
        listed = " and ".join(filter(None, [", ".join(map(repr, cells[:-1])), repr(cells[-1])]))
        parts.append(f"{listed} look like the number {','.join(cells)}")
    return ", ".join(parts)


def are_split(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether a number is split at the same place in all rows.

    A zero in front of its second part, or a first column that repeats, tells that it is not a
    column of row names which makes the rows one field longer than the header.
    """
    common = set(split_numbers(rows[0])) if rows else set()
    for row in rows:
        common.intersection_update(split_numbers(row))
    repeats = len({row[0] for row in rows}) < len(rows) if rows else False
    return any(repeats or any(row[end].startswith("0") for row in rows) for _, end in common)
