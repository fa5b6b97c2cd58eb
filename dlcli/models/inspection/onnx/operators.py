"""What ONNX's operators make of shapes, and of the small arrays that shapes are computed with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dlcli.models.limits import Limits
from dlcli.types import Array

Shape = tuple[int, ...]
FEW = 1024
LIVE = 2  # Results of the largest size that may be there at a time.


class UnboundedError(Exception):
    """A graph is larger than a network may be, or nobody can tell; the message goes on after it."""


class Results:
    """Shapes of all tensors so far, and the values of small ones.

    Parameters
    ----------
    known : dict
        Shape and perhaps values of each tensor that stands in the graph.
    limits : Limits
    rows : int
        Samples that are computed at a time.
    """

    def __init__(
        self, known: dict[str, tuple[Shape, Array | None]], limits: Limits, rows: int
    ) -> None:
        self._known = known
        self._fixed = set(known)
        # Several samples at a time are given no more room than several large results.
        self._most = 4 * limits.elements
        self._operations = limits.operations * max(rows, 1)
        self._live = 0

    def shape(self, name: str) -> Shape:
        """Return the shape of a tensor."""
        if name not in self._known:
            raise UnboundedError("takes a tensor that nothing makes")
        return self._known[name][0]

    def values(self, name: str) -> Array:
        """Return the values of a tensor that a shape depends on."""
        self.shape(name)
        found = self._known[name][1]
        if found is None:
            raise UnboundedError("has results whose size cannot be told")
        return found

    def find(self, name: str) -> Array | None:
        """Return the values of a tensor, if they are known."""
        return self._known[name][1] if name in self._known else None

    def ints(self, name: str) -> list[int]:
        """Return the values of a tensor of sizes."""
        return [int(value) for value in self.values(name).ravel()]

    def put(self, name: str, shape: Sequence[int], values: Array | None = None) -> None:
        """Enter a result, which has to have a name of its own."""
        if not name:
            return
        if name in self._known:
            raise UnboundedError("makes one tensor twice")
        size = math.prod(shape)
        self._live += size
        if min(shape, default=0) < 0:
            raise UnboundedError("has a result of negative size")
        if size > self._most or self._live > LIVE * self._most:
            raise UnboundedError("has results that take too much memory")
        self._known[name] = tuple(shape), values

    def drop(self, name: str) -> None:
        """Forget a result that nothing takes any more."""
        if name in self._known and name not in self._fixed:
            self._live -= math.prod(self._known[name][0])
            shape, _ = self._known[name]
            self._known[name] = shape, None

    def work(self, count: int) -> None:
        """Count multiplications."""
        self._operations -= count
        if self._operations < 0:
            raise UnboundedError("takes too much time")


Rule = Callable[[Any, Results], None]


def _elementwise(node: Any, results: Results) -> None:
    shapes = [results.shape(name) for name in node.inputs if name]
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError:
        raise UnboundedError("has shapes that do not fit") from None
    results.work(math.prod(shape))
    results.put(node.outputs[0], shape, _computed(node, results))
    for name in node.outputs[1:]:
        results.put(name, shape)


def _computed(node: Any, results: Results) -> Array | None:
    """Return the result of arithmetic on small arrays."""
    function = ARITHMETIC.get(node.kind)
    inputs = [results.find(name) for name in node.inputs]
    if function is None or any(item is None or item.size > FEW for item in inputs):
        return None
    with np.errstate(all="ignore"):
        found = np.asarray(function(*inputs))
    return found if found.size <= FEW else None


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


def _matmul(node: Any, results: Results) -> None:
    a, b = (results.shape(name) for name in node.inputs[:2])
    if len(a) < 2 or len(b) < 2 or a[-1] != b[-2]:
        raise UnboundedError("has shapes that do not fit")
    shape = (*np.broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1])
    results.work(math.prod(shape) * a[-1])
    results.put(node.outputs[0], shape)


def _gemm(node: Any, results: Results) -> None:
    a, b = (results.shape(name) for name in node.inputs[:2])
    m, k = a[::-1] if node.attributes.get("transA") else a
    _, n = b[::-1] if node.attributes.get("transB") else b
    results.work(m * n * k)
    results.put(node.outputs[0], (m, n))


def _room(node: Any, at: int, size: int, window: int) -> int | None:
    """Return how far a window moves along an axis; None for all of it."""
    if node.attributes.get("auto_pad", b"NOTSET").startswith(b"SAME"):
        return None
    pads = node.attributes.get("pads") or []
    before, after = (pads[at], pads[at + len(pads) // 2]) if pads else (0, 0)
    dilations = node.attributes.get("dilations") or [1] * (at + 1)
    return int(size + before + after - (window - 1) * dilations[at] - 1)


def _windows(node: Any, x: Shape, kernel: Sequence[int]) -> list[int]:
    """Return how often a window fits along each axis."""
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


def _conv(node: Any, results: Results) -> None:
    x, w = (results.shape(name) for name in node.inputs[:2])
    shape = (x[0], w[0], *_windows(node, x, w[2:]))
    results.work(math.prod(shape) * math.prod(w[1:]))
    results.put(node.outputs[0], shape)


def _conv_transpose(node: Any, results: Results) -> None:
    x, w = (results.shape(name) for name in node.inputs[:2])
    rank = len(x) - 2
    given = node.attributes.get("output_shape")
    strides = node.attributes.get("strides") or [1] * rank
    dilations = node.attributes.get("dilations") or [1] * rank
    extra = node.attributes.get("output_padding") or [0] * rank
    pads = node.attributes.get("pads") or [0] * (2 * rank)
    size = []
    for at in range(rank):
        window = (w[2 + at] - 1) * dilations[at] + 1
        full = (x[2 + at] - 1) * strides[at] + window + extra[at]
        auto = node.attributes.get("auto_pad", b"NOTSET").startswith(b"SAME")
        kept = x[2 + at] * strides[at] if auto else full - pads[at] - pads[rank + at]
        size.append(given[at] if given else kept)
    shape = (x[0], w[1] * max(node.attributes.get("group") or 1, 1), *size)
    results.work(math.prod(x) * math.prod(w[1:]))
    results.put(node.outputs[0], shape)


def _pool(node: Any, results: Results) -> None:
    x, kernel = results.shape(node.inputs[0]), node.attributes["kernel_shape"]
    shape = (*x[:2], *_windows(node, x, kernel))
    results.work(math.prod(shape) * math.prod(kernel))
    results.put(node.outputs[0], shape)


def _global_pool(node: Any, results: Results) -> None:
    x = results.shape(node.inputs[0])
    results.work(math.prod(x))
    results.put(node.outputs[0], (*x[:2], *(1,) * (len(x) - 2)))


def _normalized(node: Any, results: Results) -> None:
    x = results.shape(node.inputs[0])
    results.work(2 * math.prod(x))
    results.put(node.outputs[0], x)


RULES: dict[str, Rule] = {
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
        ["BatchNormalization", "LogSoftmax", "LpNormalization", "Softmax"], _normalized
    ),
    **dict.fromkeys(["AveragePool", "MaxPool"], _pool),
    **dict.fromkeys(["GlobalAveragePool", "GlobalMaxPool"], _global_pool),
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Gemm": _gemm,
    "MatMul": _matmul,
}  # fmt: skip
