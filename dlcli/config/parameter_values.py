"""Values that Keras would take in silence or refuse only minutes later."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Rule = Callable[[Any], bool]


def is_number(value: Any) -> bool:
    """Tell a number from a boolean, which Python counts among them."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_whole(value: Any) -> bool:
    """Tell a whole number from everything else."""
    return isinstance(value, int) and not isinstance(value, bool)


def _whole_from(least: int) -> tuple[Rule, str]:
    return lambda value: is_whole(value) and value >= least, f"a whole number of at least {least}"


def _sizes(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return bool(items) and all(is_whole(item) and item >= 1 for item in items)


def _one_of(*words: str | None) -> tuple[Rule, str]:
    named = " or ".join("null" if word is None else repr(word) for word in words)
    return lambda value: value in words, named


def _between(low: float, high: float, closed: str) -> tuple[Rule, str]:
    def rule(value: Any) -> bool:
        return (
            is_number(value)
            and low <= value
            and (value < high or (closed == "]" and value == high))
        )

    wanted = f"in [{low:g}, {high:g}{closed}" if high < math.inf else f"of at least {low:g}"
    return rule, f"a number {wanted}"


_SIZES: tuple[Rule, str] = (_sizes, "a whole number of at least 1, or a list of them")
_FRACTION = _between(0, 1, ")")
_POSITIVE: tuple[Rule, str] = (
    lambda value: is_number(value) and 0 < value < math.inf,
    "a finite number greater than 0",
)
_MODE = _one_of("auto", "min", "max")

# By parameter name, since Keras gives a name one meaning.
RULES: dict[str, tuple[Rule, str]] = {
    **dict.fromkeys(
        [
            "units",
            "filters",
            "output_dim",
            "input_dim",
            "depth_multiplier",
            "num_classes",
            "k",
        ],
        _whole_from(1),
    ),
    **dict.fromkeys(["patience", "cooldown", "start_from_epoch"], _whole_from(0)),
    **dict.fromkeys(["kernel_size", "pool_size", "strides", "dilation_rate"], _SIZES),
    **dict.fromkeys(["rate", "dropout", "recurrent_dropout", "beta_1", "beta_2", "rho"], _FRACTION),
    **dict.fromkeys(["label_smoothing", "momentum"], _between(0, 1, "]")),
    **dict.fromkeys(
        [
            "learning_rate",
            "epsilon",
            "decay_rate",
            "decay_steps",
            "first_decay_steps",
            "clipnorm",
            "clipvalue",
            "global_clipnorm",
        ],
        _POSITIVE,
    ),
    **dict.fromkeys(["initial_learning_rate", "weight_decay"], _between(0, math.inf, ")")),
    "thresholds": (is_number, "a single number"),
    "reduction": _one_of("sum", "sum_over_batch_size", "mean", "mean_with_sample_weight"),
    "curve": _one_of("ROC", "PR"),
    "average": _one_of("micro", "macro", "weighted"),
    "merge_mode": _one_of("sum", "mul", "concat", "ave", None),
}
CALLBACK_RULES = {"mode": _MODE, "save_freq": _one_of("epoch"), "factor": _between(0, 1, ")")}


def complaint(kind: str, parameter: str, value: Any, default: Any) -> str:
    """Say what is wrong with the value of a Keras parameter, or nothing.

    Parameters
    ----------
    kind : str
        Catalogue kind of the component: ``"layers"``.
    parameter : str
        Name of the parameter.
    value : object
        What the config gives.
    default : object
        Keras's own default, which tells the type where there is no rule.
    """
    rules = RULES | (CALLBACK_RULES if kind == "callbacks" else {})
    if value is None and (default is None or parameter not in rules):
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return f"expected a finite number, got {value}"
    if parameter in rules:
        rule, wanted = rules[parameter]
        if rule(value):
            return ""
        percent = is_number(value) and rules[parameter] is _FRACTION and 1 < value < 100
        hint = f" ({value:g} % is {value / 100:g})" if percent else ""
        return f"expected {wanted}, got {value!r}{hint}"
    if isinstance(default, bool) and not isinstance(value, bool):
        return f"expected true or false, got {value!r}"
    if is_number(default) and not is_number(value) and not isinstance(value, list):
        return f"expected a number, got {value!r}"
    return ""
