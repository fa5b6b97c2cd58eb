"""The csv loader: tables in text files, read for training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from dlcli.config.known import Task
from dlcli.config.split_section import SplitConfig
from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.dataset import PART_WORDS, PARTS, ColumnType, Dataset
from dlcli.datasets.tables.columns import RawColumn, to_categories, to_frame
from dlcli.datasets.tables.features import (
    drop_rows_without_target,
    feature_positions,
    read_features,
)
from dlcli.datasets.tables.series import load_series
from dlcli.datasets.tables.several_targets import read_several
from dlcli.datasets.tables.table import ReadOptions, Table, loader_dialect, read_table
from dlcli.datasets.tables.target_column import holds_labels, read_target
from dlcli.errors import DatasetError, raise_all
from dlcli.files import file_sha256
from dlcli.types import Array


def load_csv(
    loader: CsvLoader,
    path: Path,
    name: str,
    split: SplitConfig | None = None,
    *,
    feature_type: ColumnType | None = None,
    implied_task: Task | None = None,
    usual_task: Task | None = None,
    table: Table | None = None,
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
    implied_task : {"classification", "regression"}, optional
        What the loss and the last layer of the config are for.
    usual_task : str, optional
        Task of a target that is neither several columns nor lists, if the loader names none.
    table : Table, optional
        The file, if it was read before; it is read again if the loader has other options.

    Raises
    ------
    DatasetError
        With file and line, if the text is malformed or a column is missing; all problems of all
        columns are reported together.
    """
    split = split or SplitConfig()
    aside = [column for column in (split.column, split.group) if column is not None]
    text_columns = None
    if feature_type in (None, "numeric") and loader.window is None:
        typed = [column for column, kind in loader.types.items() if kind != "numeric"]
        text_columns = [*loader.targets, *aside, *loader.drop, *typed, *loader.dates]
    dialect = loader_dialect(loader)
    if table is None or not _is_read(table, loader, aside):
        table = read_table(
            path, dialect, header=loader.header, names=loader.names, text_columns=text_columns
        )
    return dataset_of_table(
        table, loader, name, split, {table.where: file_sha256(path)},
        feature_type=feature_type, implied_task=implied_task, usual_task=usual_task,
    )  # fmt: skip


def dataset_of_table(
    table: Table,
    loader: CsvLoader,
    name: str,
    split: SplitConfig,
    digests: Mapping[str, str],
    *,
    feature_type: ColumnType | None = None,
    implied_task: Task | None = None,
    usual_task: Task | None = None,
) -> Dataset:
    """Return the data set of the rows of a table; see `load_csv`.

    Parameters
    ----------
    table : Table
    loader : CsvLoader
        What the columns mean.
    name, split, feature_type, implied_task, usual_task
        As for `load_csv`.
    digests : mapping
        SHA-256 of the file by its name; empty if there is none.
    """
    aside = [column for column in (split.column, split.group) if column is not None]
    targets = [table.position(target, kind="target column") for target in loader.targets]
    if loader.window is not None:
        return load_series(name, table, targets[0], loader, dict(digests))
    if usual_task and loader.task == "auto" and not _has_labels(loader, table, targets):
        loader = loader.model_copy(update={"task": usual_task})
    excluded = {*targets, *map(table.position, (*loader.drop, *aside))}
    positions = feature_positions(loader, table, excluded)
    table, dropped = drop_rows_without_target(loader, table, targets)
    errors: list[DatasetError] = []
    features = read_features(loader, table, positions, feature_type, errors)
    try:
        if len(targets) > 1:
            chosen = [table.columns[at] for at in targets]
            target, y, target_notices = read_several(loader, chosen, targets)
        else:
            column = table.columns[targets[0]]
            target, y, target_notices = read_target(loader, column, targets[0], implied_task)
    except DatasetError as error:
        errors.append(error)
    hint = f"`dlcli init {Path(table.where).name}` writes a config that sets such options"
    raise_all(errors, hint=hint if digests else None)
    return Dataset(
        name,
        to_frame(features.values),
        y,
        target,
        features.columns,
        replace(table.dialect, list_columns=()),
        parts=None if split.column is None else _to_parts(table.column(split.column)),
        groups=None if split.group is None else _to_groups(table.column(split.group)),
        files=dict(digests),
        lines=table.lines,
        notices=(*table.notices, *dropped, *target_notices, *features.notices),
    )


def _is_read(table: Table, loader: CsvLoader, aside: Sequence[str | int]) -> bool:
    """Tell whether a table was read as a loader says, with the texts that it needs."""
    names = None if loader.names is None else tuple(loader.names)
    dialect = replace(loader_dialect(loader), list_columns=table.options.dialect.list_columns)
    as_texts = map(table.column, (*loader.targets, *aside, *loader.types, *loader.dates))
    return (
        table.options == ReadOptions(dialect, loader.header, names)
        and loader.window is None
        and not any(isinstance(column.texts, np.ndarray) for column in as_texts)
    )


def _has_labels(loader: CsvLoader, table: Table, targets: Sequence[int]) -> bool:
    return len(targets) > 1 or holds_labels(loader, table.columns[targets[0]])


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
