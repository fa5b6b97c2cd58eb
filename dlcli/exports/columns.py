"""Tables in memory as the columns of a data set, without the detour of a text file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dlcli.datasets.dataset import Column, ColumnType
from dlcli.datasets.tables import objects
from dlcli.errors import DatasetError
from dlcli.types import Array

DATE_FORMAT = "%Y-%m-%d %H:%M:%S"


def columns_of(frame: pd.DataFrame) -> tuple[Column, ...]:
    """Return the columns of a table with their types.

    Booleans and numbers are numeric or boolean by their type, dates by theirs; all others are
    categories.
    """
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise DatasetError("two columns have the same name")
    types = [_type_of(frame.iloc[:, position]) for position in range(len(names))]
    return tuple(
        Column(name, kind, position, DATE_FORMAT if kind == "date" else "")
        for position, (name, kind) in enumerate(zip(names, types, strict=True))
    )


def _type_of(series: pd.Series[Any]) -> ColumnType:
    if pd.api.types.is_bool_dtype(series.dtype):
        return "boolean"
    if pd.api.types.is_numeric_dtype(series.dtype):
        return "numeric"
    return "date" if pd.api.types.is_datetime64_any_dtype(series.dtype) else "categorical"


def values_of(frame: pd.DataFrame, columns: tuple[Column, ...]) -> dict[str, Array]:
    """Return the values of the columns as a data set has them.

    Raises
    ------
    DatasetError
        If a column is missing, or holds no numbers.
    """
    by_name = {str(name): frame.iloc[:, at] for at, name in enumerate(frame.columns)}
    if missing := [column.name for column in columns if column.name not in by_name]:
        raise DatasetError(f"the table has no column {missing[0]!r}")
    return {column.name: _values(by_name[column.name], column) for column in columns}


def _values(series: pd.Series[Any], column: Column) -> Array:
    if column.type == "categorical":
        present = series.notna()
        pairs = zip(series, present, strict=True)
        return objects([str(value) if known else None for value, known in pairs])
    try:
        if column.type == "date":
            moments = pd.to_datetime(series, utc=True)
            seconds = (moments - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
            return seconds.to_numpy(np.float64)
        return series.astype(np.float64).to_numpy()
    except (TypeError, ValueError) as error:
        raise DatasetError(f"column {column.name!r}: {error}") from None
