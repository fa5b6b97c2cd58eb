"""Columns of texts, and their conversion to values."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.datasets.dataset import ColumnType
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables.bulk_numbers import parse_numbers, parse_usual_numbers
from dlcli.datasets.tables.dates import to_dates
from dlcli.datasets.tables.numbers import parse_number, to_number
from dlcli.errors import DatasetError
from dlcli.types import Array

if TYPE_CHECKING:
    import pandas as pd

BOOLEANS: dict[str, float] = {
    **dict.fromkeys(["true", "yes", "y", "t", "1", "1.0"], 1.0),
    **dict.fromkeys(["false", "no", "n", "f", "0", "0.0"], 0.0),
}
MAX_CELL = 200  # characters of a cell in a message
# The value of a boolean column for a text that is neither true nor false.
NEITHER = 0.5
# Texts that mean a missing value in every column.
MISSING = (
    "", "NA", "N/A", "NaN", "nan", "null", "?", "n/a", "NULL", "Null", "<NA>", "#N/A", "#NA",
    "#NULL!", "#VALUE!", "#DIV/0!", "#REF!", "#NUM!", "#NAME?", "NaT", "\\N", "(blank)", "(null)",
)  # fmt: skip
# Texts that mean a missing value among numbers; among other texts they may be a category.
MISSING_NUMBERS = (
    "None", "none", "NONE", "nil", "Nil", "NIL", "na", "Na", "N.A.", "n.a.", "-", "--", "---",
    "–", "—", ".", "..", "...",
)  # fmt: skip


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
        How numbers are written, and the texts that mean a missing value.
    format : str
        Of dates; see `parse_date`.
    """

    name: str
    texts: Sequence[str] | Array
    lines: Sequence[int]
    where: str
    dialect: Dialect
    format: str = ""

    def cell(self, index: int, subject: str = "column") -> str:
        """Return a text with its place, as the beginning of a message."""
        text = self.texts[index].strip()
        if len(text) > MAX_CELL:
            text = f"{text[:MAX_CELL]}…"
        return f"{self.where}:{self.lines[index]}: {text!r} in {subject} {self.name!r}"

    @property
    def is_constant(self) -> bool:
        """Whether all rows have the same text or number."""
        if isinstance(self.texts, np.ndarray):
            return bool((self.texts == self.texts[0]).all() or np.isnan(self.texts).all())
        return len(set(self.texts)) < 2

    def without_missing(self) -> RawColumn:
        """Return the column with every text being a value."""
        return replace(self, dialect=replace(self.dialect, missing=(), missing_numbers=()))

    def take(self, rows: Array, lines: Sequence[int]) -> RawColumn:
        """Return some of the rows, with their lines."""
        texts = self.texts
        if isinstance(texts, np.ndarray):
            return replace(self, texts=texts[rows], lines=lines)
        return replace(self, texts=[texts[row] for row in rows.tolist()], lines=lines)


def is_plain_decimal(dialect: Dialect) -> bool:
    """Tell whether each text that ``float`` parses is that number, and not a missing value."""
    is_plain = dialect.decimal == "." and not dialect.thousands and not dialect.affixes
    return is_plain and not _misses_numbers(dialect)


@lru_cache(maxsize=64)
def _misses_numbers(dialect: Dialect) -> bool:
    """Tell whether a number means a missing value."""
    words = (*dialect.missing, *dialect.missing_numbers)
    return any(
        math.isfinite(value)
        for word in words
        for value in (to_number(word), parse_number(word, dialect))
    )


@lru_cache(maxsize=64)
def _missing_values(dialect: Dialect) -> tuple[float, ...]:
    """Return the numbers that mean a missing value, however they are written.

    A word that no program writes for its number, as ``00``, means its own text alone.
    """
    words = (*dialect.missing, *dialect.missing_numbers)
    values = ((word, to_number(word, dialect.decimal)) for word in words)
    return tuple(
        value
        for word, value in values
        if math.isfinite(value)
        and word.replace(dialect.decimal, ".") in (f"{value:.0f}", str(value))
    )


def without_missing_values(values: Array, dialect: Dialect) -> Array:
    """Return numbers with NaN for those that mean a missing value."""
    missing = _missing_values(dialect)
    return np.where(np.isin(values, missing), math.nan, values) if missing else values


