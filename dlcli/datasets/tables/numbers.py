"""Numbers as people write them: parsed, and the loader's options with which texts are numbers."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any

from dlcli.datasets.dialect import Dialect

# Characters that `float` does not know.
SIGNS = str.maketrans({"−": "-", "－": "-", "＋": "+", "．": ".", "，": ","})
# Characters that each value of the option `thousands` stands for.
SEPARATORS = {",": ",", ".": ".", " ": " \u00a0\u2009\u202f", "'": "'’"}
BRACKETS = "()"
COMMA_GROUPS = re.compile(r"[-+]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?")
POINT_GROUPS = re.compile(r"[-+]?[1-9][0-9]{0,2}(\.[0-9]{3})+(,[0-9]+)?")
CURRENCIES = (
    r"[A-Z]{0,3}[€$£¥₩₹₽₺฿₫₪₱￦￥]|"
    r"(?:USD|EUR|GBP|JPY|KRW|CNY|CHF|INR|AUD|CAD|BRL|SEK|NOK|DKK|PLN|CZK|HUF|TRY|ZAR|Rs\.?|kr\.?)"
)
WRITTEN = re.compile(
    r"(?P<open>\()?(?P<sign>[-+−]?)"
    rf"(?P<prefix>{CURRENCIES}|[≈~])?\s?(?P<inner>\()?"
    r"(?P<number>[-+−]?[0-9][0-9.,'’ \u00a0\u2009\u202f]*(?<![ \u00a0\u2009\u202f])"
    r"(?:[eE][-+]?[0-9]+)?|[-+−]?[.,][0-9]+)"
    r"\s{0,2}(?P<suffix>[^\s0-9.,:;()/\-][^0-9.,:;()\-]{0,11})?(?P<close>\))?"
)
MAX_LENGTH = 60
MAX_DISTINCT = 5_000
# Share of the texts that the options must turn into numbers.
NEARLY_ALL = 0.9


def to_number(
    text: str, decimal: str = ".", thousands: str = "", affixes: tuple[str, ...] = ()
) -> float:
    """Parse a number; NaN if the text is not one.

    Unlike Python's ``float``, digit separators (``1_000``) are rejected.
    """
    if not text.isascii():
        text = text.translate(SIGNS)
    if affixes:
        text = _without_affixes(text.strip(), affixes)
    if thousands:
        text = _without_separators(text.strip(), decimal, thousands)
    if decimal == ",":
        if "." in text and not POINT_GROUPS.fullmatch(text.strip()):
            return math.nan
        text = text.replace(".", "").replace(",", ".")
    try:
        return math.nan if "_" in text else float(text)
    except ValueError:
        return math.nan


def parse_number(text: str, dialect: Dialect) -> float:
    """Parse a number as a dialect writes it; NaN if the text is not one."""
    return to_number(text, dialect.decimal, dialect.thousands, dialect.affixes)


def _without_affixes(text: str, affixes: tuple[str, ...]) -> str:
    """Remove the sign, one prefix and one suffix; put the sign in front of the rest."""
    sign = ""
    for _ in range(2):  # a bracket or a sign may stand before or behind a currency
        if BRACKETS in affixes and text[:1] == "(" and text[-1:] == ")" and not sign:
            sign, text = "-", text[1:-1].strip()
        if text[:1] in ("-", "+") and not sign:
            sign, text = text[0], text[1:].lstrip()
        for affix in longest_first(affixes):
            if text.startswith(affix):
                text = text[len(affix) :].lstrip()
                break
    for affix in longest_first(affixes):
        if text.endswith(affix):
            text = text[: -len(affix)].rstrip()
            break
    return sign + text


@lru_cache(maxsize=64)
def longest_first(affixes: tuple[str, ...]) -> tuple[str, ...]:
    """Return affixes in the order in which they are removed, without the brackets."""
    return tuple(sorted((affix for affix in affixes if affix != BRACKETS), key=len, reverse=True))


def _without_separators(text: str, decimal: str, thousands: str) -> str:
    """Remove separators between groups of three digits; other separators make it no number."""
    marks = SEPARATORS[thousands]
    if not any(mark in text for mark in marks):
        return text
    if not _grouped(decimal, thousands).fullmatch(text):
        return ""
    return text.translate(dict.fromkeys(map(ord, marks)))


@lru_cache(maxsize=16)
def _grouped(decimal: str, thousands: str) -> re.Pattern[str]:
    mark = f"[{re.escape(SEPARATORS[thousands])}]"
    middle = "[0-9]{2,3}" if thousands == "," else "[0-9]{3}"  # 1,00,000 is a lakh
    return re.compile(
        rf"[-+]?[1-9][0-9]{{0,2}}(?:{mark}{middle})*{mark}[0-9]{{3}}(?:{re.escape(decimal)}[0-9]*)?"
    )


@dataclass(frozen=True)
class NumberForm:
    """The form of texts that are numbers with some options of the loader.

    Parameters
    ----------
    form : str
        What the texts have, as in "a decimal comma".
    options : mapping
        The options that are to be set, with their values.
    """

    form: str
    options: Mapping[str, Any]

    @property
    def advice(self) -> str:
        """What to set, as part of a hint."""
        if self.options.get("decimal") == ".":
            return "remove `decimal` from the loader"
        from dlcli.config.yaml_text import dump_inline  # here, since few tables need it

        settings = " and ".join(
            f"`{name}: {dump_inline(value)}`" for name, value in self.options.items()
        )
        return f"set {settings} in the loader"

    def apply(self, dialect: Dialect) -> Dialect:
        """Return a dialect with the options."""
        affixes = (*dialect.affixes, *self.options.get("affixes", ()))
        options = {**self.options, "affixes": tuple(dict.fromkeys(affixes))}
        return replace(dialect, **options)


def number_form(
    texts: Iterable[str], dialect: Dialect, *, units: bool = False
) -> NumberForm | None:
    """Return the form of texts most of which are numbers, but not as the dialect writes them.

    A comma before exactly three digits is never taken for a decimal comma.

    Parameters
    ----------
    texts : iterable of str
        The distinct texts of a column, stripped, without those that mean a missing value.
    dialect : Dialect
    units : bool
        Whether texts behind the numbers may be units, besides signs of currencies and percent.
    """
    texts = list(islice(texts, MAX_DISTINCT))
    others = [text for text in texts if math.isnan(parse_number(text, dialect))]
    written = [match for text in others if (match := _match(text))]
    if not others or len(written) < NEARLY_ALL * len(others):
        return None
    affixes = _affixes(written, dialect, units=units)
    numbers = [match["number"].translate(SIGNS) for match in written]
    options = {} if affixes is None else _separators(numbers, dialect)
    if affixes:
        options["affixes"] = affixes
    if not options:
        return None
    form = NumberForm(form_name(options), options)
    changed = form.apply(dialect)
    if changed.thousands == changed.decimal:
        return None
    still = sum(math.isnan(parse_number(text, changed)) for text in texts)
    return form if still <= (1 - NEARLY_ALL) * len(others) else None


def _match(text: str) -> re.Match[str] | None:
    if len(text) > MAX_LENGTH:
        return None
    match = WRITTEN.fullmatch(text)
    if match and bool(match["open"] or match["inner"]) == bool(match["close"]):
        return match
    return None


def unit_of(text: str) -> str:
    """Return what stands behind the number in a text, as in ``kg``; empty if it is no number."""
    match = _match(text)
    return (match["suffix"] or "").strip() if match else ""


def _affixes(
    written: Sequence[re.Match[str]], dialect: Dialect, *, units: bool
) -> tuple[str, ...] | None:
    """Return the texts around the numbers; None if they do not mean the same in every row."""
    found: list[str] = []
    for part in ("prefix", "suffix"):
        counts = Counter(match[part].strip() for match in written if match[part])
        for text in dialect.affixes:
            counts.pop(text, None)
        if len(counts) > 1:  # kilograms and grams
            return None
        for text in counts:
            is_sign = part == "prefix" or re.fullmatch(rf"[%％‰]|{CURRENCIES}|원", text)
            if not (units or is_sign):
                return None
            found.append(text)
    if any(match["close"] for match in written) and BRACKETS not in dialect.affixes:
        found.append(BRACKETS)
    return tuple(found)


def _separators(numbers: Sequence[str], dialect: Dialect) -> dict[str, Any]:
    """Return the options `decimal` and `thousands` with which most numbers can be parsed."""
    others = [text for text in numbers if math.isnan(parse_number(text, dialect))]
    candidates: list[dict[str, Any]] = [{"thousands": mark} for mark in (",", " ", "'")]
    if dialect.decimal == ",":
        candidates = [{"decimal": "."}, *candidates[1:], {"decimal": ".", "thousands": ","}]
    elif not _has_comma_groups(others):
        candidates += [{"decimal": ","}]
        candidates += [{"decimal": ",", "thousands": mark} for mark in " '"]
    for options in candidates:
        changed = replace(dialect, **options)
        unread = sum(math.isnan(parse_number(text, changed)) for text in others)
        if others and unread <= (1 - NEARLY_ALL) * len(others):
            return options
    return {}


def _has_comma_groups(numbers: Sequence[str]) -> bool:
    """Tell whether commas stand before groups of three digits: no decimal commas then."""
    commas = [text for text in numbers if "," in text]
    groups = [text for text in commas if COMMA_GROUPS.fullmatch(text)]
    zeros = any(re.match(r"[-+]?0,", text) for text in commas)
    return len(groups) > len(commas) / 2 and not zeros


def form_name(options: Mapping[str, Any]) -> str:
    """Return what numbers have that need some options, as in "a decimal comma"."""
    affixes = options.get("affixes", ())
    if any(text in "%％‰" for text in affixes):
        return "a percent sign"
    if any(re.fullmatch(rf"{CURRENCIES}|원", text) for text in affixes):
        return "a currency sign"
    if BRACKETS in affixes:
        return "brackets for a minus sign"
    if affixes:
        return f"{affixes[0]!r} beside the number"
    if options.get("decimal") == ".":
        return "a decimal point"
    if options.get("thousands") == ",":
        return "commas between its digits"
    return "thousands separators" if "thousands" in options else "a decimal comma"
