"""Rows of a large text, some megabytes at a time and many times faster than row by row.

pandas parses a chunk only where it finds in it what `Rows` would: no quotes, no comments, as many
fields in each line as in the first. Whatever is odd is read by `Rows`, which knows what to say.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.datasets.dataset import ColumnType
from dlcli.datasets.tables.columns import numbers_are_plain
from dlcli.datasets.tables.reading import Block, read_blocks
from dlcli.datasets.tables.rows import Rows
from dlcli.types import Array

if TYPE_CHECKING:
    import pandas as pd

# What is parsed at a time: enough to make the call worth it, and few rows to keep memory low.
CHUNK_ROWS, CHUNK = 16_384, 4 << 20
# A smaller rest of a file is read before pandas is imported.
WORTHWHILE = 1 << 20
TRUTH = re.compile("true|false", re.IGNORECASE)


def read_in_bulk(
    rows: Rows, first: list[str] | None, size: int, types: Sequence[ColumnType | None]
) -> Iterator[Block]:
    """Cut rows into blocks of columns, the numeric ones parsed already where that is plain.

    Parameters
    ----------
    rows : Rows
        After the header.
    first : list of str or None
        A first row that is data.
    size : int
        Rows per block where they are read one by one.
    types : sequence of str or None
        Of each column; None for one whose values nobody needs.

    Yields
    ------
    Block
        A numeric column is float64, NaN for what is missing, or has its texts. One that nobody
        needs may be empty.
    """
    plain = rows.dialect.delimiter != "whitespace" and numbers_are_plain(rows.dialect)
    yield from read_blocks(rows, first, size, looked_at_only=plain)
    head = rows.chunk(WORTHWHILE) if plain else ""
    if len(head) < WORTHWHILE:
        rows.feed(io.StringIO(head, newline=""))
        yield from read_blocks(rows, None, size)
        return
    characters = min(CHUNK, CHUNK_ROWS * len(head) // max(head.count("\n"), 1))
    for chunk in chain([head], iter(partial(rows.chunk, characters), "")):
        quoted = rows.dialect.quoting and '"' in chunk
        if not quoted and (block := _parse(chunk, rows, types)) is not None:
            yield block
            continue
        # A quoted field may go on in what follows, so that rows are read one by one from here on.
        rows.feed(io.StringIO(chunk, newline=""), then_rest=quoted)
        yield from read_blocks(rows, None, size)
        if quoted:
            return


def _parse(chunk: str, rows: Rows, types: Sequence[ColumnType | None]) -> Block | None:
    """Parse whole lines, or return None where `Rows` has to look at them."""
    count = chunk.count("\n") + (chunk[-1] != "\n")
    if not _is_plain(chunk, rows):
        return None
    try:
        table = _read_table(chunk, rows, types)
    except ValueError:  # a cell that is no number, or a line that is too long
        return None
    # A line that is one field too long has it in a column more, and one that is too short has
    # nothing in its last; a blank line is no row.
    last, beyond = table.iloc[:, -2], table.iloc[:, -1]
    if len(table) != count or (beyond != "").any() or (last.isna() | (last == "")).any():
        return None
    columns: list[Any] = []
    for at, kind in enumerate(types):
        values = table[at].to_numpy() if kind is not None else np.empty(0)
        if kind == "numeric" and (np.isinf(values).any() or _may_be_words(values, chunk)):
            return None
        columns.append(values if kind == "numeric" else values.tolist())
    lines = range(rows.line + 1, rows.line + count + 1)
    rows.line += count
    return Block(columns, lines)


def _is_plain(chunk: str, rows: Rows) -> bool:
    """Tell whether each line of a chunk is a row, as far as a look at the whole can tell."""
    dialect = rows.dialect
    delimiters = chunk.partition("\n")[0].count(dialect.delimiter)
    return not (
        "\0" in chunk
        or ("\r" in chunk and chunk.count("\r") != chunk.count("\r\n"))
        or (dialect.comment and dialect.comment in chunk)
        # pandas takes the first line for the width; an empty field may follow.
        or delimiters not in (rows.width - 1, rows.width)
    )


def _may_be_words(values: Array, chunk: str) -> bool:
    """Tell whether a column may hold nothing but true and false, which pandas takes for numbers."""
    return bool(((values == 0) | (values == 1)).all()) and bool(TRUTH.search(chunk))


def _read_table(chunk: str, rows: Rows, types: Sequence[ColumnType | None]) -> pd.DataFrame:
    import pandas as pd

    numeric = [at for at, kind in enumerate(types) if kind == "numeric"]
    missing: Any = {at: list(rows.dialect.missing) for at in numeric}
    return pd.read_csv(
        io.StringIO(chunk),
        sep=rows.dialect.delimiter,
        header=None,
        names=range(rows.width + 1),
        index_col=False,
        dtype={at: np.float64 if at in numeric else object for at in range(rows.width + 1)},
        keep_default_na=False,
        na_values=missing,
        quoting=3,  # csv.QUOTE_NONE
    )
