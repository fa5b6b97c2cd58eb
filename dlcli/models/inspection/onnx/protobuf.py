"""The protocol-buffer format, as far as ONNX models need it.

Importing ``onnx`` takes longer than a whole prediction, and it would build what is refused here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def fields(message: memoryview) -> Iterator[tuple[int, Any]]:
    """Yield number and value of each field: bytes, or a whole number.

    Raises
    ------
    ValueError, IndexError
        If the bytes are no message.
    """
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        if key >= 1 << 32:  # other readers drop the upper bits, and find another field
            raise ValueError("a field number that is too large")
        number, wire = key >> 3, key & 7
        value: Any = 0
        if wire == 0:
            value, at = varint(message, at)
        elif wire == 2:
            size, at = varint(message, at)
            if at + size > len(message):
                raise ValueError("cut off")
            value, at = message[at : at + size], at + size
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")
        yield number, value


def varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return a whole number, and where it ends."""
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


def signed(value: int) -> int:
    """Return a whole number of 64 bits with its sign."""
    return value - (1 << 64) if value >= 1 << 63 else value


def numbers(value: Any) -> list[int]:
    """Return whole numbers of a repeated field: one, or many in a row."""
    if isinstance(value, int):
        return [signed(value)]
    found, at = [], 0
    while at < len(value):
        number, at = varint(value, at)
        found.append(signed(number))
    return found
