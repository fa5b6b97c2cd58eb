"""Values and seeds as people write them, and which trials are shown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.config.yaml_text import parse, scalar
from dlcli.errors import DlcliError

if TYPE_CHECKING:
    from dlcli.experiments.search.trials import Measure, TrialResult

BRACKETS = {"[": "]", "{": "}", "(": ")"}


def parse_over(texts: Iterable[str]) -> dict[str, list[Any]]:
    """Return the values by key of ``KEY=V1,V2`` texts; commas in brackets belong to a value.

    Raises
    ------
    DlcliError
        If a text has no key or no values, or a key is there twice.
    """
    over: dict[str, list[Any]] = {}
    for text in texts:
        key, sign, values = text.partition("=")
        key = key.strip()
        if not sign or not key or not values.strip():
            raise DlcliError(f"--over {text}: expected KEY=V1,V2, as in --over fit.batch_size=8,32")
        if key in over:
            raise DlcliError(f"--over {text}: {key} is there twice")
        over[key] = [_value(item, text) for item in split_values(values)]
    return over


def split_values(text: str) -> list[str]:
    """Split a text at the commas that are not inside brackets or quotes."""
    items, closing, quote = [""], [], ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in BRACKETS:
            closing.append(BRACKETS[character])
        elif closing and character == closing[-1]:
            closing.pop()
        elif character == "," and not closing:
            items.append("")
            continue
        items[-1] += character
    return [item.strip() for item in items]


def parse_seeds(text: str | None) -> int | list[int]:
    """Return the seeds of ``--seeds``: a number of seeds, or the seeds themselves.

    Raises
    ------
    DlcliError
    """
    if text is None:
        return 1
    items = [item.strip() for item in text.split(",")]
    if not all(item.isascii() and item.isdigit() for item in items):
        raise DlcliError(f"--seeds {text}: expected a number, or seeds as in 1,2,3")
    numbers = [int(item) for item in items]
    return numbers if len(numbers) > 1 else numbers[0]


def shown_trials(
    trials: Sequence[TrialResult], measure: Measure, most_in_order: int, most: int
) -> list[TrialResult]:
    """Return the trials in their order, or if there are many the best ones first."""
    if len(trials) <= most_in_order:
        return list(trials)
    sign = -1 if measure.larger_is_better else 1

    def rank(trial: TrialResult) -> float:
        mean = trial.mean(measure)
        return math.inf if math.isnan(mean) else sign * mean

    return sorted(trials, key=rank)[:most]


def _value(text: str, option: str) -> Any:
    if text[:1] in ("[", "{", "'", '"'):
        return parse(text, f"--over {option}").value
    return scalar(text)
