"""Shape rules of the ONNX operators that compute: arithmetic, matrix products, convolution."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dlcli.models.inspection.onnx.tensors import (
    MAX_KNOWN_VALUES,
    GraphError,
    Rule,
    Shape,
    Tensors,
)
from dlcli.types import Array

MISMATCH = "has shapes that do not match"


def _elementwise(node: Any, tensors: Tensors) -> None:
    shapes = [tensors.shape(name) for name in node.inputs if name]
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError:
        raise GraphError(MISMATCH) from None
    tensors.add(node.outputs[0], shape, _values(node, tensors))
    for name in node.outputs[1:]:
        tensors.add(name, shape)


def _values(node: Any, tensors: Tensors) -> Array | None:
    """Return the result of arithmetic on known values."""
    function = ARITHMETIC.get(node.operator)
    inputs = [tensors.known_values(name) for name in node.inputs]
    if function is None or any(item is None or item.size > MAX_KNOWN_VALUES for item in inputs):
        return None
    with np.errstate(all="ignore"):
        result = np.asarray(function(*inputs))
    return result if result.size <= MAX_KNOWN_VALUES else None


def _divide(a: Array, b: Array) -> Array:
    if a.dtype.kind in "iu" and b.dtype.kind in "iu":
        return np.trunc(a / np.where(b == 0, 1, b)).astype(a.dtype)
    return np.asarray(a / b)


ARITHMETIC: dict[str, Callable[..., Any]] = {
    "Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": _divide, "Max": np.maximum,
    "Min": np.minimum, "Neg": np.negative, "Identity": np.asarray, "Floor": np.floor,
    "Ceil": np.ceil, "Cast": np.asarray, "Less": np.less, "Greater": np.greater,
    "Equal": np.equal, "Where": np.where, "Abs": np.abs,
}  # fmt: skip


def _matmul(node: Any, tensors: Tensors) -> None:
    a, b = (tensors.shape(name) for name in node.inputs[:2])
    if len(a) < 2 or len(b) < 2 or a[-1] != b[-2]:
        raise GraphError(MISMATCH)
    shape = (*np.broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1])
    tensors.count(math.prod(shape) * a[-1])
    tensors.add(node.outputs[0], shape)


def _gemm(node: Any, tensors: Tensors) -> None:
    a, b = (tensors.shape(name) for name in node.inputs[:2])
    m, k = a[::-1] if node.attributes.get("transA") else a
    _, n = b[::-1] if node.attributes.get("transB") else b
    tensors.count(m * n * k)
    tensors.add(node.outputs[0], (m, n))


def _room(node: Any, at: int, size: int, window: int) -> int | None:
    """Return the distance that a window can move along an axis; None with ``SAME`` padding."""
    if node.attributes.get("auto_pad", b"NOTSET").startswith(b"SAME"):
        return None
    pads = node.attributes.get("pads") or []
    before, after = (pads[at], pads[at + len(pads) // 2]) if pads else (0, 0)
    dilations = node.attributes.get("dilations") or [1] * (at + 1)
    return int(size + before + after - (window - 1) * dilations[at] - 1)


def _windows(node: Any, x: Shape, kernel: Sequence[int]) -> list[int]:
    """Return the number of positions of a window along each spatial axis."""
    rank, counts = len(x) - 2, []
    strides = node.attributes.get("strides") or [1] * rank
    for at, size in enumerate(x[2:]):
        room, stride = _room(node, at, size, kernel[at]), max(strides[at], 1)
        if room is None:
            counts.append(-(-size // stride))
        elif node.attributes.get("ceil_mode"):
            counts.append(max(0, -(-room // stride) + 1))
        else:
            counts.append(max(0, room // stride + 1))
    return counts


def _conv(node: Any, tensors: Tensors) -> None:
    x, w = (tensors.shape(name) for name in node.inputs[:2])
    shape = (x[0], w[0], *_windows(node, x, w[2:]))
    tensors.count(math.prod(shape) * math.prod(w[1:]))
    tensors.add(node.outputs[0], shape)


def _conv_transpose(node: Any, tensors: Tensors) -> None:
    x, w = (tensors.shape(name) for name in node.inputs[:2])
    rank = len(x) - 2
    output_shape = node.attributes.get("output_shape")
    strides = node.attributes.get("strides") or [1] * rank
    dilations = node.attributes.get("dilations") or [1] * rank
    extra = node.attributes.get("output_padding") or [0] * rank
    pads = node.attributes.get("pads") or [0] * (2 * rank)
    size = []
    for at in range(rank):
        window = (w[2 + at] - 1) * dilations[at] + 1
        full = (x[2 + at] - 1) * strides[at] + window + extra[at]
        auto = node.attributes.get("auto_pad", b"NOTSET").startswith(b"SAME")
        padded = x[2 + at] * strides[at] if auto else full - pads[at] - pads[rank + at]
        size.append(output_shape[at] if output_shape else padded)
    shape = (x[0], w[1] * max(node.attributes.get("group") or 1, 1), *size)
    tensors.count(math.prod(x) * math.prod(w[1:]))
    tensors.add(node.outputs[0], shape)


def _pool(node: Any, tensors: Tensors) -> None:
    x, kernel = tensors.shape(node.inputs[0]), node.attributes["kernel_shape"]
    shape = (*x[:2], *_windows(node, x, kernel))
    tensors.count(math.prod(shape) * math.prod(kernel))
    tensors.add(node.outputs[0], shape)


def _global_pool(node: Any, tensors: Tensors) -> None:
    x = tensors.shape(node.inputs[0])
    tensors.count(math.prod(x))
    tensors.add(node.outputs[0], (*x[:2], *(1,) * (len(x) - 2)))


def _normalization(node: Any, tensors: Tensors) -> None:
    x = tensors.shape(node.inputs[0])
    tensors.count(math.prod(x))
    tensors.add(node.outputs[0], x)


COMPUTE_RULES: dict[str, Rule] = {
    **dict.fromkeys(
        [
            "Abs", "Add", "And", "Cast", "Ceil", "Celu", "Clip", "Cos", "Div", "Elu", "Equal",
            "Erf", "Exp", "Floor", "Greater", "GreaterOrEqual", "HardSigmoid", "HardSwish",
            "Identity", "LeakyRelu", "Less", "LessOrEqual", "Log", "Max", "Min", "Mod", "Mul",
            "Neg", "Not", "Or", "PRelu", "Pow", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid",
            "Sign", "Sin", "Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Tanh", "ThresholdedRelu",
            "Where",
        ],
        _elementwise,
    ),
    **dict.fromkeys(
        ["BatchNormalization", "LogSoftmax", "LpNormalization", "Softmax"], _normalization
    ),
    **dict.fromkeys(["AveragePool", "MaxPool"], _pool),
    **dict.fromkeys(["GlobalAveragePool", "GlobalMaxPool"], _global_pool),
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Gemm": _gemm,
    "MatMul": _matmul,
}  # fmt: skip
