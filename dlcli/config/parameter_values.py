"""Check values of parameters that Keras accepts silently, or refuses only after minutes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

Rule = Callable[[Any], bool]


def is_number(value: Any) -> bool:
    """Return whether a value is a number; a boolean is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_integer(value: Any) -> bool:
    """Return whether a value is an integer; a boolean is not."""
    return isinstance(value, int) and not isinstance(value, bool)


def _integer_from(least: int) -> tuple[Rule, str]:
    return lambda value: is_integer(value) and value >= least, f"an integer of at least {least}"


def _sizes(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return bool(items) and all(is_integer(item) and item >= 1 for item in items)


def _one_of(*words: str | None) -> tuple[Rule, str]:
    names = " or ".join("null" if word is None else repr(word) for word in words)
    return lambda value: value in words, names


def _from_zero(high: float, closed: str) -> tuple[Rule, str]:
    def rule(value: Any) -> bool:
        return is_number(value) and (0 <= value < high or (closed == "]" and value == high))

    interval = f"in [0, {high:g}{closed}" if high < math.inf else "of at least 0"
    return rule, f"a number {interval}"


_SIZES: tuple[Rule, str] = (_sizes, "an integer of at least 1, or a list of them")
_FRACTION = _from_zero(1, ")")
_POSITIVE: tuple[Rule, str] = (
    lambda value: is_number(value) and 0 < value < math.inf,
    "a finite number greater than 0",
)
_MODE = _one_of("auto", "min", "max")
FRACTION_TEXT = re.compile(r"\s*(\d+\.?\d*)\s*/\s*(\d+\.?\d*)\s*")


def _numbers(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return bool(items) and all(is_number(item) for item in items)


def _integers(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return bool(items) and all(is_integer(item) for item in items)


_NUMBERS: tuple[Rule, str] = (_numbers, "a number, or a list of numbers")
_INTEGERS: tuple[Rule, str] = (_integers, "an integer, or a list of integers")

# Rules by parameter name: a name has the same meaning in all classes of Keras.
RULES: dict[str, tuple[Rule, str]] = {
    **dict.fromkeys(
        [
            "units",
            "members",
            "filters",
            "output_dim",
            "input_dim",
            "depth_multiplier",
            "num_classes",
            "k",
            "n",
            "height",
            "width",
            "num_bins",
            "num_tokens",
            "num_mel_bins",
            "max_number",
        ],
        _integer_from(1),
    ),
    **dict.fromkeys(["patience", "cooldown", "start_from_epoch"], _integer_from(0)),
    **dict.fromkeys(["kernel_size", "pool_size", "strides", "dilation_rate"], _SIZES),
    **dict.fromkeys(["rate", "dropout", "recurrent_dropout", "beta_1", "beta_2", "rho"], _FRACTION),
    **dict.fromkeys(["label_smoothing", "momentum", "ema_momentum"], _from_zero(1, "]")),
    "gradient_accumulation_steps": _integer_from(2),
    "ema_overwrite_frequency": _integer_from(1),
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
    **dict.fromkeys(["initial_learning_rate", "weight_decay"], _from_zero(math.inf, ")")),
    "thresholds": (is_number, "a single number"),
    "reduction": _one_of("sum", "sum_over_batch_size", "mean", "mean_with_sample_weight"),
    "curve": _one_of("ROC", "PR"),
    "average": _one_of("micro", "macro", "weighted"),
    "merge_mode": _one_of("sum", "mul", "concat", "ave"),
    "return_state": (lambda value: value is False, "false, since a model has one output here"),
    **dict.fromkeys(["factor", "height_factor", "width_factor", "stddev"], _NUMBERS),
    **dict.fromkeys(["target_shape", "dims", "output_size", "boundaries"], _INTEGERS),
    "values": _NUMBERS,
}
# The words that an argument takes, by its default.
CHOICES: dict[str, tuple[str, ...]] = {
    "valid": ("valid", "same", "causal"),
    "bilinear": ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"),
    "horizontal_and_vertical": ("horizontal", "vertical", "horizontal_and_vertical"),
    "fan_in": ("fan_in", "fan_out", "fan_avg"),
    "truncated_normal": ("truncated_normal", "untruncated_normal", "uniform"),
    **dict.fromkeys(("reflect", "constant"), ("constant", "nearest", "reflect", "wrap")),
}
# Rules for arguments without a default; others with this name are of other types.
REQUIRED_RULES = {
    "scale": _NUMBERS,
    "data_format": _one_of("channels_last", "channels_first"),
}
CALLBACK_RULES = {"mode": _MODE, "save_freq": _one_of("epoch"), "factor": _from_zero(1, ")")}


def value_error(kind: str, parameter: str, value: Any, default: Any) -> str:
    """Return the message for an invalid value of a Keras parameter; empty if it is valid.

    Parameters
    ----------
    kind : str
        Catalogue kind of the component: ``"layers"``.
    parameter : str
        Name of the parameter.
    value : object
        The value in the config.
    default : object
        The default in Keras. Its type is expected if there is no rule.
    """
    rules = RULES | (CALLBACK_RULES if kind == "callbacks" else {})
    if default is None:
        rules = REQUIRED_RULES | rules
    if value is None and (default is None or parameter not in rules):
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return f"expected a finite number, got {value}"
    if parameter in rules:
        is_valid, expected = rules[parameter]
        if is_valid(value):
            return ""
        is_percentage = is_number(value) and rules[parameter] is _FRACTION and 1 < value < 100
        hint = f" ({value:g} % is {value / 100:g})" if is_percentage else ""
        return f"expected {expected}, got {value!r}{hint}{_fraction_hint(value)}"
    if isinstance(default, str) and default in CHOICES and value not in CHOICES[default]:
        return f"expected {_one_of(*CHOICES[default])[1]}, got {value!r}"
    if isinstance(default, bool) and not isinstance(value, bool):
        return f"expected true or false, got {value!r}"
    if is_number(default) and not is_number(value) and not isinstance(value, list):
        return f"expected a number, got {value!r}{_fraction_hint(value)}"
    return ""


def number_text_error(value: Any) -> str:
    """Return the message for a number that is written as a text, or an empty text."""
    if not isinstance(value, str) or not re.fullmatch(r"[\d.\s/eE+-]+", value):
        return ""
    return f"expected a number, got {value!r}{_fraction_hint(value)}"


def _fraction_hint(value: Any) -> str:
    """Return the number that a text such as 1/255 means, for a message; empty for other values."""
    match = FRACTION_TEXT.fullmatch(value) if isinstance(value, str) else None
    if match is None or not float(match[2]):
        return ""
    return f" ({value.strip()} is {float(match[1]) / float(match[2]):.6g})"


def as_float(kind: str, parameter: str, value: Any, default: Any) -> Any:
    """Return an integer as a float where Keras's optimizers and schedules accept only floats."""
    if kind not in ("optimizers", "schedules"):
        return value
    if parameter == "values" and isinstance(value, list):
        return [float(item) if is_integer(item) else item for item in value]
    is_float = isinstance(default, float) or parameter == "initial_learning_rate"
    return float(value) if is_float and is_integer(value) else value
