"""Which columns of a table are its target, its parts, groups of rows, texts, and codes."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import islice

import numpy as np

from dlcli.datasets import storage
from dlcli.datasets.dataset import PART_WORDS
from dlcli.datasets.tables import (
    RawColumn,
    Table,
    date_formats,
    has_leading_zeros,
    holds_lists,
    is_group_name,
    is_identifier_name,
    may_be_dates,
    number_form,
    quantities_of_several_units,
    to_number,
)
from dlcli.types import Array

# A column with one of these names is the target, wherever it stands.
CERTAIN_NAMES = ("target", "label", "class", "y")
# The target more often than the last column is; proposed on a terminal.
LIKELY_NAMES = (
    *CERTAIN_NAMES, "outcome", "response", "diagnosis", "species", "survived", "churn", "default",
    "quality", "price", "salary", "grade", "score", "result", "status",
)  # fmt: skip
MIN_ROWS_FOR_IDENTIFIERS = 20
# Of more different texts per row, too few rows of each are left to learn from.
MAX_CLASSES_PER_ROW = 0.2
# Texts that are tried as dates.
MAX_DATES = 200
# Texts: so many words on average, and so large a share of different values.
MIN_WORDS = 4.0
# Texts whose words are counted.
MAX_TEXTS = 1000
MIN_DISTINCT = 0.5
MIN_GROUPS = 5
MIN_ROWS = 10
# Words for a missing value among numbers.
MAX_WORDS = 5
YEARS = (1900, 2100)
YEAR_NAME = re.compile(r".*(year|jahr|année|año)|.*(년도|연도|년)|yr", re.IGNORECASE)
ID_NAME = re.compile(r".*(id|no|nr|number)", re.IGNORECASE)
# Names of numbers that stand for something else, and are neither more nor less than each other.
CODE_NAME = re.compile(r".*(zip|plz|postal|code|코드|번호)", re.IGNORECASE)
MIN_ROWS_PER_CODE, MAX_CODES = 5, 1_000
Target = str | int | Sequence[str | int]


def chosen_columns(target: Target, names: Collection[str]) -> list[str | int]:
    """Return the columns that ``--target`` names; a text such as ``a,b,-1`` names several.

    A whole number is the name of a column if there is one with it, and else a position.
    """
    if isinstance(target, str) and "," in target and target not in names:
        target = [part.strip() for part in target.split(",") if part.strip()]
    parts = [target] if isinstance(target, str | int) else target
    return [
        int(part)
        if isinstance(part, str) and part not in names and part.removeprefix("-").isdecimal()
        else part
        for part in parts
    ]


def likely_target(table: Table) -> str:
    """Return the column to propose to a person as the target."""
    return _named_target(table, LIKELY_NAMES) or default_target(table)[0]


def default_target(table: Table) -> tuple[str, str]:
    """Return the column that is predicted if nobody says another, and why.

    It is a date or an identifier only if no other column can be predicted.

    Parameters
    ----------
    table : Table
        All columns as texts, or as numbers.
    """
    named = _named_target(table, CERTAIN_NAMES)
    if named is not None:
        return named, "its name"
    last = table.columns[-1]
    for column in reversed(table.columns):
        if not _obstacle(column):
            reason = "last column"
            if column is not last:
                reason = f"last column that can be predicted; {last.name} is {_obstacle(last)}"
            return column.name, reason
    named = _named(table.names, CERTAIN_NAMES)
    return (last.name, "last column") if named is None else (named, "its name")


def _named_target(table: Table, names: Sequence[str]) -> str | None:
    """Return the only column with one of the names, if it can be predicted."""
    named = _named(table.names, names)
    return None if named is None or _obstacle(table.column(named)) else named


def likely_columns(names: Sequence[str]) -> list[str | int]:
    """Return the columns one of which is the target most often, by their names alone."""
    named = _named(names, CERTAIN_NAMES) or _named(names, LIKELY_NAMES)
    return [name for name in (named, names[-1]) if name is not None]


def _named(columns: Sequence[str], names: Sequence[str]) -> str | None:
    """Return the column with the first of `CERTAIN_NAMES`, or else the only one with a name."""
    matches = [name for name in columns if name.strip().lower() in names]
    for certain in CERTAIN_NAMES:
        for name in matches:
            if name.strip().lower() == certain:
                return name
    return matches[0] if len(matches) == 1 else None


def _obstacle(column: RawColumn) -> str:
    """Return what keeps a column from being a target, as in ``an identifier``; or ``""``."""
    if column.is_constant:
        return "constant"
    if isinstance(column.texts, np.ndarray):
        return _obstacle_of_parsed(column.name, column.texts)
    counts = _counts(column.texts)
    missing = {"", *column.dialect.missing}
    distinct = [text for text in counts if text not in missing]
    total = len(column.texts) - sum(counts[word] for word in missing)
    if len(distinct) < 2:
        return "constant"
    if holds_lists(distinct):
        return ""
    if total < len(column.texts) / 2:
        return "mostly empty"
    number_of = {text: to_number(text, column.dialect.decimal) for text in distinct}
    words = [text for text in distinct if math.isnan(number_of[text])]
    if not set(words) - set(column.dialect.missing_numbers):
        cells = (number_of.get(text.strip(), math.nan) for text in column.texts)
        values = np.array([value for value in cells if not math.isnan(value)])
        if has_leading_zeros(distinct) and len(distinct) == total:
            return "an identifier"
        return _obstacle_of_numbers(column.name, values) if len(values) else ""
    if len(words) <= min(MAX_WORDS, len(distinct) / 2):
        return ""
    if number_form(words, column.dialect, units=True) is not None:
        return ""
    return _obstacle_of_texts(column.name, distinct, total)


def _obstacle_of_texts(name: str, distinct: Sequence[str], total: int) -> str:
    """Return what keeps a column of texts from being a target, in `total` rows."""
    if date_formats(sorted(distinct)[:MAX_DATES]):
        return "a date"
    limit = max(MIN_ROWS_FOR_IDENTIFIERS, MAX_CLASSES_PER_ROW * total)
    if len(distinct) == total or len(distinct) > limit:
        quantities = quantities_of_several_units(distinct)
        return f"no number: {quantities}" if quantities else "an identifier or a text"
    return "an identifier" if _names_rows(name) else ""


def _counts(texts: Sequence[str]) -> Counter[str]:
    """Return how often each text occurs, without blanks around it."""
    counts: Counter[str] = Counter()
    for text, count in Counter(texts).items():
        counts[text.strip()] += count
    return counts


def _obstacle_of_parsed(name: str, numbers: Array) -> str:
    present = numbers[~np.isnan(numbers)]
    storage.release(numbers)
    if not len(present) or present.min() == present.max():
        return "constant"
    return (
        "mostly empty" if len(present) < len(numbers) / 2 else _obstacle_of_numbers(name, present)
    )


def _obstacle_of_numbers(name: str, values: Array) -> str:
    """Return what keeps a column of numbers from being a target; they are none that is missing."""
    low, high = float(values.min()), float(values.max())
    if (values != np.floor(values)).any():
        return ""
    is_year = low >= YEARS[0] and high <= YEARS[1] and YEAR_NAME.fullmatch(name)
    if is_year or may_be_dates(name, values):
        return "a date"
    if _names_rows(name):
        return "an identifier"
    if len(values) < MIN_ROWS or len(np.unique(values)) < len(values):
        return ""
    steps = np.abs(np.diff(values))
    return "an identifier" if (steps == 1).all() or is_identifier_name(name) else ""


def _names_rows(name: str) -> bool:
    """Tell whether a column's name says whose row it is, and that it is a number or a code."""
    return is_group_name(name) and ID_NAME.fullmatch(name) is not None


