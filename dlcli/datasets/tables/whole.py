"""Whole tables, column by column: texts, and numbers where a large file plainly holds them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.config.loaders import CsvLoader
from dlcli.datasets.dataset import ColumnType, Dialect
from dlcli.datasets.tables.bulk import read_in_bulk
from dlcli.datasets.tables.columns import numbers
from dlcli.datasets.tables.reading import Block, read_blocks, read_header
from dlcli.datasets.tables.rows import Rows
from dlcli.datasets.tables.text import open_text
from dlcli.errors import DatasetError
from dlcli.types import Array

BLOCK = 8192


def read_all(
    loader: CsvLoader, path: Path, texts: Collection[str | int] | None = None
) -> tuple[list[str], Block, Dialect]:
    """Read a whole file.

    Parameters
    ----------
    loader : CsvLoader
    path : Path
    texts : collection of str or int, optional
        Columns whose texts are wanted, by name or position; default: all. Another may come as
        float64 with NaN for what is missing, if all of its texts are numbers.

    Returns
    -------
    names : list of str
    block : Block
        All rows.
    dialect : Dialect
        As detected.
    """
    dialect = _dialect(loader)
    with open_text(path, loader.encoding) as text:
        rows = Rows(text, str(path), dialect)
        names, first = read_header(rows, loader.header, loader.names)
        dialect = replace(rows.dialect, header=first is None, width=len(names))
        block: Block | None
        if texts is None:
            block = next(read_blocks(rows, first, 1 << 62), None)
        else:
            count = len(names)
            kept = {
                names[at] if isinstance(at, int) and -count <= at < count else at for at in texts
            }
            try:
                block = _read(rows, first, [name in kept for name in names])
            except _NotNumericError:  # that was found far below: every text counts then
                return read_all(loader, path)
    if block is None:
        raise DatasetError(f"{path} has no rows below its header")
    return names, replace(block, notices=tuple(rows.notices)), dialect


def _dialect(loader: CsvLoader) -> Dialect:
    return Dialect(
        loader.delimiter,
        encoding=loader.encoding,
        decimal=loader.decimal,
        quoting=loader.quoting,
        comment=loader.comment,
        missing=loader.missing,
    )


class _NotNumericError(Exception):
    """A column began with numbers and has another text further down, or nothing was seen."""


def _read(rows: Rows, first: list[str] | None, as_texts: Sequence[bool]) -> Block:
    """Read all rows; what looks like numbers at first is parsed as such."""
    ahead = next(read_blocks(rows, first, 1 << 62, looked_at_only=True), None)
    if ahead is None:  # comments and blank lines only, as far as was looked
        raise _NotNumericError
    types: list[ColumnType | None] = [
        "text" if kept or _numbers(column, ahead, rows) is None else "numeric"
        for kept, column in zip(as_texts, ahead.texts, strict=True)
    ]
    blocks = [ahead, *read_in_bulk(rows, None, BLOCK, types)]
    lines = list(chain.from_iterable(block.lines for block in blocks))
    columns: list[Any] = []
    for at in range(len(types)):
        parts = [block.texts[at] for block in blocks]
        if not any(isinstance(part, np.ndarray) for part in parts):
            columns.append(list(chain.from_iterable(parts)))
            continue
        parsed = [
            part if isinstance(part, np.ndarray) else _numbers(part, block, rows)
            for part, block in zip(parts, blocks, strict=True)
        ]
        if any(part is None for part in parsed):
            raise _NotNumericError
        columns.append(np.concatenate(parsed))  # type: ignore[arg-type]
    return Block(columns, lines)


def _numbers(texts: Sequence[str], block: Block, rows: Rows) -> Array | None:
    """Return texts as float64, or None if one of them is no number."""
    try:
        return numbers(texts, rows.dialect, name="", lines=block.lines, where="")
    except DatasetError:
        return None
