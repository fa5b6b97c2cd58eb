"""Looks through a serialized ONNX model before ONNX Runtime sees it.

The few fields of the protocol-buffer format that matter are read here: importing ``onnx`` takes
longer than a whole prediction, and it would build what this refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dlcli.errors import ModelFileError

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


def inspect_graph(data: bytes) -> None:
    """Refuse an ONNX model with anything but standard operators and tensors of its own.

    Parameters
    ----------
    data : bytes
        A serialized ``ModelProto``.

    Raises
    ------
    ModelFileError
        If there is something else, or the bytes are no ONNX model.
    """
    try:
        _inspect(memoryview(data), "model", 0)
    except (IndexError, ValueError):
        raise ModelFileError("the ONNX graph is damaged") from None


def _inspect(message: memoryview, kind: str, depth: int) -> None:
    if depth > DEEPEST:
        raise ModelFileError("the ONNX graph is nested too deeply")
    children = CHILDREN[kind]
    for number, value in _fields(message):
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


def _fields(message: memoryview) -> Iterator[tuple[int, Any]]:
    """Yield number and value of each field: bytes, or a whole number."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        if key >= 1 << 32:  # other readers drop the upper bits, and find another field
            raise ValueError("a field number that is too large")
        number, wire = key >> 3, key & 7
        value: Any = 0
        if wire == 0:
            value, at = _varint(message, at)
        elif wire == 2:
            size, at = _varint(message, at)
            if at + size > len(message):
                raise ValueError("cut off")
            value, at = message[at : at + size], at + size
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")
        yield number, value


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number of more than 64 bits")