def parse_plain_numbers(texts: Sequence[str], dialect: Dialect) -> Array | None:
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
    dialect = column.dialect
    plain = parse_plain_numbers(column.texts, dialect)
    if plain is not None:
        return plain
    usual = None if _misses_numbers(dialect) else parse_usual_numbers(column.texts, dialect)
    if usual is not None and np.isfinite(usual).all():
        return usual
    missing = {*dialect.missing, *dialect.missing_numbers}
    stripped = [text.strip() for text in column.texts]
    missing_texts = missing.intersection(stripped)
    if missing_texts:
        is_present = np.array([text not in missing_texts for text in stripped])
        values = np.full(len(stripped), math.nan)
        present = [text for text in stripped if text not in missing_texts]
        values[is_present] = parse_numbers(present, dialect)
    else:
        values = parse_numbers(stripped, dialect)
    for index in np.flatnonzero(~np.isfinite(values)).tolist():
        text = stripped[index]
        if text not in missing:
            is_infinite = math.isinf(values[index])
            problem = "is infinite" if is_infinite else "is not a number"
            hint = None if is_infinite else _decimal_hint(text, dialect.decimal)
            raise DatasetError(f"{column.cell(index)} {problem}", hint=hint)
    return without_missing_values(values, dialect)


def _decimal_hint(text: str, decimal: str) -> str | None:
    """Explain a text that is a number with the other decimal separator."""
    other = "." if decimal == "," else ","
    is_number = other in text and math.isfinite(to_number(text.replace(other, "."), "."))
    return f"the decimal separator of this table is {decimal!r}" if is_number else None


def _to_booleans(column: RawColumn, *, lenient: bool) -> Array:
    """Convert a boolean column to 0 and 1; NaN where a value is missing."""
    missing = set(column.dialect.missing)
    values = np.empty(len(column.texts))
    for index, text in enumerate(column.texts):
        value = BOOLEANS.get(text.strip().lower())
        if text.strip() in missing:
            values[index] = math.nan
        elif value is not None:
            values[index] = value
        elif lenient:
            values[index] = NEITHER
        else:
            raise DatasetError(f"{column.cell(index)} is neither true nor false")
    return values


def _to_dates(column: RawColumn, *, lenient: bool) -> Array:
    """Convert dates to seconds since 1970; NaN where a value is missing."""
    words = (*column.dialect.missing, *column.dialect.missing_numbers)
    values, row = to_dates(list(column.texts), words, column.format, lenient=lenient)
    if row is not None:
        raise DatasetError(f"{column.cell(row)} is no date of the form {column.format}")
    return values


def to_category(text: str, *, lowercase: bool = False) -> str:
    """Return a category or a label without blanks around it, in Unicode's form NFC.

    Parameters
    ----------
    text : str
    lowercase : bool
        Whether to put it in lower case, with single blanks.
    """
    text = text.strip()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.casefold().split()) if lowercase else text


def to_categories(column: RawColumn) -> Array:
    """Convert a categorical column to objects; None where a value is missing."""
    missing, lowercase = set(column.dialect.missing), column.dialect.lowercase
    category_of: dict[str, str | None] = {}
    for raw in set(column.texts):
        text = raw.strip()
        category_of[raw] = None if text in missing else to_category(text, lowercase=lowercase)
    return np.array([category_of[raw] for raw in column.texts], object)


def convert(column: RawColumn, type: ColumnType, *, lenient: bool = False) -> Array:  # noqa: A002 (the word of the config)
    """Convert a column to its type.

    Parameters
    ----------
    column : RawColumn
    type : str
    lenient : bool
        Whether texts of a boolean column that are neither true nor false become 0.5, and dates of
        ISO 8601 are read beside those of the column's format, as in prediction.

    Returns
    -------
    ndarray, shape (n,)
        float64 with NaN (numeric, boolean, date), or objects with None (categorical) for missing
        values; for text, objects without missing values.

    Raises
    ------
    DatasetError
        With the line of the first text that is not of the type.
    """
    if type == "numeric" or isinstance(column.texts, np.ndarray):
        return to_numbers(column)
    if type == "boolean":
        return _to_booleans(column, lenient=lenient)
    if type == "categorical":
        return to_categories(column)
    if type == "date":
        return _to_dates(column, lenient=lenient)
    if type == "text":
        return np.array([text.strip() for text in column.texts], object)
    raise DatasetError(
        f"{column.where}: audio cannot be read from a text file",
        hint="pass WAV files, or a folder or archive of them",
    )


def to_frame(values: dict[str, Array]) -> pd.DataFrame:
    """Return columns as a table; object columns stay objects, so that None stays None."""
    import pandas as pd

    return pd.DataFrame(
        {
            name: pd.Series(column, dtype=column.dtype, copy=False)
            for name, column in values.items()
        },
        copy=False,  # a table may fill most of the memory
    )


def objects(items: Sequence[Any]) -> Array:
    """Return a one-dimensional array of objects, which may be arrays of one length themselves."""
    array = np.empty(len(items), object)
    for index, item in enumerate(items):
        array[index] = item
    return array


def spelling_variants(texts: Sequence[str] | Array) -> tuple[str, str] | None:
    """Return two texts that differ only in case or in blanks, or None."""
    first: dict[str, str] = {}
    for text in sorted(set(map(to_category, set(texts)))):
        other = first.setdefault(to_category(text, lowercase=True), text)
        if other != text:
            return other, text
    return None
