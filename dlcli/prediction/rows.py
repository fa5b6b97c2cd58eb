"""Raw rows from files, standard input or memory, in blocks, with the columns a model wants."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from dlcli.datasets.dataset import Column, ColumnType, Dialect
from dlcli.datasets.tables.bulk import read_in_bulk
from dlcli.datasets.tables.columns import convert
from dlcli.datasets.tables.json_rows import read_json_rows
from dlcli.datasets.tables.reading import Block
from dlcli.datasets.tables.rows import DELIMITERS, Rows
from dlcli.datasets.tables.text import FOR_PREDICTION, open_text, read_lines
from dlcli.errors import DatasetError
from dlcli.models.signature import Signature
from dlcli.prediction.layout import Layout, by_name, by_position, is_header
from dlcli.types import Array

CELLS = 200_000


@dataclass(frozen=True)
class RawBlock:
    """Some rows, before preprocessing.

    Parameters
    ----------
    values : mapping or ndarray
        Arrays of shape (n,) by column name, or an array of shape (n, …).
    rows : int
    where : str
        File and lines, for messages.
    notices : tuple of str
    target : sequence of str or None
        Texts of the target column, if the rows have one.
    lines : sequence of int
        Line of each row.
    names : sequence of str
        What each row is called, where it is a file or a place in a series.
    """

    values: Any
    rows: int
    where: str
    notices: tuple[str, ...] = ()
    target: Sequence[str] | None = None
    lines: Sequence[int] = ()
    names: Sequence[str] = ()

    def __len__(self) -> int:
        return self.rows

    def place(self, row: int | None) -> str:
        """Say where a row stands, or all of them."""
        if row is None or row >= len(self.lines):
            return self.where
        return f"{self.where.partition(', lines ')[0]}:{self.lines[row]}"


def blocks_of_text(path: Path | str, signature: Signature) -> Iterator[RawBlock]:
    """Read a CSV or JSON Lines file in blocks.

    Parameters
    ----------
    path : Path or "-"
    signature : Signature

    Raises
    ------
    DatasetError
        If a column is missing or a value cannot be read.
    """
    name = "standard input" if path == "-" else str(path)
    size = min(8192, max(16, CELLS // len(signature.columns)))
    with open_text(path, signature.dialect.encoding, FOR_PREDICTION) as text:
        if _is_json_lines(text, path):
            blocks = _json_blocks(text, name, signature, size)
        elif _is_lines(text, path, signature):
            blocks = _line_blocks(text, name, signature, size)
        else:
            blocks = _row_blocks(text, name, signature, size)
        first = next(blocks, None)
        if first is None:
            yield RawBlock({}, 0, name, (f"{name} has no rows",))
            return
        yield first
        yield from blocks


def _row_blocks(text: TextIO, name: str, signature: Signature, size: int) -> Iterator[RawBlock]:
    dialect = _dialect(text, signature)
    rows = Rows(text, name, dialect, expected=len(signature.columns), advice=FOR_PREDICTION)
    row = next(rows, None)
    if row is None:
        raise DatasetError(f"{name} is empty")
    header = is_header(row, signature)
    layout = by_name(row, signature, name) if header else by_position(len(row), signature, name)
    if header and len(row) > 1 and not row[-1].strip():
        rows.narrow()
    if not header and signature.is_text and len(row) == 1:
        said = f"{name} has no column {signature.names[0]!r}: each line is taken as a text"
        layout = replace(layout, notices=(said,))
    types: list[ColumnType | None] = [None] * rows.width
    for column, position in zip(signature.columns, layout.positions, strict=True):
        types[position] = column.type
    if layout.target is not None:
        types[layout.target] = "text"
    for block in read_in_bulk(rows, None if header else row, size, types):
        noted = replace(layout, notices=(*rows.notices, *layout.notices))
        yield _raw(block, noted, signature, name)


def _is_json_lines(text: TextIO, path: Path | str) -> bool:
    if path != "-" and Path(path).suffix in (".jsonl", ".ndjson"):
        return True
    buffer: Any = text.buffer
    return path == "-" and bytes(buffer.peek(1)[:1]) == b"{"


def _first_line(text: TextIO) -> str:
    """Return the first line without taking it."""
    buffer: Any = text.buffer
    return str(bytes(buffer.peek(1)).partition(b"\n")[0].decode(text.encoding, "replace"))


def _dialect(text: TextIO, signature: Signature) -> Dialect:
    """Return how rows are written: with any delimiter, if a header names the column of a text.

    Texts have commas of their own, so that nothing but the name tells a delimiter.
    """
    if not signature.is_text:
        return signature.dialect
    first = _first_line(text)
    for delimiter in DELIMITERS:
        cells = [cell.strip(' \r\ufeff"') for cell in first.split(delimiter)]
        if len(cells) > 1 and signature.names[0] in cells:
            changed = delimiter != signature.dialect.delimiter
            quoting = signature.dialect.quoting or changed
            return replace(signature.dialect, delimiter=delimiter, quoting=quoting)
    return signature.dialect


def _is_lines(text: TextIO, path: Path | str, signature: Signature) -> bool:
    """Tell whether every line is a text: in a .txt file, or on standard input without a header."""
    if not signature.is_text:
        return False
    if path != "-":
        return Path(path).suffix == ".txt"
    first = _first_line(text)
    cells = {cell.strip(' \r"') for cell in re.split(r"[,;\t|]", first)}
    return signature.names[0] not in cells and "\t" not in first


def _line_blocks(text: TextIO, name: str, signature: Signature, size: int) -> Iterator[RawBlock]:
    number = 0
    lines = read_lines(text, name, FOR_PREDICTION)
    while chunk := [line.strip() for line in islice(lines, size)]:
        first, number = number + 1, number + len(chunk)
        values = {signature.names[0]: np.array(chunk, object)}
        yield RawBlock(values, len(chunk), f"{name}, lines {first} to {number}")
    if not number:
        raise DatasetError(f"{name} is empty")


def _raw(block: Block, layout: Layout, signature: Signature, name: str) -> RawBlock:
    where = f"{name}, lines {block.lines[0]} to {block.lines[-1]}"
    target = block.texts[layout.target] if layout.target is not None else None
    values: dict[str, Array] = {}
    for column, position in zip(signature.columns, layout.positions, strict=True):
        place: dict[str, Any] = {"name": column.name, "lines": block.lines, "where": name}
        texts = block.texts[position]
        values[column.name] = convert(column.type, texts, signature.dialect, **place)
    return RawBlock(
        _shaped(values, signature), len(block), where, layout.notices, target, block.lines
    )


def _shaped(values: Mapping[str, Array], signature: Signature) -> Any:
    """Return the columns by name, or put together for a network that takes an array."""
    if not signature.preprocessor.shape:
        return values
    return np.column_stack([values[name] for name in signature.names])


def _json_blocks(text: TextIO, name: str, signature: Signature, size: int) -> Iterator[RawBlock]:
    target = signature.target.name if signature.target else None
    width = len(signature.columns)
    plain = replace(signature, dialect=_without_signs(signature.dialect))
    lines = read_lines(text, name, FOR_PREDICTION)
    for block, labelled in read_json_rows(lines, name, signature.names, target, size):
        layout = Layout(list(range(width)), width if labelled else None, block.notices)
        yield _raw(block, layout, plain, name)


def _without_signs(dialect: Dialect) -> Dialect:
    """Return how numbers are written where they are no text: what is missing is empty."""
    return replace(dialect, decimal=".", missing=("", *dialect.missing))


def blocks_of_frame(source: Any, signature: Signature) -> Iterator[RawBlock]:
    """Take rows in memory: a DataFrame by column names, or an array.

    Raises
    ------
    DatasetError
        If a column is missing or has another type.
    """
    size = max(16, CELLS // len(signature.columns))
    if isinstance(source, np.ndarray):
        try:
            flat = source.reshape(len(source), -1).astype(np.float32)
        except ValueError as error:
            raise DatasetError(f"the array does not hold numbers: {error}") from None
        if flat.shape[1] != len(signature.columns):
            wanted = len(signature.columns)
            raise DatasetError(f"{flat.shape[1]} values per row; the model wants {wanted}")
        for start in range(0, len(flat), size):
            part = flat[start : start + size]
            values: Any = part
            if not signature.preprocessor.shape:
                values = {name: part[:, index] for index, name in enumerate(signature.names)}
            yield RawBlock(values, len(part), f"rows from {start}")
        return
    layout = by_name([str(name) for name in source.columns], signature, "the table")
    for start in range(0, len(source), size):
        part = source.iloc[start : start + size]
        named = {
            column.name: _frame_column(part.iloc[:, position], column, signature.dialect)
            for column, position in zip(signature.columns, layout.positions, strict=True)
        }
        target = None if layout.target is None else [str(v) for v in part.iloc[:, layout.target]]
        yield RawBlock(
            _shaped(named, signature), len(part), f"rows from {start}", layout.notices, target
        )


def _frame_column(series: Any, column: Column, dialect: Dialect) -> Array:
    """Return a column of a DataFrame as its type; what is missing in pandas is missing here."""
    plain = series.astype(object).where(series.notna(), None).tolist()
    texts = ["" if value is None else str(value) for value in plain]
    known = _without_signs(dialect)
    place: dict[str, Any] = {"name": column.name, "lines": range(1, len(texts) + 1)}
    return convert(column.type, texts, known, where="the table, row", **place)
