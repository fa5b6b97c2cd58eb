"""A part of a file, read as a file of its own."""

from __future__ import annotations

import mmap
from typing import Any, BinaryIO


class FileSection:
    """A part of a file as a file of its own; what h5py needs of one."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self.size = size
        self._file, self._start = file, start
        self._at = 0

    def find_all(self, what: bytes, most: int) -> list[int]:
        """Return the places of some bytes, of the first `most` of them."""
        found: list[int] = []
        with mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            end = self._start + self.size
            at = whole.find(what, self._start, end)
            while at >= 0 and len(found) < most:
                found.append(at - self._start)
                at = whole.find(what, at + 1, end)
        return found

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        base = {0: 0, 1: self._at, 2: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def read(self, count: int = -1) -> bytes:
        """Return up to so many bytes, and none behind the end of the part."""
        left = max(0, self.size - self._at)
        self._file.seek(self._start + self._at)
        data = self._file.read(left if count < 0 else min(count, left))
        self._at += len(data)
        return data
