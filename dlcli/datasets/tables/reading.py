"""Whole files and blocks of rows, column by column, still as text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from dlcli.datasets.tables.columns import to_number
from dlcli.datasets.tables.rows import Rows
from dlcli.errors import DatasetError, did_you_mean

MOST_COLUMNS = 100_000


@dataclass(frozen=True)
class Block:
    """Some rows of a text file, by column.

    Parameters
    ----------
    texts : list of sequences of str
        One per column.
    lines : sequence of int
        Line of each row.
    notices : tuple of str
        Of a whole file: what a user should know about how it was read.
    """

    texts: list[Sequence[str]]
    lines: Sequence[int]
    notices: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.lines)


def read_header(
    rows: Rows, header: bool | str, names: Sequence[str] | None
) -> tuple[list[str], list[str] | None]:
    """Read the names of the columns, and the first row if it held none.

    Parameters
    ----------
    rows : Rows
        At their beginning.
    header : bool or "auto"
    names : sequence of str or None
        Given names, for a file without a header.

    Returns
    -------
    names : list of str
        Given, read, or ``"0"``, ``"1"``, ….
    first : list of str or None
        The first row, if it is data.
    """
    first = next(rows, None)
    if first is None:
        raise DatasetError(f"{rows.name} is empty")
    if len(first) > MOST_COLUMNS:
        raise DatasetError(f"{rows.name}: more than {MOST_COLUMNS} columns")
    if names is not None and len(set(names)) < len(names):
        raise DatasetError(f"{rows.name}: `names` has {_repeated(names)!r} twice")
    if names is not None and header is True:
        raise DatasetError(f"{rows.name}: `names` is for files without a header")
    if header == "auto":
        header = names is None and looks_like_header(first, rows.dialect.decimal)
    if not header:
        width = len(first)
        if names is not None and len(names) != width:
            raise DatasetError(f"{rows.name}: {width} columns, but `names` has {len(names)}")
        return list(names) if names is not None else [str(index) for index in range(width)], first
    return _named(rows, first), None


def _named(rows: Rows, first: list[str]) -> list[str]:
    """Return the names of the first row."""
    if len(first) > 1 and not first[-1].strip():
        rows.narrow()
        first = first[:-1]
    stripped = [name.strip() for name in first]
    padded = [name for name, plain in zip(first, stripped, strict=True) if name != plain]
    if padded:
        rows.notices.append(f"{rows.name}: blanks around column names are cut off: {padded[0]!r}")
    place = f"{rows.name}:{rows.line}"
    seen: dict[str, int] = {}
    for number, name in enumerate(stripped, 1):
        if not name:
            raise DatasetError(f"{place}: column {number} has no name")
        if seen.setdefault(name, number) < number:
            found = f"({seen[name]} and {number})"
            raise DatasetError(f"{place}: column {name!r} appears twice {found}")
    return stripped


def _repeated(names: Sequence[str]) -> str:
    return next(name for name in names if list(names).count(name) > 1)


def looks_like_header(row: Sequence[str], decimal: str) -> bool:
    """Tell names from data: no name is a number."""
    return any(text.strip() for text in row) and all(
        np.isnan(to_number(text.strip(), decimal)) for text in row
    )


def read_blocks(
    rows: Rows, first: list[str] | None, size: int, *, looked_at_only: bool = False
) -> Iterator[Block]:
    """Cut rows into blocks of columns.

    Parameters
    ----------
    rows : Rows
        After the header.
    first : list of str or None
        A first row that is data.
    size : int
        Rows per block.
    looked_at_only : bool
        Whether to stop after the lines that `rows` has looked at already.
    """

    def lined() -> Iterator[tuple[int, list[str]]]:
        if first is not None:
            yield rows.line, first
        while not (looked_at_only and rows.is_between_chunks) and (row := next(rows, None)):
            yield rows.line, row

    stream = lined()
    while chunk := list(islice(stream, size)):
        lines = [line for line, _ in chunk]
        yield Block(list(zip(*(row for _, row in chunk), strict=True)), lines)


def position_of(name: str | int, names: Sequence[str], where: str, *, what: str = "column") -> int:
    """Return the position of a column given by name or by position.

    Raises
    ------
    DatasetError
        If there is no such column, with the nearest name or all of them.
    """
    if isinstance(name, int):
        if -len(names) <= name < len(names):
            return name % len(names)
        raise DatasetError(f"{where}: no {what} {name}; there are {len(names)}, from 0")
    if name in names:
        return list(names).index(name)
    shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    hint = did_you_mean(name, names)
    if len(names) == 1 and any(sign in names[0] for sign in ";\t|,"):
        hint = f"The only column is {names[0]!r}: set `delimiter` in the loader."
    raise DatasetError(f"{where}: no {what} {name!r}. {hint}".rstrip(), hint=f"columns: {shown}")


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
