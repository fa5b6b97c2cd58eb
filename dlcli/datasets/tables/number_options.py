"""The options with which the numbers of all columns of a table can be read."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables.columns import RawColumn
from dlcli.datasets.tables.numbers import NumberForm, form_name, number_form, parse_number
from dlcli.datasets.tables.proposals import Proposal


def propose_number_options(
    columns: Sequence[RawColumn], dialect: Dialect
) -> tuple[Dialect, list[Proposal]]:
    """Return the options `decimal`, `thousands` and `affixes` that columns need.

    A table has one decimal separator: that of most columns which need one.

    Parameters
    ----------
    columns : sequence of RawColumn
        With their texts.
    dialect : Dialect

    Returns
    -------
    dialect : Dialect
        With these options.
    proposals : list of Proposal
    """
    forms: dict[int, NumberForm] = {}
    for at, raw in enumerate(columns):
        if isinstance(raw.texts, np.ndarray):
            continue
        form = number_form(distinct_texts(raw, dialect), dialect, units=True)
        if form is not None:
            forms[at] = form
    separators = Counter(_separators(form) for form in forms.values() if _separators(form))
    plain = sum(_has_decimal_points(raw, dialect) for raw in columns)
    chosen = dict(separators.most_common(1)[0][0]) if separators else {}
    if "decimal" in chosen and plain > max(separators.values()):
        chosen = {}
    proposals: list[Proposal] = []
    affixes: list[str] = []
    for at, form in forms.items():
        separate = dict(_separators(form))
        if separate and separate != {key: chosen.get(key) for key in separate}:
            continue
        known = {proposal.option for proposal in proposals}
        proposals += [
            proposal
            for proposal in _proposals_of(columns[at], form, dialect)
            if proposal.option == "affixes" or proposal.option not in known
        ]
        affixes += form.options.get("affixes", ())
    return replace(dialect, **chosen, affixes=tuple(dict.fromkeys(affixes))), proposals


def _proposals_of(raw: RawColumn, form: NumberForm, dialect: Dialect) -> Iterator[Proposal]:
    """Yield the options of a column, each with a text that is no number without it."""
    changed = form.apply(dialect)
    for option, value in form.options.items():
        if option == "affixes":
            for affix in value:
                rest = tuple(other for other in changed.affixes if other != affix)
                example = _example(raw, replace(changed, affixes=rest), changed)
                name = form_name({option: (affix,)})
                yield Proposal(option, [affix], f"{raw.name!r} has {name}{example}")
            continue
        options: dict[str, Any] = {option: getattr(dialect, option)}
        example = _example(raw, replace(changed, **options), changed)
        name = form_name({option: value})
        yield Proposal(option, value, f"{raw.name!r} has {name}{example}")


def distinct_texts(raw: RawColumn, dialect: Dialect) -> Iterable[str]:
    """Return the different texts of a column that mean no missing value, in their order."""
    ignored = {*dialect.missing, *dialect.missing_numbers}
    texts = dict.fromkeys(cell.strip() for cell in dict.fromkeys(raw.texts))
    return [text for text in texts if text not in ignored]


def _separators(form: NumberForm) -> tuple[tuple[str, Any], ...]:
    return tuple(item for item in form.options.items() if item[0] != "affixes")


def _has_decimal_points(raw: RawColumn, dialect: Dialect) -> bool:
    """Tell whether all texts of a column are numbers, some of them with a decimal point."""
    if isinstance(raw.texts, np.ndarray):
        return bool((np.floor(raw.texts) < raw.texts).any())
    texts = list(distinct_texts(raw, dialect))
    points = any("." in text for text in texts)
    return points and not any(math.isnan(parse_number(text, dialect)) for text in texts)


def _example(raw: RawColumn, without: Dialect, changed: Dialect) -> str:
    """Return the first text that is a number only with an option, with its line."""
    for cell, line in zip(raw.texts, raw.lines, strict=True):
        text = cell.strip()
        is_number = not math.isnan(parse_number(text, changed))
        if is_number and math.isnan(parse_number(text, without)):
            return f", as in {text!r} on line {line}"
    return ""
