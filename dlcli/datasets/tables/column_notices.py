"""Notices of columns that are allowed but look like a mistake."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from dlcli.config.target_checks import SQUARE_OVERFLOWS
from dlcli.datasets import storage
from dlcli.datasets.dataset import Column, ColumnType
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables.amounts import ADVICE, quantities_of_several_units
from dlcli.datasets.tables.column_types import has_leading_zeros
from dlcli.datasets.tables.columns import MISSING_NUMBERS, RawColumn, spelling_variants
from dlcli.datasets.tables.dates import date_formats
from dlcli.datasets.tables.numbers import number_form, to_number
from dlcli.types import Array

# Beyond it, float64 and float32 lose digits that identifiers need.
MAX_EXACT = 1e15
MIN_ROWS_FOR_IDENTIFIERS = 20
IDENTIFIER = re.compile(
    r"(.*[\s_.-])?(id|idx|index|key|uuid|code|no|nr|num|number|row|record|serial|rownames|"
    r"unnamed: ?\d+)|.*(번호|아이디|코드|순번)|.*[a-z]I[Dd]",
    re.IGNORECASE,
)
MIN_GROUPS = 5
MAX_LISTED = 5
MAX_EXCERPT = 40
# Numbers that stand for a missing value, with either sign, and how often one has to occur.
SENTINELS = {99.0, 200.0, 999.0, 9999.0, 99999.0, 999999.0, 9999.9, 999.9, 99.9}
MIN_SENTINELS = 2
DATE = re.compile(
    r"([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.]([0-9]{4}|[0-9]{2}))"
    r"([T ].*)?\.?"
)
WITH_UNIT = re.compile(r"[-+−(]?[0-9][0-9.,]*(:[0-9]{2})*\s*[^0-9]{0,8}")
UNIT = re.compile(r":|[0-9.,]\s*[^0-9.,)\s]")
CODE = re.compile(r"0[0-9]+(?![0-9:.,])")
# Names of columns that tell whose row it is. With rows of one patient in training and test, the
# network can recognise the patient instead of the disease.
GROUP = re.compile(
    r"(.*[\s_.-])?(id|patient|subject|participant|person|user|customer|client|speaker)"
    r"([\s_.-]?(id|no|nr|number))?",
    re.IGNORECASE,
)


def column_notices(
    values: Mapping[str, Array], columns: Sequence[Column], lines: Sequence[int]
) -> list[str]:
    """Return notices of the features of a table.

    Parameters
    ----------
    values : mapping
        Per column an array of shape (n,): float64 with NaN, or objects with None, for missing
        values.
    columns : sequence of Column
    lines : sequence of int
        Line of each row.
    """
    names_by_notice: dict[str, list[str]] = {}
    group_notices = []
    for column in columns:
        array = values[column.name]
        if column.type in ("text", "date") or not len(array):
            continue
        is_text = array.dtype == object
        notice = _text_notice(array) if is_text else _number_notice(array, column.name)
        storage.release(array)
        if notice:
            names_by_notice.setdefault(notice, []).append(column.name)
        elif is_group_name(column.name) and _has_groups(array):
            group_notices.append(
                f"rows with the same {column.name!r} may be in both training and test; "
                f"`split: {{group: {column.name}}}` keeps them together"
            )
    return [
        *_missing_notices(values, lines),
        *(f"{_subject(names)} {notice}" for notice, names in names_by_notice.items()),
        *group_notices,
    ]


def _subject(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"column {names[0]!r}"
    rest = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return f"columns {', '.join(map(repr, names[:MAX_LISTED]))}{rest}: each"


def _missing_notices(values: Mapping[str, Array], lines: Sequence[int]) -> list[str]:
    """Count the missing values of each column, with the line of the first."""
    counts = []
    for name, column in values.items():
        missing = np.equal(column, None) if column.dtype == object else np.isnan(column)  # type: ignore[call-overload]
        if missing.any():
            first = lines[int(missing.argmax())]
            counts.append(f"{name!r} ({int(missing.sum())}, first on line {first})")
        storage.release(column)
    if not counts:
        return []
    rest = f" and {len(counts) - MAX_LISTED} more columns" if len(counts) > MAX_LISTED else ""
    listed = ", ".join(counts[:MAX_LISTED])
    return [f"values are missing in {listed}{rest}; `preprocess` fills them in"]


def _text_notice(column: Array) -> str:
    counts = Counter(column.tolist())
    present = [text for text in counts if text is not None]
    if len(counts) == 1:
        return "has the same value in every row"
    if present and all(DATE.fullmatch(text) for text in present):
        return "holds dates, each a category; `dates` in the loader reads them, or `drop` them"
    if len(present) > 2 and _have_units(present):
        form = number_form(present, Dialect(), units=True)
        advice = f"; {form.advice} to read numbers" if form else ""
        advice = "; `dates` in the loader reads times" if date_formats(present) else advice
        return (
            "holds numbers followed by other characters; as categories they lose their order"
            + advice
        )
    if quantities := quantities_of_several_units(present):
        return f"holds {quantities}; as categories they lose their order; {ADVICE}"
    if len(column) > MIN_ROWS_FOR_IDENTIFIERS and len(present) == len(column):
        return "looks like an identifier: no two rows are alike; consider `drop`"
    numbers = {text for text in present if not math.isnan(to_number(text))}
    rows = sum(counts[text] for text in present)
    number_rows = sum(counts[text] for text in numbers)
    if rows > number_rows >= rows / 2:
        word = next(text for text in present if text not in numbers)
        return (
            f"is categorical, although {number_rows} of its {rows} values are numbers; add "
            f"{word[:MAX_EXCERPT]!r} to the loader's `missing` if it means a missing value"
        )
    words = [text for text in present if text in MISSING_NUMBERS]
    if words:
        return (
            f"has the category {words[0]!r}, in {counts[words[0]]} rows; add it to the loader's "
            "`missing` if it means a missing value"
        )
    return ""


def _have_units(texts: Sequence[str]) -> bool:
    """Tell whether all texts are numbers, some with a unit or as a time; codes are neither."""
    if not all(WITH_UNIT.fullmatch(text) for text in texts):
        return False
    if any(CODE.match(text) for text in texts):  # such as 01234: more is not larger
        return False
    return any(UNIT.search(text) for text in texts)


def text_notices(column: RawColumn, kind: ColumnType) -> list[str]:
    """Return notices of a feature that only its texts show.

    Parameters
    ----------
    column : RawColumn
    kind : str
        The type that was detected.
    """
    texts = column.texts
    if isinstance(texts, np.ndarray) or kind not in ("numeric", "categorical"):
        return []
    if kind == "categorical":
        return variant_notices("column", "categories", column)
    if not has_leading_zeros(texts):
        return []
    advice = f"`types: {{{column.name}: categorical}}` keeps them"
    return [f"column {column.name!r} has whole numbers with leading zeros, which vanish; {advice}"]


def _number_notice(column: Array, name: str) -> str:
    present = column[~np.isnan(column)]
    if not len(present):
        return ""
    low, high = present.min(), present.max()
    if max(-low, high) > MAX_EXACT and np.median(np.abs(present)) <= MAX_EXACT:
        extreme = high if high >= -low else low
        if abs(extreme) > SQUARE_OVERFLOWS:  # reported with its line when a config is prepared
            return ""
        return f"has {extreme:g}, far from most of its values; is it a mistake?"
    if max(-low, high) > MAX_EXACT:
        return (
            f"has values beyond {MAX_EXACT:g}, whose last digits are lost; for identifiers use "
            "`drop`, or the type categorical"
        )
    if low == high:
        return "has the same value in every row"
    if len(column) > MIN_ROWS_FOR_IDENTIFIERS and len(present) == len(column):
        if high - low == len(column) - 1 and (np.diff(column) == 1).all():
            return "looks like a row number; consider `drop`"
        is_whole = bool((column == np.floor(column)).all())
        if is_whole and is_identifier_name(name) and len(np.unique(column)) == len(column):
            return "looks like an identifier: no two rows are alike; consider `drop`"
    if sentinel := missing_sentinel(present):
        return (
            f"has {sentinel:g} in {int((present == sentinel).sum())} rows, far from its other "
            "values; if it means a missing value, impute it, as in "
            f"`[{{impute: {{missing_values: {sentinel:g}}}}}, standardize]`"
        )
    return ""


def is_identifier_name(name: str) -> bool:
    """Tell whether a column's name is one that identifiers have, as ``id`` or ``order_no``."""
    return IDENTIFIER.fullmatch(name) is not None


