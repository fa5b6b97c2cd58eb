"""A DataFrame as a table whose rows were read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.tables.cell_values import to_text
from dlcli.datasets.tables.columns import RawColumn, without_missing_values
from dlcli.datasets.tables.header import clean_names, first_repeated
from dlcli.datasets.tables.table import ReadOptions, Table, loader_dialect
from dlcli.errors import DatasetError

if TYPE_CHECKING:
    import pandas as pd


def table_of_frame(
    frame: pd.DataFrame, loader: CsvLoader, where: str, text_columns: Collection[str | int]
) -> Table:
    """Return a DataFrame as the table that reading it from a CSV file gives; without its index.

    Parameters
    ----------
    frame : DataFrame
    loader : CsvLoader
    where : str
        Where it comes from, for messages.
    text_columns : collection of str or int
        Columns that have texts even if they are numbers, by name or position.

    Raises
    ------
    DatasetError
        If two columns have the same name.
    """
    names = clean_names([str(name) for name in frame.columns])
    if (repeated := first_repeated(names)) is not None:
        raise DatasetError(f"{where}: column {repeated!r} appears twice")
    options = ReadOptions(loader_dialect(loader))
    dialect = replace(options.dialect, delimiter=",", encoding="utf-8", width=len(names))
    lines = range(1, len(frame) + 1)
    columns = []
    for at, name in enumerate(names):
        values = frame.iloc[:, at]
        is_text = not {name, at, at - len(names)}.isdisjoint(text_columns)
        if values.dtype.kind in "iuf" and not is_text:
            numbers = values.to_numpy(np.float64, na_value=np.nan)
            if np.isfinite(numbers[~np.isnan(numbers)]).all():
                numbers = without_missing_values(numbers, dialect)
                columns.append(RawColumn(name, numbers, lines, where, dialect))
                continue
        if values.dtype.kind == "M":
            values = _written_out(values)
        missing = values.isna().tolist()
        texts = [
            "" if is_missing else to_text(value)
            for value, is_missing in zip(values.tolist(), missing, strict=True)
        ]
        columns.append(RawColumn(name, texts, lines, where, dialect))
    return Table(where, tuple(names), tuple(columns), lines, dialect, (), options)


def date_columns(frame: pd.DataFrame) -> list[str]:
    """Return the names of the columns of dates."""
    names = clean_names([str(name) for name in frame.columns])
    return [name for name, dtype in zip(names, frame.dtypes, strict=True) if dtype.kind == "M"]


def _written_out(dates: pd.Series) -> pd.Series:
    """Return dates as texts of one format; without times, if there are none."""
    present = dates.dropna()
    are_days = bool((present == present.dt.normalize()).all())
    texts: pd.Series = dates.dt.strftime("%Y-%m-%d" if are_days else "%Y-%m-%d %H:%M:%S")
    return texts
