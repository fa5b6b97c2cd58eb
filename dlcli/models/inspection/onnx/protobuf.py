"""Parse the protocol-buffer wire format, as far as ONNX models use it.

Importing ``onnx`` takes longer than a prediction, and its parser would build what is refused here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def fields(message: memoryview) -> Iterator[tuple[int, Any]]:
    """Yield number and value of each field; a value is bytes or an unsigned integer.

    Raises
    ------
    ValueError, IndexError
        If the bytes are not a message.
    """
    position = 0
    while position < len(message):
        key, position = varint(message, position)
        if key >= 1 << 32:  # other parsers drop the upper bits and see another field
            raise ValueError("field number out of range")
        number, wire_type = key >> 3, key & 7
        value: Any = 0
        if wire_type == 0:
            value, position = varint(message, position)
        elif wire_type == 2:
            size, position = varint(message, position)
            if position + size > len(message):
                raise ValueError("field is cut off")
            value, position = message[position : position + size], position + size
        elif wire_type in (1, 5):
            position += 8 if wire_type == 1 else 4
        else:
            raise ValueError(f"wire type {wire_type}")
        yield number, value


def varint(message: memoryview, position: int) -> tuple[int, int]:
    """Return an unsigned integer and the position after it."""
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
        shift += 7
        if shift > 63:
            raise ValueError("integer of more than 64 bits")


def signed(value: int) -> int:
    """Return a 64-bit integer with its sign."""
    return value - (1 << 64) if value >= 1 << 63 else value


def integers(value: Any) -> list[int]:
    """Return the signed integers of a repeated field: a single one, or packed ones."""
    if isinstance(value, int):
        return [signed(value)]
    items, position = [], 0
    while position < len(value):
        item, position = varint(value, position)
        items.append(signed(item))
    return items
