"""Preprocessed rows: in memory, or computed or read from a file when they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from dlcli.datasets import storage
from dlcli.datasets.dataset import take_rows
from dlcli.errors import DatasetError
from dlcli.preparation.preprocessor import Preprocessor
from dlcli.types import Array

TABLE_SHARE = 4


@dataclass(frozen=True, eq=False)
class LazyRows:
    """Preprocessed rows that are not in memory; float32, shape (n, …).

    Slices and arrays of positions give arrays.

    Parameters
    ----------
    x : ndarray
        All rows.
    rows : ndarray of int
        Positions in `x`.
    preprocessor : Preprocessor or None
        Applied to the rows that are needed; None if those of `x` are preprocessed.
    """

    x: Array
    rows: Array
    preprocessor: Preprocessor | None

    dtype = np.dtype(np.float32)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array that the rows are."""
        return (len(self.rows), *self.x.shape[1:])

    @property
    def nbytes(self) -> int:
        """Size of the array that the rows are."""
        return prod(self.shape) * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: slice | Array) -> Array:
        values = storage.take(self.x, self.rows[key])
        return values if self.preprocessor is None else self.preprocessor.transform(values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self[:], dtype)

    def take(self, rows: Array) -> LazyRows:
        """Return some of the rows."""
        return LazyRows(self.x, self.rows[rows], self.preprocessor)

    def extremes(self) -> LazyRows | None:
        """Return a row with the smallest and one with the largest value of each column.

        None if the rows would have to be preprocessed for that.
        """
        if self.x.dtype != np.uint8 or not (self.preprocessor and self.preprocessor.keeps_order):
            return None
        low = high = storage.take(self.x, self.rows[:1])
        for block in blocks(LazyRows(self.x, self.rows, None)):
            low = np.minimum(low, block.min(axis=0))
            high = np.maximum(high, block.max(axis=0))
        pair = np.concatenate([low, high])
        return LazyRows(pair, np.arange(2), self.preprocessor)


def transform_rows(preprocessor: Preprocessor, x: Any, rows: Array) -> Array | LazyRows:
    """Preprocess some rows of a data set.

    Parameters
    ----------
    preprocessor : Preprocessor
    x : DataFrame or ndarray
    rows : ndarray of int

    Returns
    -------
    ndarray of float32, shape (n, …), or LazyRows
        Lazy if the result would be large for the memory: rows of an array are preprocessed when
        they are needed; those of a table are preprocessed now and kept in a file.

    Raises
    ------
    DatasetError
        If a value cannot be preprocessed; its ``row`` is a position in `rows`.
    """
    shape = (len(rows), *preprocessor.input_shape)
    is_large = storage.is_large(prod(shape) * storage.FLOAT_BYTES)
    if isinstance(x, np.ndarray):
        if not is_large and not storage.is_in_file(x):
            return preprocessor.transform(x[rows])
        lazy = LazyRows(x, rows, preprocessor)
        if x.dtype.kind == "f":
            for _ in blocks(lazy):  # invalid values are reported at once
                pass
        return lazy
    # The values are float64, and there are several arrays of them at once.
    size = max(1, storage.rows_per_block(prod(shape[1:])) // TABLE_SHARE)
    if len(rows) <= size and not is_large:
        return preprocessor.transform(take_rows(x, rows))
    out = storage.allocate(shape, np.float32)
    for start in range(0, len(rows), size):
        block = out[start : start + size]
        try:
            block[...] = preprocessor.transform(take_rows(x, rows[start : start + size]))
        except DatasetError:  # of all rows, so that it counts all values
            preprocessor.transform(take_rows(x, rows))
            raise
        storage.release_all()
    if not storage.is_in_file(out):
        return out
    return LazyRows(out, np.arange(len(rows)), None)


def blocks(x: Array | LazyRows) -> Iterator[Array]:
    """Yield preprocessed rows in blocks."""
    size = storage.rows_per_block(prod(x.shape[1:]))
    for start in range(0, len(x), size):
        yield x[start : start + size]
