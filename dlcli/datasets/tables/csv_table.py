"""The csv loader: tables in text files, read for training."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from dlcli.config.loaders import CsvLoader
from dlcli.config.sections import SplitConfig
from dlcli.datasets.dataset import (
    PART_WORDS,
    PARTS,
    Column,
    ColumnType,
    Dataset,
    check_category_count,
)
from dlcli.datasets.tables.column_notices import column_notices
from dlcli.datasets.tables.columns import RawColumn, convert, detect_type, to_categories, to_frame
from dlcli.datasets.tables.series import load_series
from dlcli.datasets.tables.table import Table, loader_dialect, read_table
from dlcli.datasets.tables.target_column import read_target
from dlcli.errors import DatasetError
from dlcli.files import file_sha256
from dlcli.types import Array


def load_csv(
    loader: CsvLoader,
    path: Path,
    name: str,
    split: SplitConfig | None = None,
    *,
    feature_type: ColumnType | None = None,
) -> Dataset:
    """Read a table for training.

    Parameters
    ----------
    loader : CsvLoader
    path : Path
    name : str
        Name of the data set.
    split : SplitConfig, optional
        Its ``column`` and ``group`` give the parts and groups, and are not features.
    feature_type : str, optional
        Type of every feature; default: detected from its values.

    Raises
    ------
    DatasetError
        With file and line, if the text is malformed or a column is missing.
    """
    split = split or SplitConfig()
    aside = [column for column in (split.column, split.group) if column is not None]
    text_columns = None
    if feature_type in (None, "numeric") and loader.window is None:
        typed = [column for column, kind in loader.types.items() if kind != "numeric"]
        text_columns = [loader.target, *aside, *loader.drop, *typed]
    table = read_table(
        path,
        loader_dialect(loader),
        header=loader.header,
        names=loader.names,
        text_columns=text_columns,
    )
    target_at = table.position(loader.target, kind="target column")
    digests = {table.where: file_sha256(path)}
    if loader.window is not None:
        return load_series(name, table, target_at, loader, digests)
    excluded = {target_at, *map(table.position, (*loader.drop, *aside))}
    columns, values = _read_features(loader, table, excluded, feature_type)
    target, y = read_target(loader, table.columns[target_at], target_at)
    notices = [] if feature_type else column_notices(values, columns, table.lines)
    return Dataset(
        name,
        to_frame(values),
        y,
        target,
        columns,
        table.dialect,
        parts=None if split.column is None else _to_parts(table.column(split.column)),
        groups=None if split.group is None else _to_groups(table.column(split.group)),
        files=digests,
        notices=(*table.notices, *notices),
    )


def _read_features(
    loader: CsvLoader, table: Table, excluded: set[int], feature_type: ColumnType | None
) -> tuple[tuple[Column, ...], dict[str, Array]]:
    positions: Iterable[int] = range(len(table.names))
    if loader.columns is not None:
        positions = dict.fromkeys(map(table.position, loader.columns))
    positions = [position for position in positions if position not in excluded]
    if not positions:
        raise DatasetError(f"{table.where}: no column is left as a feature")
    types = {table.position(name): kind for name, kind in loader.types.items()}
    columns: list[Column] = []
    values: dict[str, Array] = {}
    for position in positions:
        raw = table.columns[position]
        kind = feature_type or types.get(position) or detect_type(raw)
        values[raw.name] = convert(raw, kind)
        columns.append(Column(raw.name, kind, position))
        if kind == "categorical":
            count = len(set(values[raw.name].tolist()))
            check_category_count(raw.name, count, where=table.where)
    return tuple(columns), values


def _to_parts(column: RawColumn) -> Array:
    """Convert ``split.column`` to int8: 0 train, 1 validation, 2 test."""
    parts = np.empty(len(column.texts), np.int8)
    for index, text in enumerate(column.texts):
        part = PART_WORDS.get(text.strip().lower())
        if part is None:
            raise DatasetError(f"{column.cell(index)} is none of {', '.join(PARTS)}")
        parts[index] = part
    return parts


def _to_groups(column: RawColumn) -> Array:
    """Convert ``split.group`` to objects of text; a missing value is a group too."""
    return to_categories(column.without_missing())
