"""Types of columns, detected from all their texts."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from dlcli.datasets.dataset import MAX_CATEGORIES, ColumnType
from dlcli.datasets.tables.columns import RawColumn, parse_plain_numbers
from dlcli.datasets.tables.numbers import number_form, parse_number
from dlcli.errors import DatasetError

BOOLEAN_PAIRS = ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"})
# If more than this share of the values are numbers, the others are considered mistakes.
NEARLY_ALL = 0.9
MIN_ROWS_FOR_MISTAKES = 10
MAX_LISTED = 3
MAX_EXCERPT = 40
LEADING_ZERO = re.compile(r"0[0-9]+")


def detect_type(column: RawColumn) -> ColumnType:
    """Detect the type of a column from all its texts.

    Raises
    ------
    DatasetError
        If nearly all texts are numbers and a few are not, or if they look like numbers that
        the dialect does not have: such a column is not meant as categories.
    """
    texts, dialect = column.texts, column.dialect
    if isinstance(texts, np.ndarray):
        return "numeric"
    if parse_plain_numbers(texts, dialect) is not None:
        return "categorical" if holds_codes(texts) else "numeric"
    # Large columns repeat a few texts, and one pass over all rows takes long.
    missing, rest = set(dialect.missing), set(dialect.missing_numbers)
    distinct = {text for raw in set(texts) if (text := raw.strip()) not in missing}
    if not distinct:
        return "numeric"
    words = {text.lower() for text in distinct}
    if any(words <= pair for pair in BOOLEAN_PAIRS):
        return "boolean"
    others = {text for text in distinct if math.isnan(parse_number(text, dialect))}
    words_only = others - rest
    if not words_only and len(others) < len(distinct):
        if not has_leading_zeros(list(distinct)):
            return "numeric"
        present = [text for raw in texts if (text := raw.strip()) not in missing]
        return "categorical" if holds_codes(present) else "numeric"
    if words_only == distinct:
        first = next(index for index, raw in enumerate(texts) if raw.strip() in words_only)
        refuse_written_numbers(column, [first], "column")
    elif words_only:
        stripped = [raw.strip() for raw in texts]
        rows = [(index, text) for index, text in enumerate(stripped) if text in words_only]
        refuse_written_numbers(column, [index for index, _ in rows], "column")
        values = sum(text not in missing and text not in others for text in stripped)
        _refuse_mistakes(column, rows, values + len(rows))
    return "categorical"


def _refuse_mistakes(column: RawColumn, others: Sequence[tuple[int, str]], values: int) -> None:
    """Refuse a few texts among many numbers."""
    few = len(others) <= (1 - NEARLY_ALL) * values
    if not few or values < MIN_ROWS_FOR_MISTAKES:
        return
    index, _ = others[0]
    words = list(dict.fromkeys(text for _, text in others))
    listed = ", ".join(repr(word[:MAX_EXCERPT]) for word in words[:MAX_LISTED])
    lines = [str(column.lines[at]) for at, _ in others[1 : MAX_LISTED + 1]]
    more = f" (others on line {', '.join(lines)}{' …' if len(others) > 4 else ''})" if lines else ""
    raise DatasetError(
        f"{column.cell(index)} is not a number, but {values - len(others)} of "
        f"{values} values are{more}",
        hint=f"correct the cell, add {listed} to the loader's `missing`, "
        f"or set `types: {{{column.name}: categorical}}`",
    )


def refuse_written_numbers(column: RawColumn, others: Sequence[int], subject: str) -> None:
    """Refuse texts that are numbers with other options of the loader.

    Parameters
    ----------
    column : RawColumn
    others : sequence of int
        Rows whose texts are neither numbers nor missing.
    subject : str
        What the column is, for the message.
    """
    ignored = {*column.dialect.missing, *column.dialect.missing_numbers}
    # In the order of the rows.
    distinct = {
        text: None for raw in dict.fromkeys(column.texts) if (text := raw.strip()) not in ignored
    }
    form = number_form(distinct, column.dialect)
    if form is None:
        return
    option = "types" if subject == "column" else "task"
    keep = f"{{{column.name}: categorical}}" if subject == "column" else "classification"
    raise DatasetError(
        f"{column.cell(others[0], subject)} has {form.form}",
        hint=f"{form.advice}; `{option}: {keep}` keeps the texts as they are",
    )


def holds_codes(texts: Sequence[str]) -> bool:
    """Tell whether whole numbers are codes, as 02139 is: their leading zeros would vanish.

    They are if they repeat; otherwise, a category each, they would be of no use.
    """
    if not has_leading_zeros(texts):
        return False
    distinct = {text.strip() for text in texts}
    few = len(distinct) <= min(MAX_CATEGORIES, len(texts) / 2)
    return few and all(text.isdecimal() for text in distinct)


def has_leading_zeros(texts: Sequence[str]) -> bool:
    """Tell whether some texts are whole numbers with leading zeros."""
    joined = "\n".join(["", *texts])
    if "\n0" not in joined and "\n " not in joined:
        return False
    return any(LEADING_ZERO.fullmatch(text.strip()) for text in set(texts) if text[:1] in "0 ")
