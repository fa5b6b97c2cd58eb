"""Arrays that are large for the memory are kept in files that end with the process."""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.errors import DatasetError
from dlcli.files import cache_folder
from dlcli.machine import available_memory
from dlcli.types import Array

# Largest array in memory, and the largest share of the memory that is available.
IN_MEMORY_BYTES = 512 << 20
IN_MEMORY_SHARE = 8
# Pages of a file that were written stay part of the process until they are released.
RELEASE_BYTES = 64 << 20
# Size of the blocks in which large arrays are read, in bytes of float32.
BLOCK_BYTES = 16 << 20
FLOAT_BYTES = 4
# Shorter rows are copied from the mapped file, as reading each would take longer.
MIN_READ_BYTES = 128
ESTIMATED_ITEMS = 64
ALIGNMENT = 64  # bytes, as TensorFlow's kernels want it

# By the mapping of a file into memory: its descriptor, its address, and the bytes written.
_descriptors: dict[int, tuple[int, int]] = {}
_written: Counter[int] = Counter()
_mappings: weakref.WeakSet[Any] = weakref.WeakSet()


def is_large(size: int, most: int | None = None) -> bool:
    """Tell whether an array of `size` bytes is kept in a file.

    Parameters
    ----------
    size : int
    most : int, optional
        Bytes in memory, if these are fewer than for other arrays.
    """
    available = available_memory()
    limit = IN_MEMORY_BYTES if most is None else min(IN_MEMORY_BYTES, most)
    return size > (limit if available is None else min(limit, available // IN_MEMORY_SHARE))


def allocate(shape: tuple[int, ...], dtype: Any, most: int | None = None) -> Array:
    """Return an array that is not filled yet: in memory, or in a file if it is large.

    See `is_large` for `most`.

    Raises
    ------
    DatasetError
        If the disk is too small.
    """
    size = prod(shape) * np.dtype(dtype).itemsize
    return _in_file(shape, dtype, size) if is_large(size, most) else np.empty(shape, dtype)


def aligned_empty(shape: tuple[int, ...], dtype: Any) -> Array:
    """Return an array in memory that TensorFlow can use without a copy."""
    size = prod(shape) * np.dtype(dtype).itemsize
    buffer = np.empty(size + ALIGNMENT, np.uint8)
    start = -buffer.ctypes.data % ALIGNMENT
    aligned: Array = buffer[start : start + size].view(dtype).reshape(shape)
    return aligned


def storage_folder() -> Path:
    """Return the folder of the files, which have no names there."""
    return cache_folder() / "arrays"


def gigabytes(size: float) -> str:
    """Return a number of bytes with its unit."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def _in_file(shape: tuple[int, ...], dtype: Any, size: int) -> Array:
    with disk_reported(size), nameless_file() as file:
        if hasattr(os, "posix_fallocate"):  # a full disk must not end the process later
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)
        array = np.memmap(file, dtype, "r+", shape=shape)
        _mappings.add(_mapping(array))
        _keep_descriptor(array, os.dup(file.fileno()))
        return array


def nameless_file() -> Any:
    """Return a new file that vanishes when it is closed."""
    folder = storage_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryFile(dir=folder)


@contextmanager
def disk_reported(size: int) -> Iterator[None]:
    """Raise the error of a disk as one about the data, with both sizes."""
    try:
        yield
    except OSError as error:
        folder = storage_folder()
        free = shutil.disk_usage(folder).free if folder.is_dir() else 0
        raise DatasetError(
            f"the data need {gigabytes(size)} on the disk, as they are large for the memory; "
            f"{folder} has {gigabytes(free)} ({error.strerror})",
            hint="free some space, set XDG_CACHE_HOME to another disk, or use fewer rows (`limit`)",
        ) from None


def _mapping(array: Any) -> Any:
    """Return the mapped file of an array, or of the array that it is a part of."""
    while isinstance(array, np.ndarray):
        array = array.base
    return array if isinstance(array, mmap.mmap) else None


def _keep_descriptor(array: Any, descriptor: int) -> None:
    """Keep a file open as long as it is mapped, for `take`."""
    mapping = _mapping(array)
    key = id(mapping)
    _descriptors[key] = (descriptor, array.ctypes.data)

    def close() -> None:
        del _descriptors[key]
        os.close(descriptor)

    weakref.finalize(mapping, close)


def take(array: Array, rows: Array) -> Array:
    """Return some rows of an array as an array in memory.

    Rows of a file are read, as a row of a mapped file brings the pages around it into memory.

    Parameters
    ----------
    array : ndarray
    rows : ndarray of int
        Positions from 0.
    """
    mapped = _descriptors.get(id(_mapping(array)))
    row_bytes = prod(array.shape[1:]) * array.itemsize
    is_read = row_bytes >= MIN_READ_BYTES and hasattr(os, "preadv")
    if mapped is None or not is_read or not array.flags.c_contiguous:
        values: Array = array[rows]
        release(array)
        return values
    descriptor, address = mapped
    out = aligned_empty((len(rows), *array.shape[1:]), array.dtype)
    if not out.size:
        return out
    offset, size = array.ctypes.data - address, out[:1].nbytes
    buffer = memoryview(out.reshape(-1).view(np.uint8))  # type: ignore[arg-type]
    if (np.diff(rows) == 1).all():
        starts, length = rows[:1].tolist(), out.nbytes
    else:
        starts, length = rows.tolist(), size
    for number, row in enumerate(starts):
        part = buffer[number * length : (number + 1) * length]
        _read(descriptor, part, offset + row * size)
    return out


def _read(descriptor: int, buffer: memoryview, offset: int) -> None:
    """Read a part of a file; the system reads at most 2 GB at a time."""
    while buffer:
        count = os.preadv(descriptor, [buffer], offset)
        if not count:
            raise OSError("a file of rows ended early")
        buffer, offset = buffer[count:], offset + count


def is_in_file(array: Any) -> bool:
    """Tell whether an array is kept in a file."""
    return isinstance(array, np.memmap)


def release(array: Array, size: int | None = None) -> None:
    """Let go of the pages of an array in a file, which stay in the cache of the system.

    Parameters
    ----------
    array : ndarray
    size : int, optional
        Bytes that were written since the last call: the pages are kept until they are many.
        Default: they are released now.
    """
    mapping = _mapping(array)
    if mapping is None or not hasattr(mmap, "MADV_DONTNEED"):
        return
    _written[id(mapping)] += RELEASE_BYTES if size is None else size
    if _written[id(mapping)] >= RELEASE_BYTES:
        mapping.madvise(mmap.MADV_DONTNEED)
        _written[id(mapping)] = 0


def release_all() -> None:
    """Let go of the pages of all files."""
    if hasattr(mmap, "MADV_DONTNEED"):
        for mapping in _mappings:
            mapping.madvise(mmap.MADV_DONTNEED)


def rows_per_block(width: int) -> int:
    """Return how many rows of `width` values are read at a time."""
    return max(1, BLOCK_BYTES // (FLOAT_BYTES * max(width, 1)))


def blocks(array: Array) -> Iterator[Array]:
    """Yield an array in blocks of rows; one in memory is a single block."""
    if not is_in_file(array):
        yield array
        return
    size = rows_per_block(prod(array.shape[1:]))
    for start in range(0, len(array), size):
        yield take(array, np.arange(start, min(start + size, len(array))))


class MemoryEstimate:
    """Refuses items that need more memory than there is, as soon as the first ones show it.

    Parameters
    ----------
    count : int
        Number of all items.
    items, hint : str
        What they are, and what to do, for the message.
    """

    def __init__(self, count: int, items: str, hint: str) -> None:
        self.count, self.items, self.hint = count, items, hint
        self._seen = self._size = 0

    def add(self, size: int) -> None:
        """Count an item of `size` bytes.

        Raises
        ------
        DatasetError
            With both numbers.
        """
        self._seen, self._size = self._seen + 1, self._size + size
        if self._seen % ESTIMATED_ITEMS == 0:
            total = self._size * max(self.count / self._seen, 1) - self._size
            check_fits(round(total), f"{self.count:,} {self.items}", self.hint)


def check_fits(size: int, subject: str, hint: str) -> None:
    """Refuse what needs more memory than there is.

    Raises
    ------
    DatasetError
        With both numbers.
    """
    available = available_memory()
    if available is not None and size > available:
        raise DatasetError(
            f"{subject} need about {gigabytes(size)} of memory, and {gigabytes(available)} are "
            "available",
            hint=hint,
        )
