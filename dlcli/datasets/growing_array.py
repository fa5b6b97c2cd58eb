"""Arrays that grow while a file is read, in memory or in a file."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcli.datasets.storage import disk_reported, map_file, nameless_file
from dlcli.types import Array

# A table with more columns of numbers stays in memory, as a process has about a thousand files.
MAX_FILES = 200
FIRST_SIZE = 8192


class Numbers:
    """A growing array of float64, without a second copy of it in memory."""

    def __init__(self) -> None:
        self._values, self._size = np.empty(FIRST_SIZE), 0
        self._file: Any = None

    def __len__(self) -> int:
        return self._size

    def extend(self, values: Array) -> None:
        """Append values."""
        size = self._size + len(values)
        if self._file is not None:
            self._write(values)
        else:
            if size > len(self._values):
                self._values.resize(size + size // 8, refcheck=False)
            self._values[self._size : size] = values
        self._size = size

    @property
    def is_in_file(self) -> bool:
        """Whether the values are kept in a file."""
        return self._file is not None

    def move_to_file(self) -> None:
        """Keep the values, and those to come, in a file."""
        if self._file is None:
            with disk_reported(self._size * 8):
                self._file = nameless_file()
            self._write(self._values[: self._size])
            self._values = np.empty(0)

    def _write(self, values: Array) -> None:
        with disk_reported(self._size * 8 + values.nbytes):
            self._file.write(np.ascontiguousarray(values, np.float64).data)

    def to_array(self) -> Array:
        """Return the values, of which there is at least one; nothing can be appended any more."""
        if self._file is None:
            self._values.resize(self._size, refcheck=False)
            return self._values
        with self._file, disk_reported(self._size * 8):
            self._file.flush()
            return map_file(self._file, np.float64, (self._size,))
