"""ONNX's operators that move, cut, repeat or sum up numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcli.models.inspection.onnx.operators import (
    FEW,
    RULES,
    Results,
    Rule,
    Shape,
    UnboundedError,
)
from dlcli.types import Array


def _given(node: Any, results: Results, at: int, name: str) -> list[int] | None:
    """Return what is an input of an operator, or an attribute in earlier versions of ONNX."""
    if len(node.inputs) > at and node.inputs[at]:
        return results.ints(node.inputs[at])
    found = node.attributes.get(name)
    return [found] if isinstance(found, int) else found


def _axes(axes: list[int], rank: int) -> list[int]:
    if any(not -rank <= axis < rank for axis in axes):
        raise UnboundedError("has shapes that do not fit")
    return [axis % rank for axis in axes]


def _moved(node: Any, results: Results, shape: Shape) -> None:
    """Enter a result with the numbers of the input in another shape."""
    values = results.find(node.inputs[0])
    if math.prod(shape) != math.prod(results.shape(node.inputs[0])):
        raise UnboundedError("has shapes that do not fit")
    results.put(node.outputs[0], shape, None if values is None else values.reshape(shape))


def _reshape(node: Any, results: Results) -> None:
    x = results.shape(node.inputs[0])
    sizes = _given(node, results, 1, "shape") or []
    kept = not node.attributes.get("allowzero")
    sizes = [x[at] if size == 0 and kept else size for at, size in enumerate(sizes)]
    known = math.prod(size for size in sizes if size != -1)
    shape = tuple(math.prod(x) // max(known, 1) if size == -1 else size for size in sizes)
    _moved(node, results, shape)


def _flatten(node: Any, results: Results) -> None:
    x, axis = results.shape(node.inputs[0]), node.attributes.get("axis", 1)
    _moved(node, results, (math.prod(x[:axis]), math.prod(x[axis:])))


def _squeeze(node: Any, results: Results) -> None:
    x = results.shape(node.inputs[0])
    given = _given(node, results, 1, "axes")
    chosen = _axes(given, len(x)) if given else [at for at, size in enumerate(x) if size == 1]
    _moved(node, results, tuple(size for at, size in enumerate(x) if at not in chosen))


def _unsqueeze(node: Any, results: Results) -> None:
    x = list(results.shape(node.inputs[0]))
    given = _given(node, results, 1, "axes") or []
    for axis in sorted(_axes(given, len(x) + len(given))):
        x.insert(axis, 1)
    _moved(node, results, tuple(x))


def _transpose(node: Any, results: Results) -> None:
    x = results.shape(node.inputs[0])
    order = node.attributes.get("perm") or list(range(len(x)))[::-1]
    if sorted(order) != list(range(len(x))):
        raise UnboundedError("has shapes that do not fit")
    values = results.find(node.inputs[0])
    results.work(math.prod(x))
    moved = None if values is None else values.transpose(order)
    results.put(node.outputs[0], tuple(x[axis] for axis in order), moved)


def _shape_of(node: Any, results: Results) -> None:
    x = results.shape(node.inputs[0])[node.attributes.get("start", 0) : node.attributes.get("end")]
    results.put(node.outputs[0], (len(x),), np.array(x, np.int64))


def _constant(node: Any, results: Results) -> None:
    value = node.attributes.get("value", node.attributes.get("value_int"))
    if isinstance(value, tuple):
        _, shape, values = value
        results.put(node.outputs[0], shape, values)
    elif value is not None:
        results.put(node.outputs[0], (), np.array(value))
    else:
        values = np.array(node.attributes.get("value_ints", []), np.int64)
        results.put(node.outputs[0], values.shape, values)


def _gather(node: Any, results: Results) -> None:
    x, indices = (results.shape(name) for name in node.inputs[:2])
    (axis,) = _axes([node.attributes.get("axis", 0)], len(x))
    shape = (*x[:axis], *indices, *x[axis + 1 :])
    results.work(math.prod(shape))
    values, chosen = (results.find(name) for name in node.inputs[:2])
    found: Array | None = None
    if values is not None and chosen is not None and math.prod(shape) <= FEW:
        if (np.abs(chosen) > x[axis]).any():
            raise UnboundedError("has shapes that do not fit")
        found = np.take(values, chosen.astype(np.int64), axis)
    results.put(node.outputs[0], shape, found)


def _concat(node: Any, results: Results) -> None:
    shapes = [results.shape(name) for name in node.inputs]
    (axis,) = _axes([node.attributes["axis"]], len(shapes[0]))
    shape = list(shapes[0])
    shape[axis] = sum(shape[axis] for shape in shapes)
    results.work(math.prod(shape))
    parts = [results.find(name) for name in node.inputs]
    known = math.prod(shape) <= FEW and all(part is not None for part in parts)
    joined = np.concatenate([part for part in parts if part is not None], axis) if known else None
    results.put(node.outputs[0], shape, joined)


def _slice(node: Any, results: Results) -> None:
    x = results.shape(node.inputs[0])
    starts, ends = (_given(node, results, at, name) for at, name in ((1, "starts"), (2, "ends")))
    axes = _given(node, results, 3, "axes")
    steps = _given(node, results, 4, "steps") or [1] * len(starts or ())
    chosen = _axes(axes if axes is not None else list(range(len(starts or ()))), len(x))
    cut = [slice(None)] * len(x)
    for axis, start, end, step in zip(chosen, starts or (), ends or (), steps, strict=True):
        stop = None if step < 0 and end < -x[axis] else end
        cut[axis] = slice(start, stop, step or 1)
    shape = tuple(len(range(*part.indices(size))) for part, size in zip(cut, x, strict=True))
    values = results.find(node.inputs[0])
    results.put(node.outputs[0], shape, None if values is None else values[tuple(cut)])


def _split(node: Any, results: Results) -> None:
    x = results.shape(node.inputs[0])
    (axis,) = _axes([node.attributes.get("axis", 0)], len(x))
    sizes = _given(node, results, 1, "split")
    sizes = sizes or [-(-x[axis] // len(node.outputs))] * len(node.outputs)
    for name, size in zip(node.outputs, sizes, strict=True):
        results.put(name, (*x[:axis], size, *x[axis + 1 :]))


def _tile(node: Any, results: Results) -> None:
    x, repeats = results.shape(node.inputs[0]), results.ints(node.inputs[1])
    shape = tuple(size * count for size, count in zip(x, repeats, strict=True))
    results.work(math.prod(shape))
    results.put(node.outputs[0], shape)


def _expand(node: Any, results: Results) -> None:
    x, wanted = results.shape(node.inputs[0]), results.ints(node.inputs[1])
    results.put(node.outputs[0], np.broadcast_shapes(x, tuple(wanted)))


def _filled(node: Any, results: Results) -> None:
    results.put(node.outputs[0], results.ints(node.inputs[0]))


def _pad(node: Any, results: Results) -> None:
    x, pads = results.shape(node.inputs[0]), _given(node, results, 1, "pads") or []
    if len(node.inputs) > 3 and node.inputs[3]:
        raise UnboundedError("pads some of the axes, which dlcli does not write")
    shape = [size + pads[at] + pads[at + len(x)] for at, size in enumerate(x)]
    results.work(math.prod(shape))
    results.put(node.outputs[0], shape)


def _resize(node: Any, results: Results) -> None:
    x = results.shape(node.inputs[0])
    if len(node.inputs) > 3 and node.inputs[3]:
        shape = results.ints(node.inputs[3])
    else:
        scales = results.values(node.inputs[2]).ravel().tolist()
        shape = [math.floor(size * scale) for size, scale in zip(x, scales, strict=True)]
    results.work(16 * math.prod(shape))
    results.put(node.outputs[0], shape)


def _one_hot(node: Any, results: Results) -> None:
    x = list(results.shape(node.inputs[0]))
    (depth,) = results.ints(node.inputs[1])
    (axis,) = _axes([node.attributes.get("axis", -1)], len(x) + 1)
    x.insert(axis, depth)
    results.put(node.outputs[0], x)


SUMS: dict[str, Any] = {"ReduceProd": np.prod, "ReduceSum": np.sum, "ReduceMax": np.max}


def _reduce(node: Any, results: Results) -> None:
    x = results.shape(node.inputs[0])
    given = _given(node, results, 1, "axes")
    chosen = _axes(given if given is not None else list(range(len(x))), len(x))
    keep = node.attributes.get("keepdims", 1)
    shape = [1 if at in chosen else size for at, size in enumerate(x) if keep or at not in chosen]
    values = results.find(node.inputs[0])
    function = SUMS.get(node.kind)
    known: Array | None = None
    if function is not None and values is not None and values.size:
        known = np.asarray(function(values, axis=tuple(chosen))).reshape(shape)
    results.work(math.prod(x))
    results.put(node.outputs[0], shape, known)


def _arg(node: Any, results: Results) -> None:
    node.attributes["axes"] = [node.attributes.get("axis", 0)]
    _reduce(node, results)


MOVEMENTS: dict[str, Rule] = {
    **dict.fromkeys(
        ["ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
         "ReduceSum", "ReduceSumSquare"],
        _reduce,
    ),
    **dict.fromkeys(["ArgMax", "ArgMin"], _arg),
    "Concat": _concat,
    "Constant": _constant,
    "ConstantOfShape": _filled,
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
ALL: dict[str, Rule] = {**RULES, **MOVEMENTS}
