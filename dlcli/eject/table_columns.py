"""How pandas reads the columns of a table as dlcli does: types, missing values, conversions."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dlcli.datasets.dataset import PART_WORDS
from dlcli.datasets.tables import (
    BOOLEANS,
    MIDNIGHT,
    SHORTER,
    RawColumn,
    convert,
    to_category,
    to_number,
)
from dlcli.eject.context import Ejection, inexpressible
from dlcli.eject.python_text import expression
from dlcli.types import Array

Kind = Literal["numeric", "categorical", "boolean", "date", "text", "label", "part", "group"]
# Texts that pandas takes for missing values unless it is told otherwise.
PANDAS_MISSING = frozenset(
    ("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
     "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
)  # fmt: skip

SECONDS = '''\
def to_seconds(dates):
    """Return dates as seconds since 1970, which are numbers."""
    return (dates - pd.Timestamp("1970-01-01")) / pd.Timedelta("1s")
'''
NUMBERS = '''\
def to_numbers(texts):
    """Read numbers as this table writes them."""
    texts = texts.str.strip(){chain}
    return pd.to_numeric(texts)
'''


@dataclass(frozen=True)
class UsedColumn:
    """A column that the script uses.

    Parameters
    ----------
    raw : RawColumn
        With its texts.
    kind : str
    format : str
        Of dates.
    is_dropped : bool
        Whether rows without a value are left out.
    as_text : bool
        Whether pandas shall read a column of numbers as texts, which are converted afterwards.
    dtype : str
        Kind of the type that pandas gives it: ``"O"`` for texts, ``"M"`` for dates, …
    """

    raw: RawColumn
    kind: Kind
    format: str = ""
    is_dropped: bool = False
    as_text: bool = False
    dtype: str = "O"

    @property
    def name(self) -> str:
        """Its name in the table."""
        return self.raw.name

    @property
    def texts(self) -> set[str]:
        """Its different texts, without blanks around them."""
        return {text.strip() for text in set(self.raw.texts)}

    @property
    def missing(self) -> set[str]:
        """The texts for missing values that it has."""
        dialect = self.raw.dialect
        words: set[str] = set()
        if self.kind in ("numeric", "date"):
            words = {*dialect.missing, *dialect.missing_numbers}
        elif self.kind in ("categorical", "boolean") or self.is_dropped:
            words = set(dialect.missing)
        return words & self.texts

    @property
    def values(self) -> set[str]:
        """Its different texts that are values."""
        return self.texts - self.missing

    @property
    def is_read_as_text(self) -> bool:
        """Whether pandas must be told that it holds texts."""
        if self.as_text:
            return True
        if self.kind == "numeric" or (self.kind == "date" and self.format == "excel"):
            return False
        if self.kind == "boolean" and self.has_digits:
            return False
        if self.kind == "label" and are_integers(sorted(self.values)):
            return False
        return any(_is_number(text) or text.lower() in ("true", "false") for text in self.values)

    @property
    def has_digits(self) -> bool:
        """Whether a boolean column is written with 0 and 1."""
        return self.values <= {"0", "1", "0.0", "1.0"}

    def numbers(self) -> Array:
        """Return the values as dlcli reads them."""
        return convert(self.raw, "numeric")


def are_integers(texts: Sequence[str]) -> bool:
    """Tell whether all texts are whole numbers as Python writes them."""
    return all(
        text.isascii() and text.removeprefix("-").isdigit() and str(int(text)) == text
        for text in texts
    )


def _is_number(text: str) -> bool:
    return not math.isnan(to_number(text))


def missing_options(columns: Sequence[UsedColumn]) -> dict[str, Any]:
    """Return the options of pandas with which the same texts are missing values."""
    by_default = {column.name: column.texts & PANDAS_MISSING for column in columns}
    wanted = {column.name: column.missing for column in columns}
    if by_default == wanted:
        return {}
    words = {name: sorted(missing) for name, missing in wanted.items() if missing}
    lists = list(words.values())
    if lists and all(item == lists[0] for item in lists):
        others = [column for column in columns if column.name not in words]
        if not any(column.texts & set(lists[0]) for column in others):
            if all(by_default[column.name] <= set(lists[0]) for column in columns):
                return {"na_values": lists[0]}
            return {"na_values": lists[0], "keep_default_na": False}
    if not words:
        return {"keep_default_na": False}
    return {"na_values": words, "keep_default_na": False}


def column_lines(ejection: Ejection, columns: Sequence[UsedColumn]) -> list[str]:
    """Return the statements that convert what pandas does not read by itself."""
    lines: list[str] = []
    for column in columns:
        at = f"table[{expression(column.name)}]"
        conversion = _conversion(ejection, column, at)
        if conversion:
            lines.append(f"{at} = {conversion}")
    return lines


def _conversion(ejection: Ejection, column: UsedColumn, at: str) -> str:
    """Return the expression of the values of a column; empty if pandas has read them."""
    if column.kind == "date":
        return _to_dates(ejection, column, at)
    if column.kind == "boolean":
        return _to_booleans(column, at)
    if column.kind == "numeric":
        if not column.as_text:
            return ""
        ejection.script.helper("to_numbers", NUMBERS.format(chain=_number_chain(column.raw)))
        return f"to_numbers({at})"
    if column.kind == "part":
        return f"{at}.str.strip().str.lower()"
    is_number = not column.is_read_as_text and are_integers(sorted(column.values))
    if column.kind == "label" and is_number:
        return ""
    cleaned = _cleaned(column, at)
    return "" if cleaned == at else cleaned


def _to_booleans(column: UsedColumn, at: str) -> str:
    if column.has_digits or column.dtype in "biuf":
        return f"{at}.astype(float)" if column.dtype == "b" else ""
    codes = {word: int(BOOLEANS[word]) for word in sorted({text.lower() for text in column.values})}
    return f"{at}.str.strip().str.lower().map({expression(codes)})"


def _cleaned(column: UsedColumn, at: str) -> str:
    """Return the expression of texts without what dlcli removes."""
    cleaned = at
    if column.kind == "text" and "" in column.texts:
        cleaned += '.fillna("")'
    if any(cell != cell.strip() for cell in set(column.raw.texts)):
        cleaned += ".str.strip()"
    if column.kind == "text":
        return cleaned
    if any(to_category(cell) != cell for cell in column.values):
        cleaned += '.str.normalize("NFC")'
    if column.raw.dialect.lowercase:
        cleaned += '.str.casefold().str.split().str.join(" ")'
    return cleaned


def _to_dates(ejection: Ejection, column: UsedColumn, at: str) -> str:
    ejection.script.helper("to_seconds", SECONDS)
    if column.dtype == "M":
        return f"to_seconds({at})"
    if column.format == "excel":
        return f'to_seconds(pd.to_datetime({at}, unit="D", origin="1899-12-30"))'
    text = f"{at}.str.strip()" if any(c != c.strip() for c in set(column.raw.texts)) else at
    # Some leave out the time, or fractions of a second.
    is_mixed = column.format in SHORTER and any(
        ":" not in cell or ("%f" in column.format and "." not in cell) for cell in column.values
    )
    form = expression("ISO8601" if is_mixed else column.format)
    if "%H" in column.format and any(map(MIDNIGHT.search, set(column.raw.texts))):
        reason = "pandas does not read its 24:00; write 00:00 of the next day"
        raise inexpressible(f"the column {column.name!r}", reason)
    if "%z" in column.format:
        return f"to_seconds(pd.to_datetime({text}, format={form}, utc=True).dt.tz_localize(None))"
    return f"to_seconds(pd.to_datetime({text}, format={form}))"


def _number_chain(raw: RawColumn) -> str:
    """Return the calls that make texts numbers for pandas."""
    dialect, chain = raw.dialect, ""
    affixes = [affix for affix in dialect.affixes if affix != "()"]
    if "()" in dialect.affixes:
        chain += r'.str.replace(r"^\((.*)\)$", r"-\1", regex=True)'
    if affixes:
        pattern = "|".join(re.escape(affix) for affix in sorted(affixes, key=len, reverse=True))
        chain += f".str.replace({expression(pattern)}, {expression('')}, regex=True).str.strip()"
    if dialect.thousands:
        mark = "\\s" if dialect.thousands == " " else re.escape(dialect.thousands)
        chain += f".str.replace({expression(mark)}, {expression('')}, regex=True)"
    if dialect.decimal == ",":
        chain += '.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)'
    if any("−" in text for text in raw.texts):
        chain += '.str.replace("−", "-", regex=False)'
    return chain


def part_lines(column: UsedColumn) -> list[str]:
    """Return the statements that find the rows of the sets that a column names."""
    at = f"table[{expression(column.name)}]"
    words = sorted({text.lower() for text in column.values})
    test, validation = ([w for w in words if PART_WORDS[w] == part] for part in (2, 1))
    lines = [f"is_test = {at}.isin({expression(test)}).to_numpy()"]
    if validation:
        lines.append(f"is_validation = {at}.isin({expression(validation)}).to_numpy()")
    return lines
