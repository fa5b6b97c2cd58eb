"""Read a table with pandas as the script will, and see what pandas makes of its columns."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.datasets.tables import Table
from dlcli.eject.context import inexpressible
from dlcli.eject.python_text import Code
from dlcli.eject.table_columns import UsedColumn, missing_options
from dlcli.errors import first_line

# Formats that pandas does not read, with the reason.
OTHER_FORMATS = {
    ".arff": "pandas does not read ARFF; save it as CSV",
    ".tab": "pandas does not know the header of Orange's files; save it as CSV",
}
# Options for numbers to the last digit.
EXACT: dict[str, dict[str, Any]] = {
    "read_csv": {"float_precision": "round_trip"},
    "read_json": {"precise_float": True},
}
# Functions of pandas that read texts, and so have options for types and missing values.
TEXT_READERS = ("read_csv", "read_fwf", "read_excel")


def try_options(
    name: str, options: dict[str, Any], columns: Sequence[UsedColumn], table: Table,
    paths: Sequence[Path],
) -> tuple[dict[str, Any], list[UsedColumn]]:  # fmt: skip
    """Return the options with which pandas reads the values of dlcli.

    Parameters
    ----------
    name : str
        The function of pandas.
    options : dict
        For the layout.
    columns : sequence of UsedColumn
    table : Table
        The rows of all files.
    paths : sequence of Path

    Returns
    -------
    options : dict
        All keywords of the call.
    columns : list of UsedColumn
        With the types that pandas gives them; numbers that it misreads are read as texts.

    Raises
    ------
    DlcliError
        If pandas reads other rows than dlcli.
    """
    frame = _read(name, paths, {**options, **_column_options(name, columns)}, table)
    chosen: list[UsedColumn] = []
    for column in columns:
        read = frame[column.name]
        dtype = read.dtype.kind if isinstance(read.dtype, np.dtype) else "O"
        chosen.append(replace(column, dtype=dtype))
        if column.kind != "numeric":
            continue
        if dtype not in "iufb":
            chosen[-1] = replace(column, dtype="O", as_text=True)
        elif not np.array_equal(read.to_numpy(float), column.numbers(), equal_nan=True):
            options |= EXACT.get(name, {})
    return {**options, **_column_options(name, chosen)}, chosen


def _column_options(name: str, columns: Sequence[UsedColumn]) -> dict[str, Any]:
    """Return the options of pandas for the types and missing values of columns."""
    if name not in TEXT_READERS:
        return {}
    texts = [column.name for column in columns if column.is_read_as_text]
    types = {"dtype": {column: Code("str") for column in texts}} if texts else {}
    return {**types, **missing_options(columns)}


def _read(name: str, paths: Sequence[Path], keywords: dict[str, Any], table: Table) -> Any:
    import pandas as pd

    path = paths[0]
    if (reason := OTHER_FORMATS.get(path.suffix.lower())) is not None:
        raise inexpressible(str(path), reason)
    values = {key: _plain(value) for key, value in keywords.items()}
    try:
        frames = [getattr(pd, name)(path, **values) for path in paths]
        frame = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    except Exception as error:  # noqa: BLE001 (whatever pandas raises)
        raise inexpressible(str(path), f"pandas does not read it: {first_line(error)}") from None
    if len(frame) != len(table):
        reason = f"pandas reads {len(frame)} rows of it, and dlcli {len(table)}"
        raise inexpressible(str(path), reason)
    if list(map(str, frame.columns)) != list(table.names):
        reason = "pandas reads other column names than dlcli; name the columns in the file"
        raise inexpressible(str(path), reason)
    return frame


def _plain(value: Any) -> Any:
    """Return the value of an option that is an expression."""
    if isinstance(value, Code):
        return {"str": str, "csv.QUOTE_NONE": csv.QUOTE_NONE}[value.text]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
