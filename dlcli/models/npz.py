"""Archives of NumPy arrays, looked through before NumPy reads one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from dlcli.errors import ModelFileError
from dlcli.models.inspection.source import open_archive
from dlcli.models.inspection.zip_archive import place_of, read_members
from dlcli.models.limits import DEFAULT, Limits

ENDING = ".npy"
KINDS = "biufcU"
READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


@dataclass(frozen=True)
class ArrayFacts:
    """What the header of an array says: type and shape."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]


def inspect_npz(path: Path, limits: Limits = DEFAULT) -> Mapping[str, ArrayFacts]:
    """Return what an ``.npz`` file holds, if it is what ``numpy.savez`` writes of plain arrays.

    Open it with ``numpy.load(path, allow_pickle=False)`` afterwards: reading a member also checks
    its checksum.

    Parameters
    ----------
    path : Path
    limits : Limits

    Raises
    ------
    ModelFileError
        If the file is damaged, compressed, or has anything but arrays of numbers, booleans and
        text.
    """
    found = {}
    with open_archive(path, limits) as (source, file):
        for member in read_members(path, file, source.size, limits):
            name = member.filename.removesuffix(ENDING)
            if name == member.filename or not name:
                raise ModelFileError(f"{path} is refused: {member.filename[:80]!r} is no array")
            start, size = place_of(file, member)
            file.seek(start)
            found[name] = _array(path, file, name, size)
    return found


def _array(path: Path, file: BinaryIO, name: str, size: int) -> ArrayFacts:
    """Read the header of an array that has to fill its member exactly."""
    start = file.tell()
    try:
        reader = READERS[npy.read_magic(file)]
        shape, _, dtype = reader(file)
    # What NumPy's own parser raises, and tokens and syntax of Python's below it.
    except (ValueError, KeyError, TypeError, SyntaxError, TokenError, RecursionError, MemoryError):
        raise ModelFileError(f"{path} is damaged: the header of {name[:80]!r}") from None
    if dtype.kind not in KINDS or dtype.hasobject:
        raise ModelFileError(f"{path} is refused: {name[:80]!r} holds {dtype}, not plain values")
    held = file.tell() - start + math.prod(shape) * dtype.itemsize
    if any(length < 0 for length in shape) or held != size:
        raise ModelFileError(f"{path} is damaged: {name[:80]!r} is not as long as it says")
    return ArrayFacts(dtype, shape)
