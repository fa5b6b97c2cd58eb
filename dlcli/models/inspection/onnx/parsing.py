"""Parse a serialized ONNX model into the parts on which the size of its results depends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dlcli.models.inspection.onnx.protobuf import fields, integers, signed
from dlcli.models.inspection.onnx.tensors import MAX_KNOWN_VALUES, GraphError, Shape
from dlcli.types import Array

# NumPy's types by the number of ONNX's.
DTYPES = {
    1: "<f4", 2: "u1", 3: "i1", 5: "<i2", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8",
    12: "<u4", 13: "<u8",
}  # fmt: skip
MAX_RANK = 32
MAX_VARINT = 10  # Bytes of an integer.
# Field numbers of TensorProto.
FLOAT_DATA, INT32_DATA, INT64_DATA, RAW_DATA = 4, 5, 7, 9
DATA_FIELDS = (FLOAT_DATA, INT32_DATA, INT64_DATA, RAW_DATA, 10, 11)


@dataclass
class Node:
    """An operator with the names of its tensors."""

    operator: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass
class ParsedGraph:
    """Operators, stored tensors with small values, shapes of the inputs, names of the outputs."""

    nodes: list[Node] = field(default_factory=list)
    initializers: dict[str, tuple[Shape, Array | None]] = field(default_factory=dict)
    inputs: dict[str, Shape] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)


def parse_model(model: memoryview) -> ParsedGraph:
    """Parse a ``ModelProto``.

    Raises
    ------
    GraphError
        If the graph has control flow, or sparse or quantized tensors.
    ValueError, IndexError, KeyError, TypeError, OverflowError
        If the bytes are damaged.
    """
    graph = ParsedGraph()
    for number, value in fields(_single_message(model, 7)):
        if number == 1:
            graph.nodes.append(_parse_node(value))
        elif number == 5:
            name, shape, values = _parse_tensor(value)
            graph.initializers[name] = shape, values
        elif number == 11:
            name, shape = _parse_input(value)
            graph.inputs[name] = shape
        elif number == 12:
            graph.outputs.append(_text(dict(fields(value))[1]))
        elif number in (14, 15):
            raise GraphError("has sparse or quantized tensors")
    return graph


def _text(value: Any) -> str:
    return bytes(value).decode()


def _single_message(message: memoryview, number: int) -> memoryview:
    """Return the message in a field, which other parsers would merge with a second one."""
    values = [value for at, value in fields(message) if at == number]
    if len(values) != 1:
        raise ValueError("a message that is missing or duplicate")
    return memoryview(values[0])


def _parse_node(message: memoryview) -> Node:
    node = Node()
    for number, value in fields(message):
        if number == 1:
            node.inputs.append(_text(value))
        elif number == 2:
            node.outputs.append(_text(value))
        elif number == 4:
            node.operator = _text(value)
        elif number == 5:
            name, attribute = _parse_attribute(value)
            node.attributes[name] = attribute
    return node


def _parse_attribute(message: memoryview) -> tuple[str, Any]:
    attribute: Any = None
    name, items = "", []
    for number, value in fields(message):
        if number == 1:
            name = _text(value)
        elif number == 3:
            attribute = signed(value)
        elif number == 4:
            attribute = bytes(value)
        elif number == 5:
            attribute = _parse_tensor(value)
        elif number == 8:
            items += integers(value)
        elif number in (6, 10, 11, 22, 23):
            raise GraphError("has control flow, which graphs in model files never have")
    return name, items or attribute


def _parse_tensor(message: memoryview) -> tuple[str, Shape, Array | None]:
    """Return name, shape and, if they are few, the values of a tensor."""
    shape: list[int] = []
    name, dtype_number, size = "", 0, 0
    data: list[tuple[int, Any]] = []
    for number, value in fields(message):
        if number == 1:
            shape += integers(value)
        elif number == 2:
            dtype_number = value
        elif number == 8:
            name = _text(value)
        elif number in DATA_FIELDS:
            size += _size(value)
            data.append((number, value))
    if len(shape) > MAX_RANK or min(shape, default=0) < 0:
        raise ValueError("a tensor with a wrong shape")
    dtype, count = np.dtype(DTYPES[dtype_number]), math.prod(shape)
    raw = [value for number, value in data if number == RAW_DATA]
    if count > size or len(raw) > 1 or (raw and count * dtype.itemsize != size):
        raise ValueError("a tensor whose data does not have the size of its shape")
    values: Array | None = None
    if count <= MAX_KNOWN_VALUES and raw:
        values = np.frombuffer(raw[0], dtype)
    elif count <= MAX_KNOWN_VALUES and size <= MAX_VARINT * MAX_KNOWN_VALUES:
        values = _typed_values(data, dtype)
    is_complete = values is not None and values.size == count
    return name, tuple(shape), values.reshape(shape) if values is not None and is_complete else None


def _size(value: Any) -> int:
    return len(value) if isinstance(value, memoryview) else 8


def _typed_values(data: Sequence[tuple[int, Any]], dtype: np.dtype[Any]) -> Array:
    """Return the values in the data fields of integers and of floats."""
    items: list[float] = []
    for number, value in data:
        if number in (INT32_DATA, INT64_DATA):
            items += integers(value)
        elif number == FLOAT_DATA and isinstance(value, memoryview):
            items += np.frombuffer(value, "<f4").tolist()
    return np.array(items, dtype)


def _parse_input(message: memoryview) -> tuple[str, Shape]:
    """Return name and shape of an input; unknown sizes are 0."""
    name = next(_text(value) for number, value in fields(message) if number == 1)
    tensor_type = _single_message(_single_message(message, 2), 1)
    shape = []
    for number, dimension in fields(_single_message(tensor_type, 2)):
        if number == 1:
            sizes = [signed(value) for at, value in fields(dimension) if at == 1]
            shape.append(sizes[-1] if sizes else 0)
    return name, tuple(shape)
