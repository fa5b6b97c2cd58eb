"""Parse many numbers with separators, signs and units at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables.numbers import SEPARATORS, longest_first, parse_number
from dlcli.types import Array


def parse_numbers(texts: Sequence[str], dialect: Dialect) -> Array:
    """Parse numbers as `parse_number` does, many times faster.

    Returns
    -------
    ndarray of float64, shape (n,)
        NaN where a text is not a number.
    """
    is_usual = _usual_number(dialect.decimal, dialect.thousands, dialect.affixes).fullmatch
    others = [row for row, text in enumerate(texts) if not is_usual(text)]
    usual = list(texts)
    for row in others:
        usual[row] = "0"
    joined = "\n".join(usual)
    for affix in longest_first(dialect.affixes):
        joined = joined.replace(affix, "")
    for mark in SEPARATORS.get(dialect.thousands, ""):
        joined = joined.replace(mark, "")
    if dialect.decimal == ",":
        joined = joined.replace(",", ".")
    values = np.fromiter(map(float, joined.split("\n")), np.float64, len(texts))
    number_of = {text: parse_number(text, dialect) for text in {texts[row] for row in others}}
    for row in others:
        values[row] = number_of[texts[row]]
    return values


@lru_cache(maxsize=64)
def _usual_number(decimal: str, thousands: str, affixes: tuple[str, ...]) -> re.Pattern[str]:
    """Return the pattern of most numbers; what it leaves out may be a number as well.

    The number remains if affixes and separators are removed wherever they are.
    """
    # An affix of digits, signs or separators could be a part of the number.
    removable = [affix for affix in longest_first(affixes) if re.search(r"[^-+0-9.,'’\s]", affix)]
    if len(removable) < len(longest_first(affixes)) or "\n" in "".join(affixes):
        return re.compile("(?!)")
    affix = f"(?:{'|'.join(map(re.escape, removable))})?" if removable else ""
    digits = "[0-9]+"
    if thousands:
        mark = f"[{re.escape(SEPARATORS[thousands])}]"
        middle = "[0-9]{2,3}" if thousands == "," else "[0-9]{3}"
        digits = rf"(?:[0-9]+|[1-9][0-9]{{0,2}}(?:{mark}{middle})*{mark}[0-9]{{3}})"
    return re.compile(rf"[-+]?{affix}{digits}(?:{re.escape(decimal)}[0-9]*)?{affix}")
