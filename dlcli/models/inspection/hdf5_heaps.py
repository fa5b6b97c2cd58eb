"""The heaps in which HDF5 keeps texts of any length."""

from __future__ import annotations

from pathlib import Path

from dlcli.errors import ModelFileError
from dlcli.models.inspection.file_section import FileSection
from dlcli.models.limits import Limits

SIGNATURE = b"GCOL\x01"
HEADER = 16
# What is a long heap, and how much all texts may be beyond four times the file.
LONG, REPEATED = 8192, 64 << 20


def read_heaps(path: Path, file: FileSection, limits: Limits) -> list[tuple[int, int]]:
    """Return place and size of each heap, whose objects have to stand one behind the other.

    The library goes round for ever where an object has no length.

    Raises
    ------
    ModelFileError
        If they do not.
    """
    found = []
    for place in file.find_all(SIGNATURE, limits.objects):
        file.seek(place + 8)
        size = int.from_bytes(file.read(8), "little")
        if HEADER < size <= file.size - place:  # otherwise the library refuses it, or it is none
            file.seek(place)
            if not _is_whole(file.read(size)):
                raise ModelFileError(f"{path} is damaged: a list of texts in it has no end")
            found.append((place, size))
    return found


def _is_whole(heap: bytes) -> bool:
    at = HEADER
    while at + HEADER <= len(heap):
        index = int.from_bytes(heap[at : at + 2], "little")
        size = int.from_bytes(heap[at + 8 : at + HEADER], "little")
        # Of what is free, number 0, the size counts its own header.
        step = size if index == 0 else HEADER + -(-size // 8) * 8
        if step < HEADER or at + step > len(heap):
            return False
        at += step
    return True


def is_repeated(file: FileSection, heaps: list[tuple[int, int]]) -> bool:
    """Tell whether texts together are much longer than the file.

    Whoever has one names the address of its heap.
    """
    total = 0
    for place, size in heaps:
        if size > LONG:
            most = (REPEATED + 4 * file.size) // size + 2
            total += len(file.find_all(place.to_bytes(8, "little"), most)) * size
    return total > REPEATED + 4 * file.size
