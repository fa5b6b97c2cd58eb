"""Large tables for `dlcli init`: their numbers are parsed while they are read."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from dlcli.datasets import storage
from dlcli.datasets.tables.column_notices import missing_sentinel
from dlcli.datasets.tables.columns import RawColumn
from dlcli.datasets.tables.csv_reader import CsvReader
from dlcli.datasets.tables.header import read_names
from dlcli.datasets.tables.number_options import propose_number_options
from dlcli.datasets.tables.parquet import ParquetReader
from dlcli.datasets.tables.proposals import Proposal
from dlcli.datasets.tables.table import ReadOptions, Table, read_table, with_texts
from dlcli.datasets.tables.table_reader import open_table
from dlcli.types import Array

# Texts of smaller files are held in memory.
MIN_SIZE = 10 << 20
# Rows that show how numbers are written.
HEAD_ROWS = 1000
# Days since the end of 1899, and year, month and day as one number.
EXCEL_DATES, WRITTEN_DATES = (20_000, 80_000), (19_000_101, 21_001_231)
DATE_NAME = re.compile(r".*(date|day|time)|.*(날짜|일자|일시|일)", re.IGNORECASE)


def is_large_table(path: Path) -> bool:
    """Tell whether a file is too large for all its cells to be held as texts."""
    return path.stat().st_size >= MIN_SIZE


def head_if_large(path: Path, options: ReadOptions) -> Table | None:
    """Return the first rows of a large table whose numbers can be parsed while reading.

    Returns
    -------
    Table or None
        With texts; None for a small table, and for formats without columns of numbers.
    """
    if not is_large_table(path):
        return None
    with open_table(path, options.dialect) as reader:
        if not isinstance(reader, CsvReader | ParquetReader):
            return None
        columns = read_names(reader, options.header, options.names)
        names = tuple(columns[int(reader.dialect.index and len(columns) > 1) :])
        texts: list[list[str]] = [[] for _ in columns]
        lines: list[int] = []
        while len(lines) < HEAD_ROWS:
            block = reader.read_block(["text"] * reader.width, HEAD_ROWS)
            if block is None:
                break
            for column, cells in zip(texts, block.columns, strict=True):
                column.extend(cells)
            lines.extend(block.lines)
        dialect = replace(reader.dialect, header=reader.has_header, width=len(names))
        raw = tuple(
            RawColumn(name, column, lines, reader.name, dialect)
            for name, column in zip(names, texts[len(columns) - len(names) :], strict=True)
        )
        return Table(reader.name, names, raw, lines, dialect, (), options)


def propose_parsing(head: Table) -> list[Proposal]:
    """Return the options with which the numbers of a table are parsed while reading."""
    return propose_number_options(head.columns, head.dialect)[1]


def read_parsed_table(
    path: Path, options: ReadOptions, text_columns: Collection[str | int]
) -> Table:
    """Read a table; columns have texts if these tell more than their numbers.

    Parameters
    ----------
    path : Path
    options : ReadOptions
    text_columns : collection of str or int
        Columns that have texts in any case.
    """
    table = read_table(
        path,
        options.dialect,
        header=options.header,
        names=options.names,
        text_columns=text_columns,
    )
    parsed = [at for at, raw in enumerate(table.columns) if isinstance(raw.texts, np.ndarray)]
    sentinels = {at: _sentinel(table.columns[at]) for at in parsed}
    words = [number for number in sentinels.values() if number]
    unclear = [
        at
        for at in parsed
        if sentinels[at] or _may_be_dates(table.columns[at]) or _has_any(table.columns[at], words)
    ]
    return with_texts(path, table, unclear)


def _sentinel(raw: RawColumn) -> float:
    """Return the number of a column that means a missing value; how it is written matters then."""
    values = _present(raw)
    return missing_sentinel(values) if len(values) else 0.0


def may_be_dates(name: str, values: Array) -> bool:
    """Tell whether numbers may be dates: 20240305, or those of spreadsheets below such a name."""
    if not len(values):
        return False
    low, high = values.min(), values.max()
    limits = EXCEL_DATES if DATE_NAME.fullmatch(name) else WRITTEN_DATES
    return any(first <= low <= high <= last for first, last in (limits, WRITTEN_DATES))


def _may_be_dates(raw: RawColumn) -> bool:
    return may_be_dates(raw.name, _present(raw))


def _has_any(raw: RawColumn, numbers: Sequence[float]) -> bool:
    return bool(numbers) and bool(np.isin(raw.texts, numbers).any())


def _present(raw: RawColumn) -> Array:
    values = np.asarray(raw.texts)
    present: Array = values[~np.isnan(values)]
    storage.release(values)
    return present
