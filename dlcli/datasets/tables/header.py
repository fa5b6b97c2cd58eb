"""Names of the columns of a text file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from dlcli.datasets.tables.columns import to_number
from dlcli.datasets.tables.csv_reader import CsvReader
from dlcli.errors import DatasetError, did_you_mean

MAX_COLUMNS = 100_000
MAX_LISTED = 20


def read_names(
    reader: CsvReader, header: bool | str = "auto", names: Sequence[str] | None = None
) -> list[str]:
    """Return the names of the columns: given, read, or ``"0"``, ``"1"``, ….

    Parameters
    ----------
    reader : CsvReader
        Before its first block.
    header : bool or "auto"
        Whether the first row holds names.
    names : sequence of str, optional
        The loader's names, for a file without a header.
    """
    row = reader.first_row
    if len(row) > MAX_COLUMNS:
        raise DatasetError(f"{reader.name}: more than {MAX_COLUMNS} columns")
    if names is not None:
        if (repeated := first_repeated(names)) is not None:
            raise DatasetError(f"{reader.name}: `names` has {repeated!r} twice")
        if header is True:
            raise DatasetError(f"{reader.name}: `names` is for files without a header")
        if len(names) != len(row):
            raise DatasetError(f"{reader.name}: {len(row)} columns, but `names` has {len(names)}")
        return list(names)
    if header is True or (header == "auto" and looks_like_header(row, reader.dialect.decimal)):
        return _take_names(reader)
    return [str(index) for index in range(len(row))]


def _take_names(reader: CsvReader) -> list[str]:
    header = reader.take_header()
    names = [name.strip() for name in header]
    padded = [raw for raw, name in zip(header, names, strict=True) if raw != name]
    if padded:
        reader.notices.append(
            f"{reader.name}: blanks around column names are removed: {padded[0]!r}"
        )
    place = f"{reader.name}:{reader.line}"
    if "" in names:
        raise DatasetError(f"{place}: column {names.index('') + 1} has no name")
    if (repeated := first_repeated(names)) is not None:
        first = names.index(repeated)
        places = f"({first + 1} and {names.index(repeated, first + 1) + 1})"
        raise DatasetError(f"{place}: column {repeated!r} appears twice {places}")
    return names


def first_repeated(names: Iterable[str]) -> str | None:
    """Return the first name that equals an earlier one."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def looks_like_header(row: Sequence[str], decimal: str) -> bool:
    """Tell whether a row may hold names: none of its texts is a number."""
    texts = [text.strip() for text in row]
    return any(texts) and all(math.isnan(to_number(text, decimal)) for text in texts)


def position_of(
    column: str | int, names: Sequence[str], where: str, *, kind: str = "column"
) -> int:
    """Return the position of a column that a config names.

    Parameters
    ----------
    column : str or int
        Its name, or its position from 0; negative positions count from the end.
    names : sequence of str
        All columns.
    where, kind : str
        The file, and what the column is, for messages.

    Raises
    ------
    DatasetError
        If there is no such column, with the nearest name or all of them.
    """
    if isinstance(column, int):
        if -len(names) <= column < len(names):
            return column % len(names)
        raise DatasetError(f"{where}: no {kind} {column}; there are {len(names)}, from 0")
    if column in names:
        return names.index(column)
    hint = did_you_mean(column, names)
    if len(names) == 1 and any(delimiter in names[0] for delimiter in ";\t|,"):
        hint = f"The only column is {names[0]!r}: set `delimiter` in the loader."
    listed = ", ".join(names[:MAX_LISTED]) + (", …" if len(names) > MAX_LISTED else "")
    message = f"{where}: no {kind} {column!r}. {hint}".rstrip()
    raise DatasetError(message, hint=f"columns: {listed}")
