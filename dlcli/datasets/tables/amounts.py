"""Quantities that no option of the loader reads as numbers, since their units differ."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import islice

from dlcli.datasets.tables.numbers import MAX_DISTINCT, NEARLY_ALL, unit_of

# Korean amounts may name several powers of 10,000: 18억 4,385 in a price list is 18 × 10,000 and
# 4,385 in units of 10,000 won, elsewhere 1,800,004,385. Only a person knows which.
NUMBER = r"[0-9][0-9.,]*\s*"
POWER = r"(?:[십백천]?만|[십백천]?억|조|천|백)"
AMOUNT = re.compile(rf"[-+−]?\s*(?:{NUMBER}{POWER}\s*)*(?:{NUMBER})?(?:(?>{POWER})\s*)*+원?")
POWERS = re.compile(rf"{NUMBER}({POWER})")
COMPOUND = re.compile(rf".*[0-9]\s*{POWER}\s*[0-9].*")
MAX_UNITS, MIN_PER_UNIT = 6, 2
MAX_LENGTH = 40  # of an amount; texts can have any length
ADVICE = "write each as one number in one unit to use them"


def quantities_of_several_units(texts: Collection[str]) -> str:
    """Say what texts are that are quantities but have different units.

    Parameters
    ----------
    texts : collection of str
        The distinct texts of a column, stripped, without those that mean a missing value.

    Returns
    -------
    str
        As in ``amounts of several parts, as in '18억 4,385'``; empty for other texts.
    """
    texts = list(islice((text for text in texts if re.search("[0-9]", text)), MAX_DISTINCT))
    amounts = list(filter(_is_amount, texts))
    compound = next((text for text in amounts if COMPOUND.fullmatch(text)), "")
    if texts and len(amounts) >= NEARLY_ALL * len(texts):
        powers: dict[str, str] = {}  # each with the first text that has it
        for text in amounts:
            for power in POWERS.findall(text):
                powers.setdefault(power, text)
        if compound:
            return f"amounts of several parts, as in {compound!r}"
        if len(powers) > 1:
            return f"amounts in different units, as in {_examples(powers)}"
    units: dict[str, list[str]] = {}
    for text in texts:
        if unit := unit_of(text):
            units.setdefault(unit, []).append(text)
    has_all = sum(map(len, units.values())) >= NEARLY_ALL * len(texts)
    repeated = all(len(found) >= MIN_PER_UNIT for found in units.values())
    first = {unit: found[0] for unit, found in units.items()}
    if has_all and repeated and 1 < len(units) <= MAX_UNITS:
        return f"numbers followed by different texts, as in {_examples(first)}"
    return ""


def _examples(texts: dict[str, str]) -> str:
    return " and ".join(map(repr, list(texts.values())[:2]))


def is_amount_of_parts(text: str) -> bool:
    """Tell whether a text is an amount of several parts, as 18억 4,385 is."""
    return _is_amount(text) and COMPOUND.fullmatch(text) is not None


def _is_amount(text: str) -> bool:
    return len(text) <= MAX_LENGTH and AMOUNT.fullmatch(text) is not None
