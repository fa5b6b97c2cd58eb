"""Raw rows from files, standard input or memory, in blocks, with the columns a model wants."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from dlcli.datasets.columns import booleans, categories, convert
from dlcli.datasets.dataset import Column
from dlcli.datasets.rows import Rows
from dlcli.datasets.tables import Block, looks_like_header, read_blocks
from dlcli.datasets.text import open_text
from dlcli.errors import DatasetError, did_you_mean
from dlcli.signature import Signature

Array = np.ndarray[Any, Any]
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
    """

    values: Any
    rows: int
    where: str
    notices: tuple[str, ...] = ()
    target: Sequence[str] | None = None
    lines: Sequence[int] = ()

    def __len__(self) -> int:
        return self.rows


@dataclass(frozen=True)
class Layout:
    """Where the wanted columns stand in a row.

    Parameters
    ----------
    positions : list of int
        One per wanted column.
    target : int or None
    notices : tuple of str
    """

    positions: list[int]
    target: int | None
    notices: tuple[str, ...] = ()


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
    with open_text(path, signature.dialect.encoding) as text:
        if _is_json_lines(text, path):
            yield from _json_blocks(text, name, signature, size)
            return
        dialect = replace(signature.dialect, delimiter="auto")
        if signature.dialect.delimiter == "whitespace":
            dialect = replace(dialect, delimiter="whitespace")
        rows = Rows(text, name, dialect)
        row = next(rows, None)
        if row is None:
            raise DatasetError(f"{name} is empty")
        header = is_header(row, signature)
        layout = by_name(row, signature, name) if header else by_position(len(row), signature, name)
        if header and len(row) > 1 and not row[-1].strip():
            rows.narrow()
        for block in read_blocks(rows, None if header else row, size):
            yield _raw(block, layout, signature, name)


def _is_json_lines(text: TextIO, path: Path | str) -> bool:
    if path != "-" and Path(path).suffix in (".jsonl", ".ndjson"):
        return True
    buffer: Any = text.buffer
    return path == "-" and bytes(buffer.peek(1)[:1]) == b"{"


def is_header(row: Sequence[str], signature: Signature) -> bool:
    """Tell whether a first row holds names: the model's, or at least no numbers."""
    stripped = {name.strip() for name in row}
    names = set(signature.names)
    if all(name.isdigit() for name in names):  # columns without names of their own
        return names <= stripped or looks_like_header(row)
    numeric = [column for column in signature.columns if column.type == "numeric"]
    if names & stripped:
        return True
    return bool(numeric) and looks_like_header(row)


