"""Inspect ``.npz`` archives before NumPy reads an array from them."""

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
from dlcli.models.inspection.source import open_zip
from dlcli.models.inspection.zip_archive import content_range, read_members
from dlcli.models.limits import DEFAULT, Limits

SUFFIX = ".npy"
ALLOWED_KINDS = "biufcU"
HEADER_READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


@dataclass(frozen=True)
class ArrayHeader:
    """Data type and shape of a stored array.

    Parameters
    ----------
    dtype : dtype
    shape : tuple of int
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]


def inspect_npz(path: Path, limits: Limits = DEFAULT) -> Mapping[str, ArrayHeader]:
    """Return the header of each array, if the file is as ``numpy.savez`` writes plain arrays.

    Load the file with ``numpy.load(path, allow_pickle=False)`` afterwards, which also checks the
    checksum of every member that it reads.

    Raises
    ------
    ModelFileError
        If the file is damaged, compressed, or holds anything but arrays of numbers, booleans and
        text.
    """
    headers = {}
    with open_zip(path, limits) as (source, file):
        for member in read_members(path, file, source.size, limits):
            name = member.filename.removesuffix(SUFFIX)
            if name == member.filename or not name:
                raise ModelFileError(f"{path} is refused: {member.filename[:80]!r} is not an array")
            start, size = content_range(file, member)
            file.seek(start)
            headers[name] = _read_header(path, file, name, size)
    return headers


def _read_header(path: Path, file: BinaryIO, name: str, size: int) -> ArrayHeader:
    """Read the header of an array, whose values have to fill the rest of its member exactly."""
    start = file.tell()
    try:
        reader = HEADER_READERS[npy.read_magic(file)]
        shape, _, dtype = reader(file)
    # Errors of NumPy's parser, and of Python's tokenizer and parser below it.
    except (ValueError, KeyError, TypeError, SyntaxError, TokenError, RecursionError, MemoryError):
        raise ModelFileError(f"{path} is damaged: the header of {name[:80]!r}") from None
    if dtype.kind not in ALLOWED_KINDS or dtype.hasobject:
        raise ModelFileError(f"{path} is refused: {name[:80]!r} holds {dtype}, not plain values")
    expected = file.tell() - start + math.prod(shape) * dtype.itemsize
    if any(length < 0 for length in shape) or expected != size:
        raise ModelFileError(
            f"{path} is damaged: {name[:80]!r} does not have the size of its shape"
        )
    return ArrayHeader(dtype, shape)
