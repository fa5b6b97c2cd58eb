"""A table in a text file, read as it is: nothing has to be said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlcli.config.loaders import CsvLoader
from dlcli.datasets.dataset import Column, ColumnType, Dataset, Dialect
from dlcli.datasets.tables.columns import convert, detect_type, table
from dlcli.datasets.tables.reading import Block, position_of
from dlcli.datasets.tables.target_column import read_target
from dlcli.datasets.tables.whole import read_all
from dlcli.errors import DatasetError
from dlcli.types import Array


@dataclass(frozen=True)
class FileTable:
    """Every column of a file.

    Parameters
    ----------
    path : Path
    columns : tuple of Column
    values : mapping
        Per column float64 with NaN, or objects with None, for what is missing; shape (n,).
    block : Block
        The texts behind the values.
    dialect : Dialect
        As detected.
    notices : tuple of str
        What would stop a training.
    """

    path: Path
    columns: tuple[Column, ...]
    values: Mapping[str, Array]
    block: Block
    dialect: Dialect
    notices: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.block)

    def with_target(self, target: str) -> Dataset:
        """Return the data set that learns one of the columns.

        Parameters
        ----------
        target : str
            Name of a column, or its position from 0 (-1 is the last).

        Raises
        ------
        DatasetError
            If there is no such column, or it cannot be learned.
        """
        names, where = [column.name for column in self.columns], str(self.path)
        number = target.removeprefix("-").isdecimal() and target not in names
        chosen = int(target) if number else target
        at = position_of(chosen, names, where, what="target column")
        loader = CsvLoader(path=where, target=chosen)
        learned, y = read_target(loader, names[at], at, self.block, self.dialect, where)
        others = tuple(column for column in self.columns if column.position != at)
        x = table({column.name: self.values[column.name] for column in others})
        return Dataset(self.path.stem, x, y, learned, others, self.dialect, notices=self.notices)


def read_file_table(path: Path) -> FileTable:
    """Read a CSV file whose target nobody has named.

    A column that would stop a training is categorical here, with a notice.

    Raises
    ------
    DatasetError
        If the file cannot be read.
    """
    names, block, dialect = read_all(CsvLoader(path=str(path), target=0), path)
    columns, values, notices = [], {}, []
    for at, (name, texts) in enumerate(zip(names, block.texts, strict=True)):
        place: dict[str, Any] = {"name": name, "lines": block.lines, "where": str(path)}
        kind: ColumnType
        try:
            kind = detect_type(texts, dialect, **place)
        except DatasetError as error:  # what stops a training is worth a line here
            kind = "categorical"
            notices.append(f"{error}; {error.hint}")
        values[name] = convert(kind, texts, dialect, **place)
        columns.append(Column(name, kind, at))
    said = (*block.notices, *notices)
    return FileTable(path, tuple(columns), values, block, dialect, said)
