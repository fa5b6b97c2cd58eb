"""Whole text files, column by column."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.config.loaders import CsvLoader
from dlcli.datasets.dataset import ColumnType, Dialect
from dlcli.datasets.tables.columns import RawColumn, to_numbers
from dlcli.datasets.tables.csv_reader import CsvReader
from dlcli.datasets.tables.header import position_of, read_names
from dlcli.datasets.tables.text_file import TRAINING_HINTS, Hints, open_text
from dlcli.errors import DatasetError
from dlcli.types import Array

BLOCK_ROWS = 8192


@dataclass(frozen=True)
class Table:
    """All rows of a text file, before conversion.

    Parameters
    ----------
    where : str
        The file, for messages.
    names : tuple of str
    columns : tuple of RawColumn
    lines : sequence of int
        Line of each row.
    dialect : Dialect
        As detected.
    notices : tuple of str
        What a user should know about how the file was read.
    """

    where: str
    names: tuple[str, ...]
    columns: tuple[RawColumn, ...]
    lines: Sequence[int]
    dialect: Dialect
    notices: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.lines)

    def position(self, column: str | int, *, kind: str = "column") -> int:
        """Return the position of a column; see `position_of`."""
        return position_of(column, self.names, self.where, kind=kind)

    def column(self, column: str | int, *, kind: str = "column") -> RawColumn:
        """Return a column by its name or position; see `position_of`."""
        return self.columns[self.position(column, kind=kind)]


def loader_dialect(loader: CsvLoader) -> Dialect:
    """Return how a loader says that its file is written."""
    return Dialect(
        loader.delimiter,
        encoding=loader.encoding,
        decimal=loader.decimal,
        quoting=loader.quoting,
        comment=loader.comment,
        missing=loader.missing,
    )


def read_table(
    path: str | Path,
    dialect: Dialect,
    *,
    header: bool | str = "auto",
    names: Sequence[str] | None = None,
    text_columns: Collection[str | int] | None = None,
    hints: Hints = TRAINING_HINTS,
) -> Table:
    """Read a whole file.

    Parameters
    ----------
    path : Path, or "-" for standard input
    dialect : Dialect
    header, names
        See `read_names`.
    text_columns : collection of str or int, optional
        Columns that are needed as text, by name or position; default: all. Another is parsed
        while reading if all its texts are numbers.
    hints : Hints

    Raises
    ------
    DatasetError
        With file and line, if the text is malformed.
    """
    with open_text(path, dialect.encoding, hints) as text:
        reader = CsvReader(text, dialect)
        columns = read_names(reader, header, names)
        detected = replace(reader.dialect, header=reader.has_header, width=len(columns))
        texts, lines, mixed = _read_columns(reader, _may_be_numeric(columns, text_columns))
    if mixed:
        # Their numbers are texts too, as "007" may be a category, and were not kept as such.
        text_columns = [*(text_columns or ()), *mixed]
        return read_table(path, dialect, header=header, names=names, text_columns=text_columns)
    raw_columns = tuple(
        RawColumn(name, column, lines, reader.name, detected)
        for name, column in zip(columns, texts, strict=True)
    )
    return Table(reader.name, tuple(columns), raw_columns, lines, detected, tuple(reader.notices))


def _may_be_numeric(names: Sequence[str], text_columns: Collection[str | int] | None) -> list[bool]:
    if text_columns is None:
        return [False] * len(names)
    as_text = set(text_columns)
    return [as_text.isdisjoint((name, at, at - len(names))) for at, name in enumerate(names)]


def _read_columns(
    reader: CsvReader, may_be_numeric: Sequence[bool]
) -> tuple[list[Sequence[str] | Array], list[int], list[int]]:
    """Read all rows, and parse the columns that hold only numbers in the first block.

    Returns
    -------
    columns : list of sequences of str, or of float64 arrays
    lines : list of int
    mixed : list of int
        Positions of the columns that turned out to have other texts further down, when their first
        rows had been parsed; `columns` is incomplete then.
    """
    types: list[ColumnType] = ["text"] * len(may_be_numeric)
    parts: list[list[Any]] = [[] for _ in types]
    lines: list[int] = []
    mixed: list[int] = []
    while (block := reader.read_block(types, BLOCK_ROWS)) is not None:
        for at, texts in enumerate(block.columns):
            if types[at] == "numeric" or (not lines and may_be_numeric[at]):
                numbers = _parse(texts, reader.dialect)
                if numbers is None and types[at] == "numeric":
                    mixed.append(at)
                types[at] = "text" if numbers is None else "numeric"
                parts[at].append(texts if numbers is None else numbers)
            elif at not in mixed:
                parts[at].append(texts)
        lines.extend(block.lines)
    if not lines:
        raise DatasetError(f"{reader.name} has no rows below its header")
    if mixed:
        return [], lines, mixed
    columns: list[Sequence[str] | Array] = [
        np.concatenate(part) if kind == "numeric" else list(chain.from_iterable(part))
        for part, kind in zip(parts, types, strict=True)
    ]
    return columns, lines, mixed


def _parse(texts: Sequence[str] | Array, dialect: Dialect) -> Array | None:
    """Return texts as float64, or None if one of them is not a number."""
    try:
        return to_numbers(RawColumn("", texts, range(len(texts)), "", dialect))
    except DatasetError:
        return None
