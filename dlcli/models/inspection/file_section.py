"""A section of a file, read as a file of its own."""

from __future__ import annotations

import mmap
from typing import Any, BinaryIO


class FileSection:
    """A section of a file with the methods of a binary file that h5py needs.

    Parameters
    ----------
    file : binary file
    start, size : int
        Position and length of the section in bytes.
    """

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self.size = size
        self._file, self._start = file, start
        self._position = 0

    def find_all(self, pattern: bytes, limit: int) -> list[int]:
        """Return the positions of the first `limit` occurrences of `pattern`."""
        positions: list[int] = []
        with mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            end = self._start + self.size
            position = content.find(pattern, self._start, end)
            while position >= 0 and len(positions) < limit:
                positions.append(position - self._start)
                position = content.find(pattern, position + 1, end)
        return positions

    def seek(self, offset: int, whence: int = 0) -> int:
        """Change the position as `io.IOBase.seek` does."""
        base = {0: 0, 1: self._position, 2: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Read bytes into a buffer and return their number."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def read(self, count: int = -1) -> bytes:
        """Return up to `count` bytes, none of them beyond the end of the section."""
        remaining = max(0, self.size - self._position)
        self._file.seek(self._start + self._position)
        data = self._file.read(remaining if count < 0 else min(count, remaining))
        self._position += len(data)
        return data
