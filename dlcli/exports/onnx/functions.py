"""The functions of NumPy with which steps of a target are inverted, as nodes of a graph.

Each returns an array if all its arguments are arrays. `InvertibleStep.invert` takes this module in
place of ``numpy`` or ``keras.ops``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcli.exports.onnx.tensors import Tensor


def _unary(name: str, function: Any) -> Any:
    def compute(values: Any) -> Any:
        return values.graph.op(name, values) if isinstance(values, Tensor) else function(values)

    return compute


def _binary(name: str, function: Any) -> Any:
    def compute(values: Any, others: Any) -> Any:
        tensor = _first_tensor(values, others)
        return function(values, others) if tensor is None else tensor.graph.op(name, values, others)

    return compute


def _first_tensor(*items: Any) -> Tensor | None:
    return next((item for item in items if isinstance(item, Tensor)), None)


exp = _unary("Exp", np.exp)
log = _unary("Log", np.log)
abs = _unary("Abs", np.abs)  # noqa: A001 (NumPy's name)
floor = _unary("Floor", np.floor)
sqrt = _unary("Sqrt", np.sqrt)
maximum = _binary("Max", np.maximum)
minimum = _binary("Min", np.minimum)


def isnan(values: Any) -> Any:
    """Return where values are missing."""
    if isinstance(values, Tensor):
        return values.graph.op("IsNaN", values, dtype=bool)
    return np.isnan(values)


def where(condition: Any, values: Any, others: Any) -> Any:
    """Return values where a condition holds, others elsewhere."""
    tensor = _first_tensor(condition, values, others)
    if tensor is None:
        return np.where(condition, values, others)
    if not isinstance(condition, Tensor):
        condition = tensor.graph.constant(condition)
    return tensor.graph.where(condition, values, others)


def clip(values: Any, low: Any, high: Any) -> Any:
    """Return values within bounds."""
    return minimum(maximum(values, low), high)


def expm1(values: Any) -> Any:
    """Return exp(x) - 1, also exact for small x: Kahan's quotient."""
    if not isinstance(values, Tensor):
        return np.expm1(values)
    power = exp(values)
    change = power - 1.0
    is_plain = values.graph.either_of(change.equals(0.0), values > 600.0, values < -40.0)
    quotient = change * values / log(where(is_plain, 2.0, power))
    return where(change.equals(0.0), values, where(is_plain, change, quotient))


def log1p(values: Any) -> Any:
    """Return log(1 + x), also exact for small x: Kahan's quotient."""
    if not isinstance(values, Tensor):
        return np.log1p(values)
    total = values + 1.0
    change = total - 1.0
    is_small = change.equals(0.0)
    is_infinite = values.graph.op("IsInf", values, dtype=bool)
    is_plain = values.graph.either_of(is_small, is_infinite)
    quotient = log(total) * (values / where(is_plain, 1.0, change))
    return where(is_small, values, where(is_infinite, log(total), quotient))


def erf(values: Any) -> Any:
    """Return the error function in float32: ONNX Runtime has no other."""
    return values.graph.op("Erf", values.cast(np.float32)).cast(np.float64)


def take(values: Any, index: Any) -> Any:
    """Return the values at positions."""
    return index.graph.op("Gather", values, index, dtype=values.dtype)


def reshape(values: Any, shape: tuple[int, ...]) -> Any:
    """Return values in another shape."""
    return values.reshape(*shape)


def cast(values: Any, dtype: str) -> Any:
    """Return values in another type."""
    return values.cast(np.int64 if dtype == "int32" else dtype)
