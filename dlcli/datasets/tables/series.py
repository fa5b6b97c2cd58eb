"""Series of numbers, cut into windows with the value that follows each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.dataset import Column, Dataset, Medium, Target
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.file_content import FileSource
from dlcli.datasets.tables.columns import RawColumn, to_numbers
from dlcli.datasets.tables.encodings import PREDICTION_HINTS
from dlcli.datasets.tables.series_order import check_order
from dlcli.datasets.tables.table import Table, read_table
from dlcli.errors import DatasetError
from dlcli.types import Array


def windows(values: Array, window: int) -> Array:
    """Return all windows of consecutive values.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
    window : int

    Returns
    -------
    ndarray, shape (n - window + 1, window, 1)
        A view; the last window ends with the last value.
    """
    return np.lib.stride_tricks.sliding_window_view(values, window)[..., np.newaxis]


def load_series(
    name: str, table: Table, position: int, loader: CsvLoader, files: Mapping[str, str]
) -> Dataset:
    """Return the windows of a series as samples, each with the next value as its target.

    Parameters
    ----------
    name : str
        Name of the data set.
    table : Table
        Its rows in the order of time.
    position : int
        Column of the series.
    loader : CsvLoader
        With a ``window``.
    files : mapping
        SHA-256 by path.

    Returns
    -------
    Dataset
        ``x``: float64, shape (n - window, window, 1), in the order of time.
    """
    window = loader.window or 1
    series = table.columns[position]
    missing = {*table.dialect.missing, *table.dialect.missing_numbers}
    gaps = [
        line
        for line, text in zip(table.lines, series.texts, strict=True)
        if text.strip() in missing
    ]
    if gaps:
        raise DatasetError(
            f"{table.where}:{gaps[0]}: the series {series.name!r} has a gap"
            + (f", and {len(gaps) - 1} more" if gaps[1:] else ""),
            hint="fill it in the file, for example with the mean of its neighbours",
        )
    notices = check_order(table, series.name)
    values = to_numbers(series.without_missing())
    if len(values) < 2 * window:
        raise DatasetError(
            f"{table.where}: {len(values)} rows are too few for a window of {window}",
            hint="set a smaller `window` in the loader",
        )
    columns = tuple(
        Column(f"{series.name}[{index - window}]", "numeric", index) for index in range(window)
    )
    return Dataset(
        name,
        windows(values[:-1], window).copy(),
        values[window:].copy(),
        Target(series.name, "regression", (), loader.unit, position),
        columns,
        replace(table.dialect, delimiter="auto", header=False, width=0),
        files=files,
        medium=Medium("series"),
        notices=(*table.notices, *notices),
    )


def read_series(path: FileSource, column: str, dialect: Dialect) -> RawColumn:
    """Read a series to forecast from.

    Parameters
    ----------
    path : Path, FileContent or "-"
        A table with that column, or with a single one.
    column : str
    dialect : Dialect
        Of the training file; the delimiter is detected.

    Returns
    -------
    RawColumn

    Raises
    ------
    DatasetError
        If the column is missing, or the file is malformed.
    """
    dialect = replace(dialect, delimiter="auto")
    table = read_table(path, dialect, hints=PREDICTION_HINTS)
    is_absent = dialect.index and len(table.columns) > 1 and column not in table.names
    if is_absent and path != "-":  # the first column, read as the index, may be the series
        table = read_table(path, replace(dialect, index=False), hints=PREDICTION_HINTS)
    series = table.columns[0] if len(table.columns) == 1 else table.column(column)
    check_order(table, series.name)
    return series.without_missing()
