"""What is odd about the columns of a table: nothing that stops a training, and worth a word."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from dlcli.datasets.dataset import Column
from dlcli.datasets.tables.columns import to_number
from dlcli.types import Array

LARGEST = 1e15
MANY = 20
LISTED = 5
LONGEST = 40
DATE = re.compile(
    r"([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.]([0-9]{4}|[0-9]{2}))"
    r"([T ].*)?\.?"
)
WITH_UNIT = re.compile(r"[-+−(]?[0-9][0-9.,]*(:[0-9]{2})*\s*[^0-9]{0,8}")
# Whose rows these are: rows of one patient in training and test give the answer away.
OWNER = re.compile(
    r"(.*[\s_.-])?(id|patient|subject|participant|person|user|customer|client|speaker)"
    r"([\s_.-]?(id|no|nr|number))?",
    re.IGNORECASE,
)


def notices(
    values: Mapping[str, Array], columns: Sequence[Column], lines: Sequence[int]
) -> list[str]:
    """Say what is odd about the features of a table.

    Parameters
    ----------
    values : mapping
        Per column float64 with NaN, or objects with None, for what is missing; shape (n,).
    columns : sequence of Column
    lines : sequence of int
        Line of each row.
    """
    found: dict[str, list[str]] = {}
    owners = []
    for column in columns:
        held = values[column.name]
        if column.type == "text" or not len(held):
            continue
        look = _odd_texts if held.dtype == object else _odd_numbers
        if said := look(held):
            found.setdefault(said, []).append(column.name)
        elif OWNER.fullmatch(column.name) and _repeats(held):
            owners.append(
                f"rows with the same {column.name!r} may be both in training and test; "
                f"`split: {{group: {column.name}}}` keeps them together"
            )
    return [
        *_gaps(values, lines),
        *(f"{_columns(names)} {said}" for said, names in found.items()),
        *owners,
    ]


def _columns(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"column {names[0]!r}"
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"columns {', '.join(map(repr, names[:LISTED]))}{more}: each"


def _gaps(values: Mapping[str, Array], lines: Sequence[int]) -> list[str]:
    """Count the missing values of each column, and say where the first is."""
    found = []
    for name, column in values.items():
        missing = np.equal(column, None) if column.dtype == object else np.isnan(column)  # type: ignore[call-overload]
        if missing.any():
            first = lines[int(missing.argmax())]
            found.append(f"{name!r} ({int(missing.sum())}, first on line {first})")
    if not found:
        return []
    more = f" and {len(found) - LISTED} more columns" if len(found) > LISTED else ""
    return [f"values are missing in {', '.join(found[:LISTED])}{more}; `preprocess` fills them in"]


def _odd_texts(column: Array) -> str:
    counts = Counter(column.tolist())
    present = [text for text in counts if text is not None]
    if len(counts) == 1:
        return "has the same value in every row"
    if present and all(DATE.fullmatch(text) for text in present):
        return "holds dates, each a category of its own; leave it out with `drop`, or make numbers"
    if len(present) > 2 and all(WITH_UNIT.fullmatch(text) for text in present):
        return "holds numbers with something behind them, whose order is lost in categories"
    if len(column) > MANY and len(present) == len(column):
        return "looks like an identifier: no two rows are alike; consider `drop`"
    numbers = {text for text in present if not math.isnan(to_number(text))}
    rows = sum(counts[text] for text in present)
    share = sum(counts[text] for text in numbers)
    if rows > share >= rows / 2:
        word = next(text for text in present if text not in numbers)
        return (
            f"is taken as categories, though {share} of its {rows} values are numbers: "
            f"{word[:LONGEST]!r} is none; add it to the loader's `missing` if it means no value"
        )
    return ""


def _odd_numbers(column: Array) -> str:
    present = column[~np.isnan(column)]
    if not len(present):
        return ""
    low, high = present.min(), present.max()
    if max(-low, high) > LARGEST:
        return (
            f"has values beyond {LARGEST:g}, whose last digits are lost; if they are identifiers "
            "use `drop`, or the type categorical"
        )
    if low == high:
        return "has the same value in every row"
    if len(column) > MANY and high - low == len(column) - 1 and (np.diff(column) == 1).all():
        return "looks like a record number; consider `drop`"
    return ""


def _repeats(column: Array) -> bool:
    """Tell whether a column names several owners of several rows each, as a rule."""
    distinct = len(set(column.tolist()))
    return LISTED <= distinct <= len(column) / 2