def is_group_name(name: str) -> bool:
    """Tell whether a column's name says whose row it is, as in ``patient_id``."""
    return GROUP.fullmatch(name) is not None


def missing_sentinel(values: Array) -> float:
    """Return a number that stands for a missing value, as -999 does; 0 if there is none.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Without NaN.
    """
    for extreme in (float(values.min()), float(values.max())):
        others = values[values != extreme]
        repeated = len(values) - len(others) >= MIN_SENTINELS
        if not repeated or not len(others) or abs(extreme) not in SENTINELS:
            continue
        low, high = float(others.min()), float(others.max())
        is_far = extreme < min(low, 0) - (high - low) / 2 or extreme > high + 2 * (high - low)
        if is_far and (extreme > 0 or low >= 0 or extreme < 2 * low):
            return extreme
    return 0.0


def _has_groups(column: Array) -> bool:
    """Tell whether a column has several owners with two rows or more on average.

    Owners are texts or whole numbers; a score of users is neither.
    """
    if column.dtype != object and not (np.isnan(column) | (column == np.floor(column))).all():
        return False
    distinct = len(set(column.tolist()))
    return MIN_GROUPS <= distinct <= len(column) / 2


def variant_notices(subject: str, kind: str, column: RawColumn) -> list[str]:
    """Return a notice about categories or classes that differ only in case or in blanks."""
    pair = None if column.dialect.lowercase else spelling_variants(column.texts)
    if pair is None:
        return []
    advice = "`lowercase: true` in the loader reads them as one"
    return [f"{subject} {column.name!r}: {pair[0]!r} and {pair[1]!r} are two {kind}; {advice}"]
