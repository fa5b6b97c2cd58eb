"""The features of a table: its columns with types and values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.dataset import Column, ColumnType
from dlcli.datasets.tables.bad_rows import GIVE_WIDTHS
from dlcli.datasets.tables.column_notices import column_notices, text_notices
from dlcli.datasets.tables.column_types import detect_type
from dlcli.datasets.tables.columns import RawColumn, convert
from dlcli.datasets.tables.dates import choose_format
from dlcli.datasets.tables.odd_rows import total_row_notices
from dlcli.datasets.tables.several_targets import rows_without_value
from dlcli.datasets.tables.table import Table
from dlcli.datasets.tables.target_column import (
    holds_labels,
    missing_targets,
    rows_without_target,
)
from dlcli.errors import DatasetError
from dlcli.types import Array

MAX_EXCERPT = 60


@dataclass(frozen=True)
class Features:
    """The features of a table.

    Parameters
    ----------
    columns : tuple of Column
    values : mapping
        Per column an array of shape (n,): float64 with NaN, or objects with None, for missing
        values.
    notices : tuple of str
    """

    columns: tuple[Column, ...]
    values: dict[str, Array]
    notices: tuple[str, ...]


def feature_positions(loader: CsvLoader, table: Table, excluded: set[int]) -> list[int]:
    """Return the positions of the features.

    Raises
    ------
    DatasetError
        If `columns` names a column that does not exist, or none is left.
    """
    positions: Iterable[int] = range(len(table.names))
    if loader.columns is not None:
        positions = dict.fromkeys(map(table.position, loader.columns))
    positions = [position for position in positions if position not in excluded]
    if not positions:
        hint = None
        if len(table.names) == 1 and "  " in table.names[0].strip():
            hint = f"the only column is {table.names[0][:MAX_EXCERPT]!r}; {GIVE_WIDTHS}"
        raise DatasetError(f"{table.where}: no column is left as a feature", hint=hint)
    return positions


def drop_rows_without_target(
    loader: CsvLoader, table: Table, targets: Sequence[int]
) -> tuple[Table, tuple[str, ...]]:
    """Leave out the rows whose target is missing, if the loader says so.

    Returns
    -------
    table : Table
    notices : tuple of str
        The number of these rows.
    """
    if loader.missing_target != "drop":
        return table, ()
    chosen = [table.columns[target] for target in targets]
    if len(chosen) > 1:
        missing = [rows_without_value(column) for column in chosen]
    else:
        as_labels = holds_labels(loader, chosen[0])
        task = "classification" if as_labels else loader.task
        missing = [rows_without_target(chosen[0], task)]
    notices = tuple(
        f"left out: {missing_targets(column, rows)}"
        for column, rows in zip(chosen, missing, strict=True)
        if len(rows)
    )
    keep = np.setdiff1d(np.arange(len(table)), np.concatenate(missing))
    if not notices:
        return table, ()
    if not len(keep):
        names = " and ".join(repr(column.name) for column in chosen)
        raise DatasetError(f"{table.where}: no row has a {names}")
    lines = [table.lines[row] for row in keep.tolist()]
    columns = tuple(raw.take(keep, lines) for raw in table.columns)
    return replace(table, columns=columns, lines=lines), notices


def read_features(
    loader: CsvLoader,
    table: Table,
    positions: Sequence[int],
    feature_type: ColumnType | None,
    errors: list[DatasetError],
) -> Features:
    """Detect the types of the features, and convert their texts.

    Parameters
    ----------
    loader : CsvLoader
    table : Table
    positions : sequence of int
    feature_type : str or None
        Type of every feature; None: that of the loader, or detected.
    errors : list of DatasetError
        Where the problems of all columns are added.
    """
    types = {table.position(name): kind for name, kind in loader.types.items()}
    dates = _date_formats(loader, table)
    columns: list[Column] = []
    values: dict[str, Array] = {}
    for position in positions:
        raw = table.columns[position]
        kind: ColumnType
        try:
            if position in dates:
                raw = replace(raw, format=dates[position] or _detect_format(raw))
            kind = (
                "date"
                if position in dates
                else feature_type or types.get(position) or detect_type(raw)
            )
            values[raw.name] = convert(raw, kind)
        except DatasetError as error:
            errors.append(error)
            continue
        columns.append(Column(raw.name, kind, position, raw.format))
    notices = [] if feature_type else _notices(table, columns, values, types)
    return Features(tuple(columns), values, tuple(notices))


def _date_formats(loader: CsvLoader, table: Table) -> dict[int, str]:
    """Return the formats of the columns of dates by position; empty if it is to be detected."""
    return {table.position(name): form for name, form in loader.dates.items()}


def _detect_format(raw: RawColumn) -> str:
    missing = {*raw.dialect.missing, *raw.dialect.missing_numbers}
    cells = [
        (text, line)
        for cell, line in zip(raw.texts, raw.lines, strict=True)
        if (text := cell.strip()) not in missing
    ]
    if not cells:
        raise DatasetError(f"{raw.where}: column {raw.name!r} has no dates")
    texts, lines = zip(*cells, strict=True)
    return choose_format(texts, lines, raw.name, raw.where)


def _notices(
    table: Table,
    columns: Sequence[Column],
    values: Mapping[str, Array],
    types: Mapping[int, str],
) -> list[str]:
    detected = [column for column in columns if column.position not in types]
    return [
        *total_row_notices(table),
        *column_notices(values, columns, table.lines),
        *(
            notice
            for column in detected
            for notice in text_notices(table.columns[column.position], column.type)
        ),
    ]
