"""Tensors of the Open Inference Protocol: in JSON, or as bytes behind it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dlcli.serving.problems import RequestError
from dlcli.types import Array

DTYPES = {
    "BOOL": "?", "INT8": "i1", "INT16": "<i2", "INT32": "<i4", "INT64": "<i8", "UINT8": "u1",
    "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8", "FP16": "<f2", "FP32": "<f4", "FP64": "<f8",
}  # fmt: skip
MAX_DIMENSIONS = 8
LENGTH = 4  # bytes before each element of BYTES


@dataclass(frozen=True)
class Tensor:
    """A tensor of a request.

    Parameters
    ----------
    name, datatype : str
    shape : tuple of int
    values : list or ndarray
        All elements in order. Of BYTES: texts, or bytes if they came behind the JSON.
    """

    name: str
    datatype: str
    shape: tuple[int, ...]
    values: Any = field(repr=False)

    def array(self) -> Array:
        """Return the numbers as an array of the shape.

        Raises
        ------
        RequestError
            400 if an element is none.
        """
        try:
            # With the type: that of the longest text could need any memory.
            values: Array = np.asarray(self.values, np.float64)
        except (ValueError, TypeError, OverflowError):
            message = f"input {self.name[:100]!r}: an element is no number"
            raise RequestError(400, message) from None
        return values.reshape(self.shape)

    def elements(self) -> list[Any]:
        """Return the elements of a column; bytes are decoded as UTF-8."""
        if isinstance(self.values, np.ndarray):
            return list(self.values.tolist())
        return [self._text(value) if isinstance(value, bytes) else value for value in self.values]

    def _text(self, value: bytes) -> str:
        try:
            return value.decode()
        except UnicodeDecodeError:
            message = f"input {self.name[:100]!r}: an element is not UTF-8"
            raise RequestError(400, message) from None


class Reader:
    """Read the tensors of a request, one after the other.

    Parameters
    ----------
    binary : bytes
        What follows the JSON.
    """

    def __init__(self, binary: bytes) -> None:
        self._binary, self._at = binary, 0

    def read(self, item: Any) -> Tensor:
        """Return a tensor.

        Raises
        ------
        RequestError
            400 if it is malformed.
        """
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            raise RequestError(400, "an input is no object with a name")
        name, datatype = item["name"], item.get("datatype")
        if datatype not in (*DTYPES, "BYTES"):
            listed = ", ".join([*DTYPES, "BYTES"])
            message = f"input {name[:100]!r}: unknown datatype {str(datatype)[:40]!r}"
            raise RequestError(400, message, hint=f"use {listed}")
        shape = item.get("shape")
        if not isinstance(shape, list) or not _is_shape(shape):
            message = f"input {name[:100]!r}: the shape is no list of sizes"
            raise RequestError(400, message)
        count = math.prod(shape)
        parameters = item.get("parameters")
        size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
        if size is not None:
            values = self._read_binary(name, datatype, size, count)
        else:
            values = _flat(item.get("data"), name, len(shape))
        if len(values) != count:
            message = f"input {name[:100]!r}: {len(values):,} elements for shape {shape}"
            raise RequestError(400, message)
        return Tensor(name, datatype, tuple(shape), values)

    def _read_binary(self, name: str, datatype: str, size: Any, count: int) -> Any:
        if not _is_size(size) or self._at + size > len(self._binary):
            raise RequestError(400, f"input {name[:100]!r}: the body ends before its data")
        data = self._binary[self._at : self._at + size]
        self._at += size
        if datatype == "BYTES":
            return split_bytes(data, name)
        dtype = np.dtype(DTYPES[datatype])
        if size != count * dtype.itemsize:
            raise RequestError(400, f"input {name[:100]!r}: {size:,} bytes for {count:,} elements")
        return np.frombuffer(data, dtype)


def _is_shape(shape: list[Any]) -> bool:
    return 0 < len(shape) <= MAX_DIMENSIONS and all(map(_is_size, shape))


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 40


def _flat(data: Any, name: str, dimensions: int) -> list[Any]:
    """Return the elements of lists in lists, in order."""
    if not isinstance(data, list):
        raise RequestError(400, f"input {name[:100]!r} has no data")
    for _ in range(dimensions - 1):
        if data and all(isinstance(item, list) for item in data):
            data = [value for item in data for value in item]
    if any(isinstance(item, list | dict) for item in data):
        raise RequestError(400, f"input {name[:100]!r}: the data are no list of elements")
    elements: list[Any] = data
    return elements


def split_bytes(data: bytes, name: str) -> list[bytes]:
    """Return the elements of a BYTES tensor, each of which follows its length."""
    elements = []
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + LENGTH], "little")
        end = at + LENGTH + length
        if at + LENGTH > len(data) or end > len(data):
            raise RequestError(400, f"input {name[:100]!r}: an element is not complete")
        elements.append(data[at + LENGTH : end])
        at = end
    return elements


def join_bytes(texts: Sequence[str]) -> bytes:
    """Return texts as the bytes of a BYTES tensor."""
    encoded = [text.encode() for text in texts]
    return b"".join(len(data).to_bytes(LENGTH, "little") + data for data in encoded)


def split_body(body: bytes, header_length: str) -> tuple[bytes, bytes]:
    """Return the JSON of a body and what follows it.

    Parameters
    ----------
    body : bytes
    header_length : str
        Value of ``Inference-Header-Content-Length``; empty if all is JSON.
    """
    if not header_length:
        return body, b""
    if not header_length.isdecimal() or int(header_length[:20]) > len(body):
        raise RequestError(400, "Inference-Header-Content-Length is not the length of the JSON")
    at = int(header_length[:20])
    return body[:at], body[at:]


def wants_binary(parameters: Any, key: str, *, default: bool = False) -> bool:
    """Return whether a parameter asks for bytes behind the JSON of the answer."""
    value = parameters.get(key, default) if isinstance(parameters, Mapping) else default
    if not isinstance(value, bool):
        raise RequestError(400, f"parameter {key!r}: expected true or false")
    return value
