"""Check the global heaps, in which HDF5 stores texts of variable length."""

from __future__ import annotations

from pathlib import Path

from dlcli.errors import ModelFileError
from dlcli.models.inspection.file_section import FileSection
from dlcli.models.limits import Limits

SIGNATURE = b"GCOL\x01"
HEADER_SIZE = 16  # Of a heap, and of an object in it.
LONG_HEAP = 8192
# Texts may be longer than the file by this factor and this many bytes.
TEXT_FACTOR, TEXT_BYTES = 4, 64 << 20


def read_heaps(path: Path, file: FileSection, limits: Limits) -> list[tuple[int, int]]:
    """Return position and size of each heap, after checking its objects.

    Raises
    ------
    ModelFileError
        If an object has no length, on which the HDF5 library would loop without end, or reaches
        beyond its heap.
    """
    heaps = []
    for position in file.find_all(SIGNATURE, limits.objects):
        file.seek(position + 8)
        size = int.from_bytes(file.read(8), "little")
        # Bytes that look like a signature, and sizes that the library refuses, are skipped.
        if HEADER_SIZE < size <= file.size - position:
            file.seek(position)
            if not _is_complete(file.read(size)):
                raise ModelFileError(f"{path} is damaged: an HDF5 heap with invalid sizes")
            heaps.append((position, size))
    return heaps


def _is_complete(heap: bytes) -> bool:
    position = HEADER_SIZE
    while position + HEADER_SIZE <= len(heap):
        index = int.from_bytes(heap[position : position + 2], "little")
        size = int.from_bytes(heap[position + 8 : position + HEADER_SIZE], "little")
        # Object 0 is the free space, whose size includes its header.
        step = size if index == 0 else HEADER_SIZE + -(-size // 8) * 8
        if step < HEADER_SIZE or position + step > len(heap):
            return False
        position += step
    return True


def has_repeated_texts(file: FileSection, heaps: list[tuple[int, int]]) -> bool:
    """Return whether the texts in attributes can be much longer than the file.

    An attribute refers to a text by the address of its heap, and several can refer to one text.
    """
    limit, total = TEXT_BYTES + TEXT_FACTOR * file.size, 0
    for position, size in heaps:
        if size > LONG_HEAP:
            references = file.find_all(position.to_bytes(8, "little"), limit // size + 2)
            total += len(references) * size
    return total > limit
