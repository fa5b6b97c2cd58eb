"""The options with which the numbers of all columns of a table can be read."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
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
        raw = columns[at]
        example = _example(raw, dialect)
        proposals += [
            Proposal(
                option,
                list(value) if option == "affixes" else value,
                f"{raw.name!r} has {form_name({option: value})}, as in {example}",
            )
            for option, value in form.options.items()
            if option == "affixes" or not any(one.option == option for one in proposals)
        ]
        affixes += form.options.get("affixes", ())
    return replace(dialect, **chosen, affixes=tuple(dict.fromkeys(affixes))), proposals


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


def _example(raw: RawColumn, dialect: Dialect) -> str:
    """Return the first text that the dialect does not take for a number, with its line."""
    ignored = {"", *dialect.missing, *dialect.missing_numbers}
    for cell, line in zip(raw.texts, raw.lines, strict=True):
        text = cell.strip()
        if text not in ignored and math.isnan(parse_number(text, dialect)):
            return f"{text!r} on line {line}"
    return ""
