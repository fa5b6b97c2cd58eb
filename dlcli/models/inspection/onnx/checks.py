"""Looks through a serialized ONNX model before ONNX Runtime sees it.

Whoever writes a model file also writes the digests in it, so that a graph has to be harmless by
itself: the operators that dlcli's export makes, every tensor in the graph, and no result larger
than a network may have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dlcli.errors import ModelFileError
from dlcli.models.inspection.onnx.movements import ALL
from dlcli.models.inspection.onnx.operators import Results, UnboundedError
from dlcli.models.inspection.onnx.protobuf import fields, numbers, signed
from dlcli.models.limits import DEFAULT, Limits
from dlcli.types import Array

DEEPEST = 20
# Fields of ModelProto, GraphProto, NodeProto, AttributeProto and TensorProto by their number
# that hold a message of the kind named; of the others nothing is looked at.
CHILDREN: dict[str, dict[int, str]] = {
    "model": {7: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
# What a network of Keras's layers has no need of.
REFUSED = {
    ("model", 20): "training information",
    ("model", 25): "functions of its own",
    ("tensor", 13): "data in another file",
    ("tensor", 14): "data in another file",
}
DOMAIN = 7
STANDARD = (b"", b"ai.onnx")
# Types of tensors by their number.
TYPES = {
    1: "<f4", 2: "u1", 3: "i1", 5: "<i2", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8",
    12: "<u4", 13: "<u8",
}  # fmt: skip
FLOAT_DATA, INT32_DATA, INT64_DATA, RAW_DATA = 4, 5, 7, 9
PAYLOADS = (4, 5, 7, 9, 10, 11)
SMALL = 1024  # Values of more are no shapes.


def inspect_onnx(
    data: bytes, *, own: bool = False, rows: int = 1, limits: Limits = DEFAULT
) -> None:
    """Refuse an ONNX model that is not as harmless as those of dlcli's export.

    Parameters
    ----------
    data : bytes
        A serialized ``ModelProto``.
    own : bool
        Whether it was made here, from an inspected network: then it may have loops, and is not
        measured.
    rows : int
        Samples that will be computed at a time.
    limits : Limits

    Raises
    ------
    ModelFileError
        If there is anything but standard operators and tensors of its own, if what it computes
        is too large or cannot be told, or if the bytes are no ONNX model.
    """
    message = memoryview(data)
    try:
        _inspect(message, "model", 0)
        if not own:
            parsed = _parse(message)
            for count in {1, rows}:  # what takes long for one row must not hide behind many
                measure_graph(parsed, count, limits)
    except (IndexError, ValueError, KeyError, TypeError, OverflowError, UnicodeDecodeError):
        raise ModelFileError("the ONNX graph is damaged") from None
    except UnboundedError as reason:
        raise ModelFileError(f"the ONNX graph {reason}") from None


def graph_operators(data: bytes) -> dict[str, int]:
    """Count the operators of an inspected model."""
    kinds = Counter(node.kind for node in _parse(memoryview(data)).nodes)
    return dict(sorted(kinds.items()))


def _inspect(message: memoryview, kind: str, depth: int) -> None:
    if depth > DEEPEST:
        raise ModelFileError("the ONNX graph is nested too deeply")
    children = CHILDREN[kind]
    for number, value in fields(message):
        refused = REFUSED.get((kind, number))
        if refused and value:
            raise ModelFileError(f"the ONNX graph has {refused}")
        if kind == "node" and number == DOMAIN and bytes(value) not in STANDARD:
            name = bytes(value).decode("ascii", "replace")
            raise ModelFileError(f"the ONNX graph has operators of {name!r}")
        if number in children:
            if not isinstance(value, memoryview):
                raise ValueError("a number where a message belongs")
            _inspect(value, children[number], depth + 1)


@dataclass
class Node:
    """One operation."""

    kind: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass
class Parsed:
    """A graph, as far as sizes depend on it."""

    nodes: list[Node] = field(default_factory=list)
    tensors: dict[str, tuple[tuple[int, ...], Array | None]] = field(default_factory=dict)
    inputs: dict[str, tuple[int, ...]] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)


def _text(value: Any) -> str:
    return bytes(value).decode()


def _only(message: memoryview, number: int) -> memoryview:
    """Return the message in a field; other readers would join two of them into one."""
    found = [value for at, value in fields(message) if at == number]
    if len(found) != 1:
        raise ValueError("a message that is missing, or there twice")
    return memoryview(found[0])


def _parse(model: memoryview) -> Parsed:
    parsed = Parsed()
    for number, value in fields(_only(model, 7)):
        if number == 1:
            parsed.nodes.append(_node(value))
        elif number == 5:
            name, shape, values = _tensor(value)
            parsed.tensors[name] = shape, values
        elif number == 11:
            parsed.inputs.update(_input(value))
        elif number == 12:
            parsed.outputs.append(_text(dict(fields(value))[1]))
        elif number in (14, 15):
            raise UnboundedError("has sparse or quantized tensors")
    return parsed


def _node(message: memoryview) -> Node:
    node = Node()
    for number, value in fields(message):
        if number == 1:
            node.inputs.append(_text(value))
        elif number == 2:
            node.outputs.append(_text(value))
        elif number == 4:
            node.kind = _text(value)
        elif number == 5:
            name, found = _attribute(value)
            node.attributes[name] = found
    return node


def _attribute(message: memoryview) -> tuple[str, Any]:
    found: Any = None
    name, many = "", []
    for number, value in fields(message):
        if number == 1:
            name = _text(value)
        elif number == 3:
            found = signed(value)
        elif number == 4:
            found = bytes(value)
        elif number == 5:
            found = _tensor(value)
        elif number == 8:
            many += numbers(value)
        elif number in (6, 10, 11, 22, 23):
            raise UnboundedError("has control flow, which the graph in a model file never has")
    return name, many or found


def _tensor(message: memoryview) -> tuple[str, tuple[int, ...], Array | None]:
    """Return name, shape and, of few whole numbers, the values of a tensor."""
    shape: list[int] = []
    name, kind, held = "", 0, 0
    values: list[float] = []
    raw: memoryview | None = None
    for number, value in fields(message):
        if number == 1:
            shape += numbers(value)
        elif number == 2:
            kind = value
        elif number == 8:
            name = _text(value)
        elif number in PAYLOADS:
            held += len(value) if isinstance(value, memoryview) else 8
            raw = value if number == RAW_DATA else raw
            if number in (INT32_DATA, INT64_DATA) and held <= 10 * SMALL:
                values += numbers(value)
            elif number == FLOAT_DATA and isinstance(value, memoryview) and held <= 4 * SMALL:
                values += np.frombuffer(value, "<f4").tolist()
    dtype = np.dtype(TYPES[kind])
    count = int(np.prod([float(size) for size in shape]))
    if (
        min(shape, default=0) < 0
        or count > held
        or (raw is not None and count * dtype.itemsize != held)
    ):
        raise ValueError("a tensor that is not as large as it says")
    known: Array | None = None
    if count <= SMALL and raw is not None:
        known = np.frombuffer(raw, dtype).reshape(shape)
    elif count <= SMALL and len(values) == count:
        known = np.array(values, dtype).reshape(shape)
    return name, tuple(shape), known


def _input(message: memoryview) -> Mapping[str, tuple[int, ...]]:
    """Return name and shape of an input; 0 for what is open."""
    name = next(_text(value) for number, value in fields(message) if number == 1)
    tensor = _only(_only(message, 2), 1)
    sizes = []
    for number, size in fields(_only(tensor, 2)):
        if number == 1:
            found = [signed(value) for at, value in fields(size) if at == 1]
            sizes.append(found[-1] if found else 0)
    return {name: tuple(sizes)}


def measure_graph(graph: Parsed, rows: int, limits: Limits) -> None:
    """Follow shapes and values from operator to operator.

    Raises
    ------
    UnboundedError
        If a result is too large, or its size cannot be told.
    """
    if len(graph.nodes) > limits.nodes:
        raise UnboundedError(f"has {len(graph.nodes):,} operators")
    results = Results(dict(graph.tensors), limits, rows)
    for name, shape in graph.inputs.items():
        if name not in graph.tensors:
            results.put(name, tuple(size or (1 if at else rows) for at, size in enumerate(shape)))
    last = {name: at for at, node in enumerate(graph.nodes) for name in node.inputs}
    for name in graph.outputs:
        last[name] = len(graph.nodes)
    for at, node in enumerate(graph.nodes):
        rule = ALL.get(node.kind)
        if rule is None:
            raise UnboundedError(f"has the operator {node.kind[:40]!r}, which dlcli does not write")
        rule(node, results)
        for name in {*node.inputs, *node.outputs}:
            if last.get(name, -1) <= at:
                results.drop(name)
