"""Parquet files, in batches of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np

from dlcli.datasets.dataset import ColumnType
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables.binary_file import BinaryFile
from dlcli.datasets.tables.cell_values import to_text
from dlcli.datasets.tables.columns import without_missing_values
from dlcli.datasets.tables.row_reader import LOOKAHEAD_ROWS, Block, RowReader
from dlcli.errors import DatasetError
from dlcli.types import Array

MISSING = "Parquet files need pyarrow, which is not installed"
INSTALL = "pip install 'dlcli[parquet]'"
BATCH_ROWS = 16_384
# How pandas names an index that it stores as a column.
INDEX_COLUMN = "__index_level_"


class ParquetReader(RowReader):
    """Read the rows of a Parquet file; row 1 of messages has the names.

    Parameters
    ----------
    file : BinaryFile
    dialect : Dialect

    Raises
    ------
    DatasetError
        If pyarrow is not installed, or the file is damaged.
    """

    def __init__(self, file: BinaryFile, dialect: Dialect) -> None:
        self._batches = _read_batches(file)
        names = next(self._batches)
        # By position, since names may be repeated.
        self._used = [at for at, name in enumerate(names) if not name.startswith(INDEX_COLUMN)]
        self._names = [names[at] for at in self._used]
        self._first = next(self._batches, None)
        self._decimal = dialect.decimal
        super().__init__(file.name, dialect, self._head(), has_names=True)
        if len(names) > len(self._names):
            self.notices.append(f"{file.name}: the index of pandas is left out")

    def _head(self) -> Iterator[tuple[int, list[str]]]:
        yield 1, self._names
        if self._first is not None:
            head = self._first.slice(0, LOOKAHEAD_ROWS - 1)
            self._first = self._first.slice(LOOKAHEAD_ROWS - 1)
            columns = [self._texts(head, at) for at in range(len(self._names))]
            for line, row in enumerate(zip(*columns, strict=True), 2):
                yield line, list(row)

    def read_block(self, types: Sequence[ColumnType | None], max_rows: int) -> Block | None:
        """Read the next rows; see `RowReader`."""
        if self._pending:
            return self._read_rows(max_rows)
        batch = self._first if self._first is not None else next(self._batches, None)
        self._first = None
        while batch is not None and not batch.num_rows:
            batch = next(self._batches, None)
        if batch is None:
            return None
        columns: list[Any] = [
            () if kind is None else self._column(batch, at, kind) for at, kind in enumerate(types)
        ]
        lines = range(self.line + 1, self.line + 1 + batch.num_rows)
        self.line += batch.num_rows
        return Block(columns, lines)

    def _column(self, batch: Any, at: int, kind: ColumnType) -> Sequence[str] | Array:
        import pyarrow as pa

        column = batch.column(self._used[at])
        is_number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
        if kind != "numeric" or not is_number:
            return self._texts(batch, at)
        values = np.asarray(column.to_numpy(zero_copy_only=False), np.float64)
        # An infinite value is refused with its line, which texts have.
        if np.isinf(values).any():
            return self._texts(batch, at)
        return without_missing_values(values, self.dialect)

    def _texts(self, batch: Any, at: int) -> list[str]:
        values = batch.column(self._used[at]).to_pylist()
        return [to_text(value, self._decimal) for value in values]


def _read_batches(file: BinaryFile) -> Iterator[Any]:
    """Yield the names of the columns, then batches of rows."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise DatasetError(f"{file.name}: {MISSING}", hint=INSTALL) from None
    file.stream.seek(0)
    try:
        table = pq.ParquetFile(file.stream)
        names = list(table.schema_arrow.names)
        yield from chain([names], table.iter_batches(BATCH_ROWS))
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise DatasetError(f"{file.name} is damaged: {reason}") from None