def find_texts(table: Table, targets: Collection[str]) -> Mapping[str, str]:
    """Return the columns other than the targets that hold sentences, each with the reason."""
    texts = {}
    for column in table.columns:
        if column.name in targets or isinstance(column.texts, np.ndarray):
            continue
        head = list(islice((text for text in column.texts if text.strip()), MAX_TEXTS))
        words = float(np.mean([len(text.split()) for text in head])) if head else 0.0
        if words < MIN_WORDS:
            continue
        present = [text for text in column.texts if text.strip()]
        if len(set(present)) >= MIN_DISTINCT * len(present) and not holds_lists(present):
            texts[column.name] = f"{words:.0f} words on average"
    return texts


def find_groups(table: Table, targets: Collection[str]) -> tuple[str, str] | None:
    """Return the column whose equal values belong together, as of one patient, and why."""
    for column in table.columns:
        if column.name in targets or not is_group_name(column.name):
            continue
        texts = column.texts
        values = np.unique(texts) if isinstance(texts, np.ndarray) else set(texts)
        distinct = len(values)
        if not MIN_GROUPS <= distinct <= len(texts) / 2:
            continue
        numbers = np.array(
            [
                text if isinstance(text, float) else to_number(text, column.dialect.decimal)
                for text in values
            ]
        )
        if (np.floor(numbers) < numbers).any():
            continue  # a quantity, such as a user's score
        rows = len(texts) / distinct
        return column.name, f"{distinct} values, {rows:.1f} rows each: they stay in one set"
    return None


def find_parts(table: Table, targets: Collection[str]) -> tuple[str, str] | None:
    """Return the column that says which rows are for training and which for testing, and why."""
    for column in table.columns:
        if isinstance(column.texts, np.ndarray):
            continue
        words = {text.strip().lower() for text in set(column.texts)}
        parts = {PART_WORDS.get(word) for word in words}
        if column.name not in targets and None not in parts and {0, 2} <= parts:
            return column.name, f"its values are {', '.join(sorted(words))}"
    return None


def find_codes(table: Table, targets: Collection[str]) -> dict[str, str]:
    """Return columns of whole numbers that are codes by their names, each with the reason."""
    found = {}
    for column in table.columns:
        if column.name in targets or not CODE_NAME.fullmatch(column.name):
            continue
        values = column.texts
        if not isinstance(values, np.ndarray):
            decimal, missing = column.dialect.decimal, {"", *column.dialect.missing}
            numbers = {text: to_number(text, decimal) for text in set(values) - missing}
            values = np.array([numbers[text] for text in values if text in numbers])
        distinct = np.unique(values)
        if not np.isfinite(distinct).all() or (distinct % 1).any():
            continue
        if 2 < len(distinct) <= min(MAX_CODES, len(values) / MIN_ROWS_PER_CODE):
            found[column.name] = f"{len(distinct)} different codes, by its name: more is not larger"
    return found
