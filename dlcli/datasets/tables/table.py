"""Whole text files, column by column."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dlcli.config.base import composed
from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets import storage
from dlcli.datasets.dataset import ColumnType
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.file_content import FileContent, FileSource
from dlcli.datasets.growing_array import Numbers, move_large, to_arrays
from dlcli.datasets.tables.bad_rows import LayoutError
from dlcli.datasets.tables.column_types import has_leading_zeros
from dlcli.datasets.tables.columns import MISSING, MISSING_NUMBERS, RawColumn, to_numbers
from dlcli.datasets.tables.encodings import TRAINING_HINTS, Hints
from dlcli.datasets.tables.header import position_of, read_names
from dlcli.datasets.tables.json_records import RecordsError
from dlcli.datasets.tables.layout import propose_layout
from dlcli.datasets.tables.proposals import hint_of
from dlcli.datasets.tables.row_reader import RowReader
from dlcli.datasets.tables.table_reader import open_table
from dlcli.datasets.tables.text_memory import TextMemory
from dlcli.errors import DatasetError
from dlcli.types import Array

BLOCK_ROWS = 8192
SKIP_HINT = "correct the file; `on_bad_row: skip` in the loader leaves such rows out"


@dataclass(frozen=True)
class ReadOptions:
    """What a loader says about the rows of its file."""

    dialect: Dialect
    header: bool | str = "auto"
    names: tuple[str, ...] | None = None


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
    options : ReadOptions
        With which it was read.
    has_filled_cells : bool
        Whether merged cells got values that the file does not have in them.
    """

    where: str
    names: tuple[str, ...]
    columns: tuple[RawColumn, ...]
    lines: Sequence[int]
    dialect: Dialect
    notices: tuple[str, ...]
    options: ReadOptions
    has_filled_cells: bool = False

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
        missing=(*(MISSING if loader.usual_missing else ("",)), *loader.missing),
        missing_numbers=(
            *(MISSING_NUMBERS if loader.usual_missing else ()),
            *loader.missing_numbers,
        ),
        missing_target=loader.missing_target,
        thousands=loader.thousands,
        affixes=loader.affixes,
        lowercase=loader.lowercase,
        index=loader.index,
        skip_rows=loader.skip_rows,
        quotechar=loader.quotechar,
        widths=loader.widths or (),
        sheet=loader.sheet,
        unique_names=loader.unique_names,
        encoding_errors=loader.encoding_errors,
        on_bad_row=loader.on_bad_row,
        record_path=loader.record_path,
        flatten=loader.flatten,
        list_columns=(*(loader.targets if len(loader.targets) == 1 else ()), *loader.drop),
    )


