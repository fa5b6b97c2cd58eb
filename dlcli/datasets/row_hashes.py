"""Hashes of the rows of a table."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from dlcli.datasets import storage
from dlcli.types import Array

# pandas copies the texts of a column, some of which are long.
BLOCK_ROWS = 4096


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
