"""Columns of numbers that grow while a file is read, in memory or in a file."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcli.datasets import storage
from dlcli.types import Array

FIRST_SIZE = 8192
# Values of a column that are written to the file at a time, if its blocks are smaller.
WRITTEN_VALUES = 1024
# The columns of a table are read in blocks alone, so that more of them than of other arrays can
# be in a file without losing time.
IN_MEMORY_BYTES = 64 << 20


class Numbers:
    """A growing array of float64, without a second copy of it in memory."""

    def __init__(self) -> None:
        self._values, self._held = np.empty(FIRST_SIZE), 0
        self._file: Any = None
        self._segments = array("q")  # offset and length of each, in the file

    def __len__(self) -> int:
        return self._held + sum(self._segments[1::2])

    def extend(self, values: Array) -> None:
        """Append values."""
        size = self._held + len(values)
        if self._file is not None and size > WRITTEN_VALUES:
            self._write(self._values[: self._held])
            self._write(values)
            self._held = 0
            return
        if size > len(self._values):
            self._values.resize(size + size // 8, refcheck=False)
        self._values[self._held : size] = values
        self._held = size

    @property
    def is_in_file(self) -> bool:
        """Whether the values are kept in a file."""
        return self._file is not None

    def move_to_file(self, file: Any) -> None:
        """Keep the values, and those to come, in a file that columns may share."""
        self._file = file
        self._write(self._values[: self._held])
        self._values, self._held = np.empty(0), 0

    def _write(self, values: Array) -> None:
        if len(values):
            with storage.disk_reported(self._file.tell() + values.nbytes):
                self._segments.extend((self._file.tell(), len(values)))
                self._file.write(np.ascontiguousarray(values, np.float64).data)

    def to_array(self) -> Array:
        """Return the values of a column in memory; nothing can be appended any more."""
        self._values.resize(self._held, refcheck=False)
        return self._values

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read_into(self, out: Array) -> None:
        """Copy the values of a column in a file into an array of its length."""
        start = 0
        for offset, length in zip(self._segments[::2], self._segments[1::2], strict=True):
            self._file.seek(offset)
            self._file.readinto(out[start : start + length].view(np.uint8))
            start += length
        out[start:] = self._values[: self._held]


def move_large(columns: Sequence[Numbers]) -> None:
    """Keep columns in a file if they are large for the memory."""
    if not columns or columns[0].is_in_file:
        return
    if storage.is_large(sum(map(len, columns)) * 8, IN_MEMORY_BYTES):
        with storage.disk_reported(0):
            file = storage.nameless_file()
        for column in columns:
            column.move_to_file(file)


def to_arrays(columns: Sequence[Numbers]) -> list[Array]:
    """Return the values of columns of one length; those in a file are parts of one array."""
    if not columns or not columns[0].is_in_file:
        return [column.to_array() for column in columns]
    joined = storage.allocate((len(columns), len(columns[0])), np.float64, IN_MEMORY_BYTES)
    for column, out in zip(columns, joined, strict=True):
        column.read_into(out)
        storage.release(joined, out.nbytes)
    columns[0].close()
    return list(joined)
