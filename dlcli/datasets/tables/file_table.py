"""Tables in text files without a config: everything is detected, no target is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dlcli.config.table_loaders import CsvLoader
from dlcli.config.table_loaders import Table as TableOptions
from dlcli.datasets.dataset import Column, ColumnType, Dataset
from dlcli.datasets.dialect import EVERY_COLUMN
from dlcli.datasets.tables.column_types import detect_type
from dlcli.datasets.tables.columns import convert, to_frame
from dlcli.datasets.tables.layout import propose_layout
from dlcli.datasets.tables.table import Table, loader_dialect, read_table
from dlcli.datasets.tables.target_column import read_target
from dlcli.errors import DatasetError
from dlcli.types import Array

# Those that a table is read with, not what its values mean.
LAYOUT_OPTIONS = frozenset(TableOptions.model_fields) - {"target", "class_names"}


@dataclass(frozen=True)
class FileTable:
    """All columns of a file.

    Parameters
    ----------
    path : Path
    columns : tuple of Column
    values : mapping
        Per column an array of shape (n,): float64 with NaN, or objects with None, for missing
        values.
    table : Table
        The texts of the values.
    notices : tuple of str
        What a user should know about the file, with what would be an error in training.
    """

    path: Path
    columns: tuple[Column, ...]
    values: Mapping[str, Array]
    table: Table
    notices: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.table)

    def with_target(self, target: str) -> Dataset:
        """Return the data set that has one of the columns as its target.

        Parameters
        ----------
        target : str
            Name of a column, or its position from 0 (-1 is the last).

        Raises
        ------
        DatasetError
            If there is no such column, or it cannot be a target.
        """
        is_position = target.removeprefix("-").isdecimal() and target not in self.table.names
        chosen = int(target) if is_position else target
        position = self.table.position(chosen, kind="target column")
        loader = CsvLoader(path=str(self.path), target=chosen)
        result, y, _ = read_target(loader, self.table.columns[position], position)
        features = tuple(column for column in self.columns if column.position != position)
        x = to_frame({column.name: self.values[column.name] for column in features})
        return Dataset(
            self.path.stem, x, y, result, features, self.table.dialect, notices=self.notices
        )


def read_file_table(path: Path) -> FileTable:
    """Read a text file; a column that training would refuse is categorical, with a notice.

    Raises
    ------
    DatasetError
        If the file cannot be read.
    """
    proposals = [item for item in propose_layout(path) if item.option in LAYOUT_OPTIONS]
    options: dict[str, Any] = {
        item.option: tuple(item.value) if isinstance(item.value, list) else item.value
        for item in proposals
    }
    loader = CsvLoader(path=str(path), target=0, **options)
    dialect = replace(loader_dialect(loader), list_columns=EVERY_COLUMN)
    table = read_table(path, dialect, header=loader.header, names=loader.names)
    notices = [f"{path} is read with `{item}`: {item.reason}" for item in proposals]
    notices += table.notices
    columns, values = [], {}
    for position, raw in enumerate(table.columns):
        kind: ColumnType
        try:
            kind = detect_type(raw)
        except DatasetError as error:
            kind = "categorical"
            notices.append(f"{error}; {error.hint}")
        values[raw.name] = convert(raw, kind)
        columns.append(Column(raw.name, kind, position))
    return FileTable(path, tuple(columns), values, table, tuple(notices))
