"""The numbers of a data set as one matrix, for methods that compare whole rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcli.datasets.dataset import Column, Dataset
from dlcli.datasets.tables import FileTable
from dlcli.errors import DatasetError, plural
from dlcli.plots.data.panels import Groups, group_by_class, single_group
from dlcli.types import Array

NUMERIC = ("numeric", "boolean", "date")
MOST_ROWS = 20_000


@dataclass(frozen=True)
class Numbers:
    """Rows of numbers.

    Parameters
    ----------
    name : str
        Of the data set.
    values : ndarray of float64, shape (n, columns)
        Without gaps; columns of a table have mean 0 and standard deviation 1.
    columns : tuple of str
    rows : ndarray of int, shape (n,)
        Number of each row, from 1.
    groups : Groups
        The classes of the rows.
    title : str
        How many rows and columns there are, and what was done to them.
    notices : tuple of str
        What is left out.
    """

    name: str
    values: Array
    columns: tuple[str, ...]
    rows: Array
    groups: Groups
    title: str
    notices: tuple[str, ...]


def numbers_of(data: Dataset | FileTable) -> Numbers:
    """Return the numbers of a table, of images or of arrays.

    Columns of a table that are equal in all rows are left out, and gaps are filled with the median.

    Raises
    ------
    DatasetError
        If there are fewer than two columns or three rows of numbers.
    """
    name = data.name if isinstance(data, Dataset) else data.path.stem
    is_table = isinstance(data, FileTable) or data.is_table
    groups = _groups(data)
    rows, notices = np.arange(len(data)), []
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(0).choice(len(data), MOST_ROWS, replace=False))
        notices.append(f"{MOST_ROWS:,} of the {len(data):,} rows, drawn at random, are used")
    groups = Groups(groups.names, groups.codes[rows], groups.colours)
    if is_table:
        values, columns, more = _table(data, rows)
        notices += more
        kind = f"{plural(len(columns), 'numeric column')}, standardized"
    else:
        values = np.asarray(_arrays(data)[rows], np.float64).reshape(len(rows), -1)
        columns = tuple(f"value {at + 1}" for at in range(values.shape[1]))
        kind = f"{values.shape[1]:,} values each, not scaled"
    if values.shape[1] < 2 or len(rows) < 3:
        raise DatasetError(f"{name}: at least 3 rows of 2 numbers are compared; here are {kind}")
    title = f"{name}: {len(rows):,} rows, {kind}"
    return Numbers(name, values, columns, rows + 1, groups, title, tuple(notices))


def _groups(data: Dataset | FileTable) -> Groups:
    if isinstance(data, FileTable) or data.target.task != "classification":
        return single_group(len(data))
    return group_by_class(data)


def _arrays(data: Dataset | FileTable) -> Any:
    if isinstance(data, FileTable) or data.medium.kind not in ("rows", "image", "series"):
        raise DatasetError("only tables of numbers, images and arrays are compared as a whole")
    return data.x


def _table(data: Dataset | FileTable, rows: Array) -> tuple[Array, tuple[str, ...], list[str]]:
    """Return the standardized columns, their names, and what is left out."""
    source: Any = data.values if isinstance(data, FileTable) else data.x
    frame: Mapping[str, Any] = source
    numeric = [column for column in data.columns if column.type in NUMERIC]
    others = [column for column in data.columns if column.type not in NUMERIC]
    notices = _left_out(others, "no numbers")
    names, columns, gaps, equal = [], [], 0, []
    for column in numeric:
        values = np.asarray(frame[column.name], np.float64)[rows]
        is_gap = ~np.isfinite(values)
        gaps += int(is_gap.any())
        if not is_gap.all():
            values = np.where(is_gap, np.median(values[~is_gap]), values)
        spread = values.std()
        if is_gap.all() or not spread > 1e-12 * max(1.0, abs(values).max()):
            equal.append(column)
            continue
        names.append(column.name)
        columns.append((values - values.mean()) / spread)
    notices += _left_out(equal, "equal in all rows")
    if gaps:
        notices.append(f"gaps in {plural(gaps, 'column')} are filled with the median")
    matrix = np.stack(columns, axis=1) if columns else np.empty((len(rows), 0))
    return matrix, tuple(names), notices


def _left_out(columns: Sequence[Column], reason: str) -> list[str]:
    if not columns:
        return []
    return [f"left out, {reason}: {', '.join(column.name for column in columns[:8])}"
            + (f" and {len(columns) - 8} more" if len(columns) > 8 else "")]  # fmt: skip
