"""Types of columns: detected from their texts, and texts converted to values."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.datasets.dataset import ColumnType, Dialect
from dlcli.errors import DatasetError
from dlcli.types import Array

if TYPE_CHECKING:
    import pandas as pd

BOOLEANS: dict[str, float] = {
    **dict.fromkeys(["true", "yes", "y", "t", "1", "1.0"], 1.0),
    **dict.fromkeys(["false", "no", "n", "f", "0", "0.0"], 0.0),
}
BOOLEAN_PAIRS = ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"})
# If more than this share of the values are numbers, the others are considered mistakes.
NEARLY_ALL = 0.9
MIN_ROWS_FOR_MISTAKES = 10
THOUSANDS = re.compile(r"[-+]?[0-9]{1,3}(\.[0-9]{3})+(,[0-9]+)?")
# Numbers as people write them: what float() rejects in them, their form, and what to do.
WRITTEN_NUMBERS = (
    (
        "commas between its digits",
        re.compile(r"[-+]?[1-9][0-9]{0,2}(,[0-9]{3})+"),
        'remove them if they separate thousands, or set `decimal: ","` in the loader',
    ),
    (
        "a decimal comma",
        re.compile(r"[-+]?[0-9]*,[0-9]+([eE][-+]?[0-9]+)?"),
        'set `decimal: ","` in the loader',
    ),
    (
        "thousands separators",
        re.compile(r"[-+]?[0-9]{1,3}([,.'’ \u00a0\u2009\u202f][0-9]{3})+([.,][0-9]+)?"),
        'remove them from the file, or set `decimal: ","` in the loader if they are points',
    ),
    (
        "a decimal point",
        re.compile(r"[-+]?[0-9]*\.[0-9]+([eE][-+]?[0-9]+)?"),
        "remove `decimal` from the loader",
    ),
    (
        "a percent sign",
        re.compile(r"[-+]?[0-9.,]+\s*[%％]"),
        "remove the signs from the file",
    ),
    (
        "a currency sign",
        re.compile(r"[-+]?[€$£¥₩]\s*[-+]?[0-9.,]+|[-+]?[0-9.,]+\s*[€$£¥₩원]"),
        "remove the signs from the file",
    ),
)


@dataclass(frozen=True)
class RawColumn:
    """A column of a text file before conversion.

    Parameters
    ----------
    name : str
    texts : sequence of str, or ndarray of float64
        Numbers, NaN where a value is missing, if they were parsed already.
    lines : sequence of int
        Line of each text, for messages.
    where : str
        The file, for messages.
    dialect : Dialect
        Its decimal separator and the texts that mean a missing value.
    """

    name: str
    texts: Sequence[str] | Array
    lines: Sequence[int]
    where: str
    dialect: Dialect

    def cell(self, index: int, subject: str = "column") -> str:
        """Return a text with its place, as the beginning of a message."""
        text = self.texts[index].strip()
        return f"{self.where}:{self.lines[index]}: {text!r} in {subject} {self.name!r}"

    def without_missing(self) -> RawColumn:
        """Return the column with every text being a value."""
        return replace(self, dialect=replace(self.dialect, missing=()))


def to_number(text: str, decimal: str = ".") -> float:
    """Parse a number; NaN if the text is not one.

    Unlike Python's ``float``, digit separators (``1_000``) are rejected.
    """
    if decimal == ",":
        if "." in text and not THOUSANDS.fullmatch(text.strip()):
            return math.nan
        text = text.replace(".", "").replace(",", ".")
    try:
        return math.nan if "_" in text else float(text)
    except ValueError:
        return math.nan


def is_plain_decimal(dialect: Dialect) -> bool:
    """Tell whether each text that ``float`` parses is that number, and not a missing value."""
    return dialect.decimal == "." and not any(map(math.isfinite, map(to_number, dialect.missing)))


def _parse_plain_numbers(texts: Sequence[str], dialect: Dialect) -> Array | None:
    """Return texts as float64 if all of them are finite numbers: the fast path."""
    if not is_plain_decimal(dialect) or "_" in "".join(texts):
        return None
    try:
        values = np.fromiter(map(float, texts), np.float64, len(texts))
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None


def to_numbers(column: RawColumn) -> Array:
    """Convert a numeric column.

    Returns
    -------
    ndarray of float64, shape (n,)
        NaN where a value is missing.

    Raises
    ------
    DatasetError
        With the line of the first text that is not a finite number.
    """
    if isinstance(column.texts, np.ndarray):
        return column.texts
    plain = _parse_plain_numbers(column.texts, column.dialect)
    if plain is not None:
        return plain
    missing, decimal = set(column.dialect.missing), column.dialect.decimal
    values = np.empty(len(column.texts))
    for index, text in enumerate(column.texts):
        text = text.strip()  # noqa: PLW2901
        if text in missing:
            values[index] = math.nan
            continue
        value = to_number(text, decimal)
        if not math.isfinite(value):
            problem = "is infinite" if math.isinf(value) else "is not a number"
            raise DatasetError(f"{column.cell(index)} {problem}", hint=_decimal_hint(text, decimal))
        values[index] = value
    return values


def _decimal_hint(text: str, decimal: str) -> str | None:
    """Explain a text that is a number with the other decimal separator."""
    other = "." if decimal == "," else ","
    is_number = other in text and math.isfinite(to_number(text.replace(other, "."), "."))
    return f"the decimal separator of this table is {decimal!r}" if is_number else None


def _to_booleans(column: RawColumn) -> Array:
    """Convert a boolean column to 0 and 1; NaN where a value is missing."""
    missing = set(column.dialect.missing)
    values = np.empty(len(column.texts))
    for index, text in enumerate(column.texts):
        value = BOOLEANS.get(text.strip().lower())
        if text.strip() in missing:
            values[index] = math.nan
        elif value is not None:
            values[index] = value
        else:
            raise DatasetError(f"{column.cell(index)} is neither true nor false")
    return values


def to_categories(column: RawColumn) -> Array:
    """Convert a categorical column to objects; None where a value is missing."""
    missing = set(column.dialect.missing)
    return objects([None if (text := raw.strip()) in missing else text for raw in column.texts])


def convert(column: RawColumn, type: ColumnType) -> Array:  # noqa: A002 (the word of the config)
    """Convert a column to its type.

    Returns
    -------
    ndarray, shape (n,)
        float64 with NaN (numeric, boolean), or objects with None (categorical) for missing values;
        for text, objects without missing values.

    Raises
    ------
    DatasetError
        With the line of the first text that is not of the type.
    """
    if type == "numeric" or isinstance(column.texts, np.ndarray):
        return to_numbers(column)
    if type == "boolean":
        return _to_booleans(column)
    if type == "categorical":
        return to_categories(column)
    if type == "text":
        return objects([text.strip() for text in column.texts])
    raise DatasetError(
        f"{column.where}: audio cannot be read from a text file",
        hint="pass WAV files, or a folder or archive of them",
    )


def detect_type(column: RawColumn) -> ColumnType:
    """Detect the type of a column from all its texts.

    Raises
    ------
    DatasetError
        If nearly all texts are numbers and a few are not, or if they look like numbers that
        ``float`` does not parse: such a column is not meant as categories.
    """
    texts, decimal = column.texts, column.dialect.decimal
    if isinstance(texts, np.ndarray) or _parse_plain_numbers(texts, column.dialect) is not None:
        return "numeric"
    missing = set(column.dialect.missing)
    present = [
        (index, text) for index, raw in enumerate(texts) if (text := raw.strip()) not in missing
    ]
    if not present:
        return "numeric"
    words = {text.lower() for _, text in present}
    if any(words <= pair for pair in BOOLEAN_PAIRS):
        return "boolean"
    others = [(index, text) for index, text in present if math.isnan(to_number(text, decimal))]
    if not others:
        return "numeric"
    index, text = others[0]
    few = len(others) <= (1 - NEARLY_ALL) * len(present)
    if few and len(present) >= MIN_ROWS_FOR_MISTAKES:
        raise DatasetError(
            f"{column.cell(index)} is not a number, but {len(present) - len(others)} of "
            f"{len(present)} values are",
            hint=f"correct the cell, add {text!r} to the loader's `missing`, "
            f"or set `types: {{{column.name}: categorical}}`",
        )
    if reason := written_number([text for _, text in others]):
        form, advice = reason
        raise DatasetError(
            f"{column.cell(index)} has {form}",
            hint=f"{advice}; `types: {{{column.name}: categorical}}` keeps the texts as they are",
        )
    return "categorical"


def written_number(texts: Sequence[str]) -> tuple[str, str] | None:
    """Return why nearly all texts are numbers that ``float`` rejects, and what to do; or None."""
    for form, pattern, advice in WRITTEN_NUMBERS:
        if sum(pattern.fullmatch(text) is not None for text in texts) > NEARLY_ALL * len(texts):
            return form, advice
    return None


def to_frame(values: dict[str, Array]) -> pd.DataFrame:
    """Return columns as a table; object columns stay objects, so that None stays None."""
    import pandas as pd

    return pd.DataFrame(
        {name: pd.Series(column, dtype=column.dtype) for name, column in values.items()}
    )


def objects(items: Sequence[Any]) -> Array:
    """Return a one-dimensional array of objects, which may be arrays of one length themselves."""
    array = np.empty(len(items), object)
    for index, item in enumerate(items):
        array[index] = item
    return array
