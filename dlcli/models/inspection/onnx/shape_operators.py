"""Shape rules of the ONNX operators that move, select, repeat or aggregate elements."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcli.models.inspection.onnx.compute_operators import MISMATCH
from dlcli.models.inspection.onnx.tensors import (
    MAX_KNOWN_VALUES,
    GraphError,
    Rule,
    Shape,
    Tensors,
)
from dlcli.types import Array


def _argument(node: Any, tensors: Tensors, at: int, name: str) -> list[int] | None:
    """Return an input of integers, which is an attribute in earlier versions of ONNX."""
    if len(node.inputs) > at and node.inputs[at]:
        return tensors.integers(node.inputs[at])
    attribute = node.attributes.get(name)
    return [attribute] if isinstance(attribute, int) else attribute


def _positive(axes: list[int], rank: int) -> list[int]:
    """Return axes counted from the first."""
    if any(not -rank <= axis < rank for axis in axes):
        raise GraphError(MISMATCH)
    return [axis % rank for axis in axes]


def _add_reshaped(node: Any, tensors: Tensors, shape: Shape) -> None:
    """Add a result with the values of the input in another shape."""
    values = tensors.known_values(node.inputs[0])
    if math.prod(shape) != math.prod(tensors.shape(node.inputs[0])):
        raise GraphError(MISMATCH)
    tensors.add(node.outputs[0], shape, None if values is None else values.reshape(shape))


def _reshape(node: Any, tensors: Tensors) -> None:
    x = tensors.shape(node.inputs[0])
    sizes = _argument(node, tensors, 1, "shape") or []
    zero_copies = not node.attributes.get("allowzero")
    sizes = [x[at] if size == 0 and zero_copies else size for at, size in enumerate(sizes)]
    known = math.prod(size for size in sizes if size != -1)
    shape = tuple(math.prod(x) // max(known, 1) if size == -1 else size for size in sizes)
    _add_reshaped(node, tensors, shape)


def _flatten(node: Any, tensors: Tensors) -> None:
    x, axis = tensors.shape(node.inputs[0]), node.attributes.get("axis", 1)
    _add_reshaped(node, tensors, (math.prod(x[:axis]), math.prod(x[axis:])))


def _squeeze(node: Any, tensors: Tensors) -> None:
    x = tensors.shape(node.inputs[0])
    axes = _argument(node, tensors, 1, "axes")
    removed = _positive(axes, len(x)) if axes else [at for at, size in enumerate(x) if size == 1]
    _add_reshaped(node, tensors, tuple(size for at, size in enumerate(x) if at not in removed))


def _unsqueeze(node: Any, tensors: Tensors) -> None:
    x = list(tensors.shape(node.inputs[0]))
    axes = _argument(node, tensors, 1, "axes") or []
    for axis in sorted(_positive(axes, len(x) + len(axes))):
        x.insert(axis, 1)
    _add_reshaped(node, tensors, tuple(x))


def _transpose(node: Any, tensors: Tensors) -> None:
    x = tensors.shape(node.inputs[0])
    order = node.attributes.get("perm") or list(range(len(x)))[::-1]
    if sorted(order) != list(range(len(x))):
        raise GraphError(MISMATCH)
    values = tensors.known_values(node.inputs[0])
    transposed = None if values is None else values.transpose(order)
    tensors.add(node.outputs[0], tuple(x[axis] for axis in order), transposed)


def _shape_of(node: Any, tensors: Tensors) -> None:
    x = tensors.shape(node.inputs[0])[node.attributes.get("start", 0) : node.attributes.get("end")]
    tensors.add(node.outputs[0], (len(x),), np.array(x, np.int64))


def _constant(node: Any, tensors: Tensors) -> None:
    value = node.attributes.get("value", node.attributes.get("value_int"))
    if isinstance(value, tuple):
        _, shape, values = value
        tensors.add(node.outputs[0], shape, values)
    elif value is not None:
        tensors.add(node.outputs[0], (), np.array(value))
    else:
        values = np.array(node.attributes.get("value_ints", []), np.int64)
        tensors.add(node.outputs[0], values.shape, values)


def _gather(node: Any, tensors: Tensors) -> None:
    x, indices = (tensors.shape(name) for name in node.inputs[:2])
    (axis,) = _positive([node.attributes.get("axis", 0)], len(x))
    shape = (*x[:axis], *indices, *x[axis + 1 :])
    values, positions = (tensors.known_values(name) for name in node.inputs[:2])
    result: Array | None = None
    if values is not None and positions is not None and math.prod(shape) <= MAX_KNOWN_VALUES:
        if (np.abs(positions) > x[axis]).any():
            raise GraphError(MISMATCH)
        result = np.take(values, positions.astype(np.int64), axis)
    tensors.add(node.outputs[0], shape, result)


def _concat(node: Any, tensors: Tensors) -> None:
    shapes = [tensors.shape(name) for name in node.inputs]
    (axis,) = _positive([node.attributes["axis"]], len(shapes[0]))
    shape = list(shapes[0])
    shape[axis] = sum(shape[axis] for shape in shapes)
    parts = [tensors.known_values(name) for name in node.inputs]
    result: Array | None = None
    if math.prod(shape) <= MAX_KNOWN_VALUES and all(part is not None for part in parts):
        result = np.concatenate([part for part in parts if part is not None], axis)
    tensors.add(node.outputs[0], shape, result)


def _slice(node: Any, tensors: Tensors) -> None:
    x = tensors.shape(node.inputs[0])
    starts, ends = (_argument(node, tensors, at, name) for at, name in ((1, "starts"), (2, "ends")))
    axes = _argument(node, tensors, 3, "axes")
    steps = _argument(node, tensors, 4, "steps") or [1] * len(starts or ())
    axes = _positive(axes if axes is not None else list(range(len(starts or ()))), len(x))
    slices = [slice(None)] * len(x)
    for axis, start, end, step in zip(axes, starts or (), ends or (), steps, strict=True):
        stop = None if step < 0 and end < -x[axis] else end
        slices[axis] = slice(start, stop, step or 1)
    shape = tuple(len(range(*item.indices(size))) for item, size in zip(slices, x, strict=True))
    values = tensors.known_values(node.inputs[0])
    tensors.add(node.outputs[0], shape, None if values is None else values[tuple(slices)])


def _split(node: Any, tensors: Tensors) -> None:
    x = tensors.shape(node.inputs[0])
    (axis,) = _positive([node.attributes.get("axis", 0)], len(x))
    sizes = _argument(node, tensors, 1, "split")
    sizes = sizes or [-(-x[axis] // len(node.outputs))] * len(node.outputs)
    for name, size in zip(node.outputs, sizes, strict=True):
        tensors.add(name, (*x[:axis], size, *x[axis + 1 :]))


def _tile(node: Any, tensors: Tensors) -> None:
    x, repeats = tensors.shape(node.inputs[0]), tensors.integers(node.inputs[1])
    shape = tuple(size * count for size, count in zip(x, repeats, strict=True))
    tensors.add(node.outputs[0], shape)


def _expand(node: Any, tensors: Tensors) -> None:
    x, shape = tensors.shape(node.inputs[0]), tensors.integers(node.inputs[1])
    tensors.add(node.outputs[0], np.broadcast_shapes(x, tuple(shape)))


def _constant_of_shape(node: Any, tensors: Tensors) -> None:
    tensors.add(node.outputs[0], tensors.integers(node.inputs[0]))


def _pad(node: Any, tensors: Tensors) -> None:
    x, pads = tensors.shape(node.inputs[0]), _argument(node, tensors, 1, "pads") or []
    if len(node.inputs) > 3 and node.inputs[3]:
        raise GraphError("pads only some axes, which dlcli's export never does")
    shape = [size + pads[at] + pads[at + len(x)] for at, size in enumerate(x)]
    tensors.add(node.outputs[0], shape)


def _resize(node: Any, tensors: Tensors) -> None:
    x = tensors.shape(node.inputs[0])
    if len(node.inputs) > 3 and node.inputs[3]:
        shape = tensors.integers(node.inputs[3])
    else:
        scales = tensors.values(node.inputs[2]).ravel().tolist()
        shape = [math.floor(size * scale) for size, scale in zip(x, scales, strict=True)]
    tensors.count(16 * math.prod(shape))
    tensors.add(node.outputs[0], shape)


def _one_hot(node: Any, tensors: Tensors) -> None:
    x = list(tensors.shape(node.inputs[0]))
    (depth,) = tensors.integers(node.inputs[1])
    (axis,) = _positive([node.attributes.get("axis", -1)], len(x) + 1)
    x.insert(axis, depth)
    tensors.add(node.outputs[0], x)


REDUCTIONS: dict[str, Any] = {"ReduceProd": np.prod, "ReduceSum": np.sum, "ReduceMax": np.max}


def _reduce(node: Any, tensors: Tensors) -> None:
    x = tensors.shape(node.inputs[0])
    axes = _argument(node, tensors, 1, "axes")
    axes = _positive(axes if axes is not None else list(range(len(x))), len(x))
    keep = node.attributes.get("keepdims", 1)
    shape = [1 if at in axes else size for at, size in enumerate(x) if keep or at not in axes]
    values = tensors.known_values(node.inputs[0])
    function = REDUCTIONS.get(node.operator)
    result: Array | None = None
    if function is not None and values is not None and values.size:
        result = np.asarray(function(values, axis=tuple(axes))).reshape(shape)
    tensors.count(math.prod(x))
    tensors.add(node.outputs[0], shape, result)


def _arg(node: Any, tensors: Tensors) -> None:
    node.attributes["axes"] = [node.attributes.get("axis", 0)]
    _reduce(node, tensors)


SHAPE_RULES: dict[str, Rule] = {
    **dict.fromkeys(
        ["ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
         "ReduceSum", "ReduceSumSquare"],
        _reduce,
    ),
    **dict.fromkeys(["ArgMax", "ArgMin"], _arg),
    "Concat": _concat,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "OneHot": _one_hot,
    "Pad": _pad,
    "Reshape": _reshape,
    "Resize": _resize,
    "Shape": _shape_of,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}  # fmt: skip