def read_table(
    path: FileSource,
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
    path : Path, FileContent, or "-" for standard input
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
    options = ReadOptions(dialect, header, None if names is None else tuple(names))
    try:
        with open_table(path, dialect, hints) as reader:
            columns = read_names(reader, header, names)
            # The only column cannot be an index: a series to predict may come without one.
            index = int(reader.dialect.index and len(columns) > 1)
            detected = replace(reader.dialect, header=reader.has_header, width=len(columns) - index)
            values, lines = _read_columns(reader, _may_be_numeric(columns, text_columns, index))
        if mixed := [at for at, column in enumerate(values) if column is None]:
            # Their numbers are texts too, as "007" may be a category, and were not kept as such.
            with open_table(path, dialect, hints) as again:
                read_names(again, header, names)
                for at, texts in _read_texts(again, mixed):
                    values[at] = texts
    except LayoutError as error:
        raise _with_proposals(error, path, dialect, hints) from None
    raw_columns = tuple(
        RawColumn(name, column, lines, reader.name, detected)
        for name, column in zip(columns[index:], values[index:], strict=True)
        if column is not None
    )
    names_of_columns = tuple(columns[index:])
    return Table(
        reader.name,
        names_of_columns,
        raw_columns,
        lines,
        detected,
        tuple(reader.notices),
        options,
        reader.has_filled_cells,
    )


def with_texts(path: Path, table: Table, positions: Collection[int]) -> Table:
    """Return a table with the texts of columns that were parsed while reading."""
    columns, options = list(table.columns), table.options
    parsed = [at for at in positions if isinstance(columns[at].texts, np.ndarray)]
    if parsed:
        with open_table(path, options.dialect) as reader:
            names = read_names(reader, options.header, options.names)
            index = len(names) - len(table.names)
            for at, texts in _read_texts(reader, [at + index for at in parsed]):
                columns[at - index] = replace(columns[at - index], texts=texts)
    return replace(table, columns=tuple(columns))


def _may_be_numeric(
    names: Sequence[str], text_columns: Collection[str | int] | None, index: int
) -> list[bool | None]:
    """Return for each column whether it may be parsed while reading; None if it is not needed."""
    needed = names[index:]
    if text_columns is None:
        return [None] * index + [False] * len(needed)
    as_text = {composed(column) for column in text_columns}
    return [
        *([None] * index),
        *(as_text.isdisjoint((name, at, at - len(needed))) for at, name in enumerate(needed)),
    ]


def _read_columns(
    reader: RowReader, may_be_numeric: Sequence[bool | None]
) -> tuple[list[Sequence[str] | Array | None], Sequence[int]]:
    """Read all rows, and parse the columns that hold only numbers in the first block.

    Returns
    -------
    columns : list of sequences of str, or of float64 arrays
        Empty for columns that are not needed. None for those that turned out to have other texts
        further down, when their first rows had been parsed.
    lines : sequence of int
    """
    types: list[ColumnType | None] = [None if kind is None else "text" for kind in may_be_numeric]
    columns: list[list[str] | Numbers | None] = [[] for _ in types]
    lines = array("q")
    memory = TextMemory(reader.name, reader.read_share)
    while (block := reader.read_block(types, BLOCK_ROWS)) is not None:
        for at, texts in enumerate(block.columns):
            column = columns[at]
            if types[at] is None or column is None:
                continue
            if isinstance(column, Numbers) or (not lines and may_be_numeric[at]):
                numbers = _parse(texts, reader.dialect)
                if numbers is not None:
                    column = column if isinstance(column, Numbers) else Numbers()
                    column.extend(numbers)
                    columns[at], types[at] = column, "numeric"
                    continue
                if isinstance(column, Numbers):
                    columns[at], types[at] = None, None
                    continue
            column.extend(texts)
        lines.extend(block.lines)
        memory.add(column[-len(block) :] for column in columns if isinstance(column, list))
        move_large([column for column in columns if isinstance(column, Numbers)])
    reader.check_bad_rows()
    if not lines:
        raise DatasetError(f"{reader.name} has no rows below its header")
    arrays = to_arrays([column for column in columns if isinstance(column, Numbers)])
    rest = iter(arrays)
    result: list[Sequence[str] | Array | None] = [
        next(rest) if isinstance(column, Numbers) else column for column in columns
    ]
    if arrays and storage.is_in_file(arrays[0]):
        size, folder = storage.gigabytes(len(arrays) * arrays[0].nbytes), storage.storage_folder()
        reader.notices.append(
            f"{reader.name}: the numbers need {size}; they are kept on the disk, in {folder}"
        )
    return result, lines


def _read_texts(reader: RowReader, positions: Sequence[int]) -> Iterator[tuple[int, list[str]]]:
    """Read some of the columns as texts."""
    types: list[ColumnType | None] = [None] * reader.width
    for at in positions:
        types[at] = "text"
    texts: dict[int, list[str]] = {at: [] for at in positions}
    while (block := reader.read_block(types, BLOCK_ROWS)) is not None:
        for at, column in texts.items():
            column.extend(block.columns[at])
    yield from texts.items()


def _with_proposals(
    error: LayoutError, path: FileSource, dialect: Dialect, hints: Hints
) -> DatasetError:
    """Return an error with the options that the file needs as its hint."""
    hint = error.hint
    if hints.has_options and path != "-" and not isinstance(path, FileContent):
        proposed = hint_of(propose_layout(path, dialect))
        if isinstance(error, RecordsError):
            hint = proposed or hint
        else:
            hint = ", or ".join(filter(None, [hint, proposed or SKIP_HINT]))
    return DatasetError(str(error), hint=hint)


def _parse(texts: Sequence[str] | Array, dialect: Dialect) -> Array | None:
    """Return texts as float64, or None if one of them is not a number, or may be a code."""
    if not isinstance(texts, np.ndarray) and has_leading_zeros(texts):
        return None
    try:
        return to_numbers(RawColumn("", texts, range(len(texts)), "", dialect))
    except DatasetError:
        return None
