"""Types of columns, told from their text once and kept."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.datasets.dataset import ColumnType, Dialect
from dlcli.errors import DatasetError
from dlcli.types import Array

if TYPE_CHECKING:
    import pandas as pd

BOOLEANS: dict[str, float] = {
    **dict.fromkeys(["true", "yes", "y", "t"], 1.0),
    **dict.fromkeys(["false", "no", "n", "f"], 0.0),
}
BOOLEAN_PAIRS = ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"})
MOSTLY = 0.9
THOUSANDS = re.compile(r"[-+]?[0-9]{1,3}(\.[0-9]{3})+(,[0-9]+)?")
# Numbers as people write them for people: what it is, how it looks, and what to do about it.
WRITTEN = (
    (
        "commas between its digits",
        re.compile(r"[-+]?[1-9][0-9]{0,2}(,[0-9]{3})+"),
        'remove them if they mark thousands, or set `decimal: ","` in the loader',
    ),
    (
        "a decimal comma",
        re.compile(r"[-+]?[0-9]*,[0-9]+([eE][-+]?[0-9]+)?"),
        'set `decimal: ","` in the loader',
    ),
    (
        "marks between its thousands",
        re.compile(r"[-+]?[0-9]{1,3}([,.'’ \u00a0\u2009\u202f][0-9]{3})+([.,][0-9]+)?"),
        'remove the marks from the file, or set `decimal: ","` in the loader if they are points',
    ),
    (
        "a decimal point",
        re.compile(r"[-+]?[0-9]*\.[0-9]+([eE][-+]?[0-9]+)?"),
        "leave `decimal` out of the loader",
    ),
    (
        "a percent sign",
        re.compile(r"[-+]?[0-9.,]+\s*[%％]"),
        "remove the signs from the file",
    ),
    (
        "a currency",
        re.compile(r"[-+]?[€$£¥₩]\s*[-+]?[0-9.,]+|[-+]?[0-9.,]+\s*[€$£¥₩원]"),
        "remove the signs from the file",
    ),
)


def to_number(text: str, decimal: str = ".") -> float:
    """Read a number as people write it; NaN if the text is none.

    Underscores, which Python allows, are not numbers' business in a data file.
    """
    if decimal == ",":
        if "." in text and not THOUSANDS.fullmatch(text.strip()):
            return math.nan
        text = text.replace(".", "").replace(",", ".")
    try:
        return math.nan if "_" in text else float(text)
    except ValueError:
        return math.nan


def numbers_are_plain(dialect: Dialect) -> bool:
    """Tell whether a text that reads as a number is that number: no other sign, not missing."""
    return dialect.decimal == "." and not any(map(math.isfinite, map(to_number, dialect.missing)))


def plain_numbers(texts: Sequence[str], dialect: Dialect) -> Array | None:
    """Return the texts as float64 if all of them are finite numbers, and quickly."""
    if not numbers_are_plain(dialect) or "_" in "".join(texts):
        return None
    try:
        values = np.fromiter(map(float, texts), np.float64, len(texts))
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None


def numbers(
    texts: Sequence[str], dialect: Dialect, *, name: str, lines: Sequence[int], where: str
) -> Array:
    """Turn the texts of a numeric column into float64; missing ones into NaN.

    Parameters
    ----------
    texts : sequence of str
    dialect : Dialect
        Its decimal sign and what means no value.
    name : str
        The column, for messages.
    lines : sequence of int
        The line of every text.
    where : str
        The file, for messages.

    Raises
    ------
    DatasetError
        With the line of the first text that is no finite number.
    """
    plain = plain_numbers(texts, dialect)
    if plain is not None:
        return plain
    missing = set(dialect.missing)
    values = np.empty(len(texts))
    for index, text in enumerate(texts):
        text = text.strip()  # noqa: PLW2901
        if text in missing:
            values[index] = math.nan
            continue
        value = to_number(text, dialect.decimal)
        if not math.isfinite(value):
            what = "is infinite" if math.isinf(value) else "is not a number"
            message = f"{where}:{lines[index]}: {text!r} in column {name!r} {what}"
            raise DatasetError(message, hint=_other_sign(text, dialect.decimal))
        values[index] = value
    return values


def _other_sign(text: str, decimal: str) -> str | None:
    """Explain a text that is a number with the other decimal sign."""
    other = "." if decimal == "," else ","
    number = other in text and math.isfinite(to_number(text.replace(other, "."), "."))
    return f"the decimal sign of this table is {decimal!r}" if number else None


def booleans(
    texts: Sequence[str], dialect: Dialect, *, name: str, lines: Sequence[int], where: str
) -> Array:
    """Turn the texts of a boolean column into 0 and 1; missing ones into NaN."""
    missing = set(dialect.missing)
    values = np.empty(len(texts))
    for index, text in enumerate(texts):
        word = text.strip().lower()
        if text.strip() in missing:
            values[index] = math.nan
        elif word in BOOLEANS:
            values[index] = BOOLEANS[word]
        elif word in ("0", "1", "0.0", "1.0"):
            values[index] = float(word)
        else:
            raise DatasetError(
                f"{where}:{lines[index]}: {text!r} in column {name!r} is neither true nor false"
            )
    return values


def categories(texts: Sequence[str], dialect: Dialect) -> Array:
    """Turn the texts of a categorical column into objects; missing ones into None."""
    missing = set(dialect.missing)
    values = np.empty(len(texts), object)
    values[:] = [None if (word := text.strip()) in missing else word for text in texts]
    return values


def convert(
    type: ColumnType,  # noqa: A002 (the word of the config)
    texts: Sequence[str] | Array,
    dialect: Dialect,
    *,
    name: str,
    lines: Sequence[int],
    where: str,
) -> Array:
    """Turn texts into values of a known type; see `numbers`, `booleans` and `categories`.

    Numbers that are parsed already stay as they are.
    """
    if isinstance(texts, np.ndarray):
        return texts
    if type == "categorical":
        return categories(texts, dialect)
    if type == "text":
        return np.array([text.strip() for text in texts], object)
    if type == "audio":
        raise DatasetError(f"{where}: a recording is no text", hint="name WAV files, or a folder")
    turn = numbers if type == "numeric" else booleans
    return turn(texts, dialect, name=name, lines=lines, where=where)


def detect_type(
    texts: Sequence[str] | Array,
    dialect: Dialect,
    *,
    name: str,
    lines: Sequence[int],
    where: str,
) -> ColumnType:
    """Tell the type of a column from all its texts, if it is not parsed as numbers already.

    Raises
    ------
    DatasetError
        If nearly all texts are numbers and a few are not, or they look like numbers with
        another decimal sign: whatever was meant, it is not a category.
    """
    if isinstance(texts, np.ndarray) or plain_numbers(texts, dialect) is not None:
        return "numeric"
    missing = set(dialect.missing)
    present = [(line, text.strip()) for line, text in zip(lines, texts, strict=True)]
    present = [(line, text) for line, text in present if text not in missing]
    if not present:
        return "numeric"
    words = {text.lower() for _, text in present}
    if any(words <= pair for pair in BOOLEAN_PAIRS):
        return "boolean"
    bad = [(line, text) for line, text in present if math.isnan(to_number(text, dialect.decimal))]
    if not bad:
        return "numeric"
    if len(bad) <= (1 - MOSTLY) * len(present) and len(present) >= 10:
        line, text = bad[0]
        raise DatasetError(
            f"{where}:{line}: {text!r} in column {name!r} is not a number, "
            f"as {len(present) - len(bad)} of {len(present)} values are",
            hint=f"mend the cell, add {text!r} to the loader's `missing`, "
            f"or set `types: {{{name}: categorical}}`",
        )
    if found := written_for_people([text for _, text in bad]):
        what, advice = found
        raise DatasetError(
            f"{where}:{bad[0][0]}: {bad[0][1]!r} in column {name!r} has {what}",
            hint=f"{advice}; `types: {{{name}: categorical}}` takes the texts as they are",
        )
    return "categorical"


def written_for_people(texts: Sequence[str]) -> tuple[str, str] | None:
    """Tell how nearly all texts are written if they are numbers for people, and what to do."""
    for what, pattern, advice in WRITTEN:
        if sum(pattern.fullmatch(text) is not None for text in texts) > MOSTLY * len(texts):
            return what, advice
    return None


def table(values: dict[str, Array]) -> pd.DataFrame:
    """Put columns together; object columns stay objects, so that None stays None."""
    import pandas as pd

    return pd.DataFrame(
        {name: pd.Series(column, dtype=column.dtype) for name, column in values.items()}
    )


def objects(items: Sequence[Any]) -> Array:
    """Return an array of objects, also where the items are arrays of one length."""
    array = np.empty(len(items), object)
    for index, item in enumerate(items):
        array[index] = item
    return array
