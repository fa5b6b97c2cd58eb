"""A series of numbers, cut into windows with the value that follows each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from dlcli.config.loaders import CsvLoader
from dlcli.datasets.dataset import PIXELS, Column, Dataset, Dialect, Medium, Target
from dlcli.datasets.tables.columns import numbers
from dlcli.datasets.tables.reading import Block, file_sha256
from dlcli.errors import DatasetError
from dlcli.types import Array


def windows(values: Array, window: int) -> Array:
    """Return every run of values.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
    window : int

    Returns
    -------
    ndarray, shape (n - window + 1, window, 1)
        A view; the last one ends with the last value.
    """
    return np.lib.stride_tricks.sliding_window_view(values, window)[..., np.newaxis]


def load_series(
    name: str, column: str, position: int, block: Block, loader: CsvLoader, dialect: Dialect,
    path: Path,
) -> Dataset:  # fmt: skip
    """Make samples of a series: a window of values, and the value behind it.

    Parameters
    ----------
    name : str
        What the data set is called.
    column : str
        The series' name.
    position : int
        Its column in the file.
    block : Block
        All rows, in the order of time.
    loader : CsvLoader
        With a ``window``.
    dialect : Dialect
    path : Path

    Returns
    -------
    Dataset
        ``x``: float64, shape (n - window, window, 1); in the order of time.
    """
    window = loader.window or 1
    plain = replace(dialect, missing=())
    gaps = [
        line
        for line, text in zip(block.lines, block.texts[position], strict=True)
        if text.strip() in loader.missing
    ]
    if gaps:
        raise DatasetError(
            f"{path}:{gaps[0]}: the series {column!r} has a gap"
            + (f", and {len(gaps) - 1} more" if gaps[1:] else ""),
            hint="fill it before, by what stands before and behind it for example",
        )
    values = numbers(block.texts[position], plain, name=column, lines=block.lines, where=str(path))
    if len(values) < 2 * window:
        raise DatasetError(
            f"{path}: {len(values)} rows are too few for a window of {window}",
            hint="set a smaller `window` in the loader",
        )
    columns = tuple(
        Column(f"{column}[{index - window}]", "numeric", index) for index in range(window)
    )
    return Dataset(
        name,
        windows(values[:-1], window).copy(),
        values[window:].copy(),
        Target(column, "regression", (), loader.unit, position),
        columns,
        replace(PIXELS, decimal=dialect.decimal),
        files={str(path): file_sha256(path)},
        medium=Medium("series"),
        notices=block.notices,
    )
