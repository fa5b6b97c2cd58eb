"""Rows to predict, from text files, standard input or memory, in blocks of the model's columns."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.datasets.dataset import Column, ColumnType, Dialect
from dlcli.datasets.tables import (
    DELIMITERS,
    PREDICTION_HINTS,
    BinaryFile,
    Block,
    RawColumn,
    RowReader,
    TextFile,
    as_text,
    binary_reader,
    convert,
    format_date,
    open_binary,
    read_json_lines,
    text_format,
    text_reader,
)
from dlcli.errors import DatasetError, ModelFileError, plural
from dlcli.models.loading import LoadedModel
from dlcli.models.signature import Signature, signature_of
from dlcli.prediction.layout import Keep, Layout, by_name, by_position, is_header
from dlcli.types import Array

if TYPE_CHECKING:
    import pandas as pd

MIN_ROWS, MAX_ROWS = 16, 8192
BLOCK_CELLS = 200_000


@dataclass(frozen=True)
class RawBlock:
    """Rows before preprocessing.

    Parameters
    ----------
    values : mapping or ndarray
        Arrays of shape (n,) by column name, or an array of shape (n, …).
    rows : int
    where : str
        File and lines, for messages.
    notices : tuple of str
    target : sequence of str or None
        Texts of the target column, if there is one.
    lines : sequence of int
        Line of each row.
    names : sequence of str
        Name of each row, if it is a file or a place in a series.
    kept : mapping
        Values of the columns that the predictions keep, by name.
    """

    values: Any
    rows: int
    where: str
    notices: tuple[str, ...] = ()
    target: Sequence[str] | None = None
    lines: Sequence[int] = ()
    names: Sequence[str] = ()
    kept: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.rows

    def place(self, row: int | None) -> str:
        """Return the file and the line of a row, or of all rows for None."""
        if row is None or row >= len(self.lines):
            return self.where
        return f"{self.where.partition(', lines ')[0]}:{self.lines[row]}"


def blocks_of_text(path: Path | str, signature: Signature, keep: Keep = ()) -> Iterator[RawBlock]:
    """Read a table in any format, or a file with a text per line, in blocks.

    Raises
    ------
    DatasetError
        If a column is missing or a value cannot be read.
    """
    with open_binary(path) as file:
        blocks = _blocks_of_file(file, path, signature, min(MAX_ROWS, max_rows(signature)), keep)
        first = next(blocks, None)
        if first is None:
            yield RawBlock({}, 0, file.name, (f"{file.name} has no rows",))
            return
        yield first
        yield from blocks


def _blocks_of_file(
    file: BinaryFile, path: Path | str, signature: Signature, size: int, keep: Keep
) -> Iterator[RawBlock]:
    dialect = signature.dialect
    names = signature.names if dialect.header else ()
    if file.kind != "text":
        reader = binary_reader(file, dialect, PREDICTION_HINTS, names)
        yield from _table_blocks(reader, signature, size, keep)
        return
    kind = text_format(file)
    with as_text(file, path, dialect.encoding, PREDICTION_HINTS, dialect.encoding_errors) as text:
        if kind == "json":
            yield from _json_blocks(text, signature, size, keep)
        elif kind == "delimited" and _is_one_text_per_line(text, path, signature):
            if keep:
                raise DatasetError(f"{text.name} has a text per line and no columns to keep")
            yield from _line_blocks(text, signature, size)
        else:
            fields = len(signature.columns)
            dialect = _dialect(text, signature)
            reader = text_reader(text, kind, dialect, min_fields=fields, names=names)
            yield from _table_blocks(reader, signature, size, keep)


def max_rows(signature: Signature) -> int:
    """Return the number of rows of a block."""
    return max(MIN_ROWS, BLOCK_CELLS // len(signature.columns))


def _is_one_text_per_line(text: TextFile, path: Path | str, signature: Signature) -> bool:
    """Detect texts without a table: a .txt file, or standard input without a header."""
    if not signature.is_text:
        return False
    if path != "-":
        return Path(path).suffix == ".txt"
    first = text.first_line()
    cells = {cell.strip(' \r"') for cell in re.split(r"[,;\t|]", first)}
    return signature.names[0] not in cells and "\t" not in first


def _table_blocks(
    reader: RowReader, signature: Signature, size: int, keep: Keep
) -> Iterator[RawBlock]:
    row = reader.first_row
    if reader.has_names or is_header(row, signature):
        layout = by_name(row, signature, reader.name, keep)
        reader.take_header()
    else:
        layout = by_position(row, signature, reader.name, keep)
        if signature.is_text and len(row) == 1:
            notice = (
                f"{reader.name} has no column {signature.names[0]!r}: each line is read as a text"
            )
            layout = replace(layout, notices=(notice,))
    types: list[ColumnType | None] = [None] * reader.width
    for column, position in zip(signature.columns, layout.positions, strict=True):
        types[position] = column.type
    if layout.target is not None:
        types[layout.target] = "text"
    for _, position in layout.kept:  # as they are written, also numbers
        types[position] = "text"
    while (block := reader.read_block(types, size)) is not None:
        notices = (*reader.notices, *layout.notices)
        yield _raw_block(block, replace(layout, notices=notices), signature, reader.name)


def _dialect(text: TextFile, signature: Signature) -> Dialect:
    """Return the dialect of the training file, with the delimiter of a header that names a text.

    Texts contain commas, so that only the name of their column shows what the delimiter is.
    """
    dialect = signature.dialect
    if not signature.is_text:
        return dialect
    first = text.first_line()
    for delimiter in DELIMITERS:
        cells = [cell.strip(' \r\ufeff"') for cell in first.split(delimiter)]
        if len(cells) > 1 and signature.names[0] in cells:
            quoting = dialect.quoting or delimiter != dialect.delimiter
            return replace(dialect, delimiter=delimiter, quoting=quoting)
    return dialect


def _line_blocks(text: TextFile, signature: Signature, size: int) -> Iterator[RawBlock]:
    lines = text.lines()
    while texts := [line.strip() for line in islice(lines, size)]:
        values = {signature.names[0]: np.array(texts, object)}
        where = f"{text.name}, lines {text.line - len(texts) + 1} to {text.line}"
        yield RawBlock(values, len(texts), where)
    if not text.line:
        raise DatasetError(f"{text.name} is empty")


def _json_blocks(text: TextFile, signature: Signature, size: int, keep: Keep) -> Iterator[RawBlock]:
    target = signature.target.name if signature.target else None
    positions = list(range(len(signature.columns)))
    signature = replace(signature, dialect=_dialect_of_values(signature.dialect))
    wanted = keep if keep == "all" else list(keep)
    for block, has_target, kept in read_json_lines(text, signature.names, target, size, wanted):
        first = len(block.columns) - len(kept)
        at_end = tuple((name, first + at) for at, name in enumerate(kept))
        target_at = len(positions) if has_target else None
        layout = Layout(positions, target_at, block.notices, at_end)
        yield _raw_block(block, layout, signature, text.name)


def _dialect_of_values(dialect: Dialect) -> Dialect:
    """Return the dialect of texts that were made from values: ``""`` is a missing value."""
    thousands = "" if dialect.thousands == "." else dialect.thousands
    missing = ("", *dialect.missing)
    return replace(dialect, decimal=".", thousands=thousands, missing=missing)


def _raw_block(block: Block, layout: Layout, signature: Signature, name: str) -> RawBlock:
    values: dict[str, Array] = {}
    for column, position in zip(signature.columns, layout.positions, strict=True):
        texts = block.columns[position]
        raw = RawColumn(column.name, texts, block.lines, name, signature.dialect, column.format)
        values[column.name] = convert(raw, column.type, lenient=True)
    where = f"{name}, lines {block.lines[0]} to {block.lines[-1]}"
    target: Any = None if layout.target is None else block.columns[layout.target]
    inputs = _as_inputs(values, signature)
    kept = {name: list(block.columns[position]) for name, position in layout.kept}
    return RawBlock(inputs, len(block), where, layout.notices, target, block.lines, kept=kept)


def _as_inputs(values: Mapping[str, Array], signature: Signature) -> Any:
    """Return columns by name, or one array for a model that was trained on arrays."""
    if not signature.preprocessor.shape:
        return values
    return np.column_stack([values[name] for name in signature.names])


def blocks_of_frame(source: Any, signature: Signature, keep: Keep = ()) -> Iterator[RawBlock]:
    """Yield rows in memory in blocks.

    Parameters
    ----------
    source : DataFrame or ndarray
        Columns are found by name; an array has shape (n, …).
    signature : Signature
    keep : sequence of str or "all"
        Columns of a DataFrame that the predictions keep.

    Raises
    ------
    DatasetError
        If a column is missing or has another type.
    """
    size = max_rows(signature)
    if isinstance(source, np.ndarray):
        if keep:
            raise DatasetError("an array has no columns to keep")
        yield from array_blocks(source, signature, size)
        return
    layout = by_name([str(name) for name in source.columns], signature, "the table", keep)
    for start in range(0, len(source), size):
        part = source.iloc[start : start + size]
        values = {
            column.name: _frame_column(part.iloc[:, position], column, signature.dialect)
            for column, position in zip(signature.columns, layout.positions, strict=True)
        }
        target = None if layout.target is None else [str(v) for v in part.iloc[:, layout.target]]
        inputs = _as_inputs(values, signature)
        kept = {name: part.iloc[:, position].tolist() for name, position in layout.kept}
        where = f"rows from {start}"
        yield RawBlock(inputs, len(part), where, layout.notices, target, kept=kept)


def array_blocks(
    source: Array, signature: Signature, size: int, where: str = "", target: Sequence[str] = ()
) -> Iterator[RawBlock]:
    """Yield the rows of an array, which may be on the disk, in blocks.

    Parameters
    ----------
    source : ndarray, shape (n, …)
    signature : Signature
    size : int
        Rows of a block.
    where : str
        The file, for messages.
    target : sequence of str
        Texts of the target, if there is one.

    Raises
    ------
    DatasetError
        If the rows have another size than those of the model, or are no numbers.
    """
    width = math.prod(source.shape[1:])
    if width != len(signature.columns):
        expected = plural(len(signature.columns), "value")
        raise DatasetError(
            f"{where or 'the array'}: {plural(width, 'value')} per row; the model takes {expected}",
            hint=f"its samples have shape {signature.preprocessor.shape}"
            if signature.preprocessor.shape
            else None,
        )
    for start in range(0, len(source), size):
        try:
            part = np.asarray(source[start : start + size]).astype(np.float32)
        except ValueError as error:
            raise DatasetError(f"the array does not hold numbers: {error}") from None
        part = part.reshape(len(part), -1)
        values: Any = part
        if not signature.preprocessor.shape:
            values = {name: part[:, index] for index, name in enumerate(signature.names)}
        labels = target[start : start + size] if len(target) else None
        place = f"{where}, rows from {start}" if where else f"rows from {start}"
        yield RawBlock(values, len(part), place, target=labels)


def _frame_column(series: Any, column: Column, dialect: Dialect) -> Array:
    """Convert a column of a DataFrame to its type; pandas's missing values are missing."""
    values = series.astype(object).where(series.notna(), None).tolist()
    texts = ["" if value is None else _cell_text(value, column) for value in values]
    lines = range(1, len(texts) + 1)
    dialect = _dialect_of_values(dialect)
    raw = RawColumn(column.name, texts, lines, "the table, row", dialect, column.format)
    return convert(raw, column.type, lenient=True)


def _cell_text(value: Any, column: Column) -> str:
    """Return a value as the text of a file; dates in the format of the training file."""
    if column.type == "date" and isinstance(value, date | time):
        return format_date(value, column.format)
    return str(value)


def table_of_texts(model: LoadedModel, texts: Sequence[str]) -> pd.DataFrame:
    """Return texts as a table for a model of text.

    Raises
    ------
    ModelFileError
        If the model takes other data.
    """
    import pandas as pd

    signature = signature_of(model)
    if not signature.is_text:
        raise ModelFileError(f"{model.path} is not a model of text; name a file with rows")
    return pd.DataFrame({signature.names[0]: list(texts)})
