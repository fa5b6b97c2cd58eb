"""Rows to predict, from text files, standard input or memory, in blocks of the model's columns."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.datasets.dataset import ColumnType
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.file_content import FileContent, FileSource
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
    open_binary,
    read_json_lines,
    text_format,
    text_reader,
)
from dlcli.errors import DatasetError
from dlcli.models.signature import Signature
from dlcli.prediction.layout import Keep, Layout, by_name, by_position, is_header
from dlcli.types import Array

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
    target : sequence of str, or of tuples of str, or None
        Texts of the target, if it is there; of several columns a tuple for each row.
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
    target: Sequence[Any] | None = None
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

    def check_finite(self, predictions: Array) -> None:
        """Check that no prediction of these rows overflows, since JSON has no infinite numbers.

        Raises
        ------
        DatasetError
            With the first row.
        """
        wrong = ~np.isfinite(predictions)
        if wrong.any():
            place = self.place(int(np.argwhere(wrong)[0, 0]))
            raise DatasetError(
                f"{place}: the prediction overflows: the values of the row are too large",
                hint="correct the row or remove it",
            )


def blocks_of_text(path: FileSource, signature: Signature, keep: Keep = ()) -> Generator[RawBlock]:
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
    file: BinaryFile, path: FileSource, signature: Signature, size: int, keep: Keep
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
            is_file = path != "-" and not isinstance(path, FileContent)
            yield from _line_blocks(text, signature, size, is_file=is_file)
        else:
            fields = len(signature.columns)
            dialect = _dialect(text, signature)
            reader = text_reader(text, kind, dialect, min_fields=fields, names=names)
            yield from _table_blocks(reader, signature, size, keep)


def max_rows(signature: Signature) -> int:
    """Return the number of rows of a block."""
    return max(MIN_ROWS, BLOCK_CELLS // len(signature.columns))


def _is_one_text_per_line(text: TextFile, path: FileSource, signature: Signature) -> bool:
    """Detect texts without a table: a .txt file, or one without a name and a header."""
    if not signature.is_text:
        return False
    if path != "-" and not isinstance(path, FileContent):
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
    for position in layout.targets:
        types[position] = "text"
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


def _line_blocks(
    text: TextFile, signature: Signature, size: int, *, is_file: bool
) -> Iterator[RawBlock]:
    lines = text.lines()
    target = signature.target
    # A table has columns of targets; a model without them has learned texts that are files.
    has_files = target is not None and target.position is None and not target.columns
    while texts := [line.strip() for line in islice(lines, size)]:
        values = {signature.names[0]: np.array(texts, object)}
        where = f"{text.name}, lines {text.line - len(texts) + 1} to {text.line}"
        notices: tuple[str, ...] = ()
        if is_file and has_files and len(texts) > 1:
            each = f"each line of {text.name} is predicted as a text"
            notices = (f"{each}; a folder of .txt files has a text in each",)
        yield RawBlock(values, len(texts), where, notices)
    if not text.line:
        raise DatasetError(f"{text.name} is empty")


def _json_blocks(text: TextFile, signature: Signature, size: int, keep: Keep) -> Iterator[RawBlock]:
    target = signature.target
    targets = [] if target is None else list(target.columns or (target.name,))
    positions = list(range(len(signature.columns)))
    wanted = keep if keep == "all" else list(keep)
    # Texts are read as in training, and numbers become such texts.
    dialect = replace(signature.dialect, missing=("", *signature.dialect.missing))
    signature = replace(signature, dialect=dialect)
    records = read_json_lines(text, signature.names, targets, size, wanted, dialect=dialect)
    for block, has_target, kept in records:
        first = len(block.columns) - len(kept)
        at_end = tuple((name, first + at) for at, name in enumerate(kept))
        target_at = tuple(range(len(positions), first)) if has_target else ()
        layout = Layout(positions, target_at, block.notices, at_end)
        yield _raw_block(block, layout, signature, text.name)


def _raw_block(block: Block, layout: Layout, signature: Signature, name: str) -> RawBlock:
    values: dict[str, Array] = {}
    for column, position in zip(signature.columns, layout.positions, strict=True):
        texts = block.columns[position]
        raw = RawColumn(column.name, texts, block.lines, name, signature.dialect, column.format)
        values[column.name] = column_values(raw, column.type, signature)
    where = f"{name}, lines {block.lines[0]} to {block.lines[-1]}"
    target = target_texts([block.columns[position] for position in layout.targets])
    inputs = as_inputs(values, signature)
    kept = {name: list(block.columns[position]) for name, position in layout.kept}
    return RawBlock(inputs, len(block), where, layout.notices, target, block.lines, kept=kept)


def column_values(raw: RawColumn, type: ColumnType, signature: Signature) -> Array:  # noqa: A002 (the word of the config)
    """Convert a column, with whole numbers among its categories written as in training.

    pandas writes 1 as 1.0 in a column with missing values, and only there.
    """
    values = convert(raw, type, lenient=True)
    known = signature.preprocessor.categories.get(raw.name)
    if type != "categorical" or not known:
        return values
    unknown = {text for text in values.tolist() if text is not None and text not in known}
    others = {
        text: text.removesuffix(".0") if text.endswith(".0") else f"{text}.0" for text in unknown
    }
    others = {text: other for text, other in others.items() if other in known}
    return np.array([others.get(text, text) for text in values], object) if others else values


def target_texts(columns: Sequence[Any]) -> Any:
    """Return the texts of the target as in `RawBlock`."""
    if len(columns) > 1:
        return list(zip(*columns, strict=True))
    return columns[0] if columns else None


def as_inputs(values: Mapping[str, Array], signature: Signature) -> Any:
    """Return columns by name, or one array for a model that was trained on arrays."""
    if not signature.preprocessor.shape:
        return values
    return np.column_stack([values[name] for name in signature.names])
