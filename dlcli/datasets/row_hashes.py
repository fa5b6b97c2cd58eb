"""Hashes of rows, pictures and recordings, by which equal ones are found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from dlcli.datasets import storage
from dlcli.datasets.dataset import Column
from dlcli.types import Array

if TYPE_CHECKING:
    import pandas as pd

# pandas copies the texts of a column, some of which are long.
BLOCK_ROWS = 4096


def sample_hashes(
    x: pd.DataFrame | Mapping[str, Array] | Array, columns: Sequence[Column], y: Array
) -> Array:
    """Return a hash of each sample with its target.

    Parameters
    ----------
    x : DataFrame, mapping or ndarray
        Columns of n values, or an array of shape (n, …).
    columns : sequence of Column
        Of a table.
    y : ndarray, shape (n,) or (n, targets)

    Returns
    -------
    ndarray of uint64, shape (n,)
    """
    if isinstance(x, np.ndarray):
        return _content_hashes(x, y)
    values = (np.asarray(x[column.name]) for column in columns)
    if [column.type for column in columns] == ["audio"]:
        return _content_hashes(next(values), y)
    return row_hashes((*values, *y.reshape(len(y), -1).T), len(y))


def row_hashes(columns: Iterable[Array], rows: int) -> Array:
    """Return a hash of each row; equal rows have the same.

    Parameters
    ----------
    columns : iterable of ndarrays, shape (n,)
        Numbers with NaN, or objects with None, for missing values.
    rows : int
        Their length.

    Returns
    -------
    ndarray of uint64, shape (n,)
    """
    import pandas as pd

    hashes = np.zeros(rows, np.uint64)
    for values in columns:
        column = values if values.dtype == object else values + 0  # -0.0 equals 0.0
        for start in range(0, rows, BLOCK_ROWS):
            part = slice(start, start + BLOCK_ROWS)
            # The product may overflow.
            hashes[part] = 31 * hashes[part] + pd.util.hash_array(column[part])
        storage.release(values)
    return hashes


def _content_hashes(items: Array, y: Array) -> Array:
    """Return a hash of each picture, recording or other array with its target; without pandas.

    Parameters
    ----------
    items : ndarray of shape (n, …), or of n objects that are arrays
    y : ndarray, shape (n,) or (n, targets)

    Returns
    -------
    ndarray of uint64, shape (n,)
    """
    blocks = (item[np.newaxis] for item in items) if items.dtype == object else _blocks(items)
    contents = chain.from_iterable(map(_contents, blocks))
    digests = (
        hashlib.blake2b(content + target.tobytes(), digest_size=8).digest()
        for content, target in zip(contents, y.astype(np.float64), strict=True)
    )
    return np.frombuffer(b"".join(digests), "<u8")


def _blocks(items: Array) -> Iterator[Array]:
    size = storage.rows_per_block(prod(items.shape[1:]))
    for block in storage.blocks(items):
        for start in range(0, len(block), size):
            yield block[start : start + size]


def _contents(block: Array) -> Iterator[bytes]:
    """Yield the bytes of each item: as uint8 if it has such values only, else as float32."""
    rows = block.reshape(len(block), -1)
    with np.errstate(invalid="ignore"):  # numbers that are out of range do not become equal
        whole = rows.astype(np.uint8)
    is_whole = (whole == rows).all(axis=1).tolist()
    floats = whole if all(is_whole) else rows.astype(np.float32)
    for row, flag in enumerate(is_whole):
        yield (whole if flag else floats)[row].tobytes()