def by_name(row: Sequence[str], signature: Signature, where: str) -> Layout:
    """Find the wanted columns in a header.

    Raises
    ------
    DatasetError
        Naming every column that is missing, and those that the model wants.
    """
    names = [name.strip() for name in row]
    target = signature.target.name if signature.target else None
    at = names.index(target) if target in names else None
    missing = [name for name in signature.names if name not in names]
    if not missing:
        repeated = [name for name in signature.names if names.count(name) > 1]
        if repeated:
            raise DatasetError(f"{where}: column {repeated[0]!r} appears twice")
        extra = [n for n in names if n and n not in signature.names and n != target]
        said = (f"columns not used: {_listed(extra)}",) if extra else ()
        return Layout([names.index(name) for name in signature.names], at, said)
    unnamed = signature.preprocessor.shape or all(name.isdigit() for name in signature.names)
    others = [index for index in range(len(names)) if index != at and names[index]]
    if unnamed and len(others) == len(signature.columns):
        return Layout(others, at)
    hints = [
        did_you_mean(name, [n for n in names if n not in signature.names]) for name in missing[:3]
    ]
    shown = ", ".join(map(repr, missing[:5])) + (" …" if len(missing) > 5 else "")
    raise DatasetError(
        " ".join([f"{where}: no column {shown}.", *filter(None, hints)]),
        hint=f"the model wants the columns {_listed(signature.names)}",
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (f", … ({len(names)} in all)" if len(names) > 12 else "")


def by_position(width: int, signature: Signature, where: str) -> Layout:
    """Place the wanted columns in rows without a header, with or without the target.

    Raises
    ------
    DatasetError
        If the number of fields is neither.
    """
    columns = signature.columns
    said = (f"{where} has no header: columns go by their position",)
    if width == len(columns):
        order = sorted(range(width), key=lambda index: columns[index].position)
        positions = [0] * width
        for at, index in enumerate(order):
            positions[index] = at
        return Layout(positions, None, said if signature.dialect.header else ())
    full = signature.dialect.width
    if full and width == full:
        target = signature.target.position if signature.target else None
        return Layout(
            [c.position for c in columns], target, said if signature.dialect.header else ()
        )
    wanted = f"{len(columns)}" + (f", or {full} with the target" if full > len(columns) else "")
    raise DatasetError(
        f"{where}: the first row has {width} fields; the model wants {wanted}",
        hint=f"its columns are {_listed(signature.names)}",
    )


def _raw(block: Block, layout: Layout, signature: Signature, name: str) -> RawBlock:
    where = f"{name}, lines {block.lines[0]} to {block.lines[-1]}"
    target = block.texts[layout.target] if layout.target is not None else None
    values: dict[str, Array] = {}
    for column, position in zip(signature.columns, layout.positions, strict=True):
        values[column.name] = convert(
            column.type,
            block.texts[position],
            signature.dialect,
            name=column.name,
            lines=block.lines,
            where=name,
        )
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
    lines: list[int] = []
    rows: list[list[str]] = []
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise DatasetError(f"{name}:{number}: not valid JSON: {error}") from None
        if not isinstance(record, dict):
            raise DatasetError(f"{name}:{number}: expected an object with the columns' names")
        missing = [wanted for wanted in signature.names if wanted not in record]
        if missing:
            raise DatasetError(
                f"{name}:{number}: no column {', '.join(map(repr, missing[:5]))}",
                hint=f"the model wants the columns {_listed(signature.names)}",
            )
        fields = [*signature.names, *([target] if target in record else [])]
        rows.append([_json_text(record[field]) for field in fields])
        lines.append(number)
        if len(rows) == size:
            yield _json_block(rows, lines, signature, name)
            rows, lines = [], []
    if rows:
        yield _json_block(rows, lines, signature, name)


def _json_block(
    rows: list[list[str]], lines: list[int], signature: Signature, name: str
) -> RawBlock:
    width = len(signature.columns)
    labelled = all(len(row) > width for row in rows)
    layout = Layout(list(range(width)), width if labelled else None)
    texts: list[Sequence[str]] = list(zip(*(row[: width + labelled] for row in rows), strict=True))
    plain = replace(signature, dialect=replace(signature.dialect, decimal="."))
    return _raw(Block(texts, lines), layout, plain, name)


def _json_text(value: Any) -> str:
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, bool) else str(value)


def blocks_of_frame(source: Any, signature: Signature) -> Iterator[RawBlock]:
    """Take rows in memory: a DataFrame by column names, or an array.

    Raises
    ------
    DatasetError
        If a column is missing or has another type.
    """
    size = max(16, CELLS // len(signature.columns))
    if isinstance(source, np.ndarray):
        flat = source.reshape(len(source), -1)
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
            column.name: _frame_column(part.iloc[:, position], column)
            for column, position in zip(signature.columns, layout.positions, strict=True)
        }
        target = None if layout.target is None else [str(v) for v in part.iloc[:, layout.target]]
        yield RawBlock(
            _shaped(named, signature), len(part), f"rows from {start}", layout.notices, target
        )


def _frame_column(series: Any, column: Column) -> Array:
    """Return a column of a DataFrame as its type; what is missing in pandas is missing here."""
    plain = series.astype(object).where(series.notna(), None).tolist()
    if column.type == "numeric":
        try:
            return np.array([math.nan if value is None else float(value) for value in plain])
        except (TypeError, ValueError):
            raise DatasetError(f"column {column.name!r} holds values that are no numbers") from None
    from dlcli.datasets.dataset import Dialect

    texts = ["" if value is None else str(value) for value in plain]
    if column.type == "boolean":
        lines = range(len(texts))
        return booleans(texts, Dialect(), name=column.name, lines=lines, where="the table")
    return categories(texts, Dialect())
