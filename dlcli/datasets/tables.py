"""The loader of tables in text files, for training; prediction reads them in blocks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.config.sections import CsvLoader
from dlcli.datasets.columns import categories, convert, detect_type, notices, numbers, to_number
from dlcli.datasets.dataset import PARTS, Column, ColumnType, Dataset, Dialect, Target
from dlcli.datasets.rows import Rows
from dlcli.datasets.text import open_text
from dlcli.errors import DatasetError, did_you_mean
from dlcli.known import Task

if TYPE_CHECKING:
    import pandas as pd

MAX_CLASSES = 20
MAX_CATEGORIES = 1000


@dataclass(frozen=True)
class Block:
    """Some rows of a text file, by column.

    Parameters
    ----------
    texts : list of sequences of str
        One per column.
    lines : list of int
        Line of each row.
    """

    texts: list[Sequence[str]]
    lines: list[int]

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
    if header == "auto":
        header = names is None and looks_like_header(first)
    if not header:
        width = len(first)
        if names is not None and len(names) != width:
            raise DatasetError(f"{rows.name}: {width} columns, but `names` has {len(names)}")
        return list(names) if names is not None else [str(index) for index in range(width)], first
    if len(first) > 1 and not first[-1].strip():
        rows.narrow()
        first = first[:-1]
    stripped = [name.strip() for name in first]
    for index, name in enumerate(stripped):
        if not name:
            raise DatasetError(f"{rows.name}:{rows.line}: column {index + 1} has no name")
        if name in stripped[:index]:
            raise DatasetError(
                f"{rows.name}:{rows.line}: column {name!r} appears twice "
                f"({stripped.index(name) + 1} and {index + 1})"
            )
    return stripped, None


def looks_like_header(row: Sequence[str]) -> bool:
    """Tell names from data: no name is a number."""
    return any(text.strip() for text in row) and all(
        np.isnan(to_number(text.strip())) for text in row
    )


def read_blocks(rows: Rows, first: list[str] | None, size: int) -> Iterator[Block]:
    """Cut rows into blocks of columns.

    Parameters
    ----------
    rows : Rows
        After the header.
    first : list of str or None
        A first row that is data.
    size : int
        Rows per block.
    """

    def lined() -> Iterator[tuple[int, list[str]]]:
        if first is not None:
            yield rows.line, first
        for row in rows:
            yield rows.line, row

    stream = lined()
    while chunk := list(islice(stream, size)):
        lines = [line for line, _ in chunk]
        yield Block(list(zip(*(row for _, row in chunk), strict=True)), lines)


def read_all(loader: CsvLoader, path: Path) -> tuple[list[str], Block, Dialect]:
    """Read a whole file.

    Returns
    -------
    names : list of str
    block : Block
        All rows.
    dialect : Dialect
        As detected.
    """
    dialect = Dialect(
        loader.delimiter.replace("\\t", "\t"),
        encoding=loader.encoding,
        decimal=loader.decimal,
        quoting=loader.quoting,
        comment=loader.comment,
        missing=loader.missing,
    )
    if (
        dialect.delimiter != "whitespace"
        and dialect.delimiter != "auto"
        and len(dialect.delimiter) > 1
    ):
        raise DatasetError(f"delimiter {dialect.delimiter!r} has more than one character")
    with open_text(path, loader.encoding) as text:
        rows = Rows(text, str(path), dialect)
        names, first = read_header(rows, loader.header, loader.names)
        block = next(read_blocks(rows, first, 1 << 62), None)
        dialect = replace(rows.dialect, header=first is None, width=len(names))
    if block is None:
        raise DatasetError(f"{path} has no rows below its header")
    return names, block, dialect


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


def load_csv(loader: CsvLoader, path: Path, name: str, extra: Sequence[str | int] = ()) -> Dataset:
    """Read a table for training.

    Parameters
    ----------
    loader : CsvLoader
    path : Path
        Where the file was found.
    name : str
        What the data set is called.
    extra : sequence of str or int
        ``split.column`` and ``split.group``: read as text, and no features.

    Returns
    -------
    Dataset
        ``parts`` and ``groups`` are not filled in.

    Raises
    ------
    DatasetError
        With file and line, if the text is malformed or a column is missing.
    """
    where = str(path)
    names, block, dialect = read_all(loader, path)
    target_at = position_of(loader.target, names, where, what="target column")
    aside = [position_of(item, names, where) for item in (*loader.drop, *extra)]
    wanted = (
        [position_of(item, names, where) for item in loader.columns]
        if loader.columns is not None
        else list(range(len(names)))
    )
    features = [at for at in wanted if at != target_at and at not in aside]
    if not features:
        raise DatasetError(f"{where}: no column is left to learn from")
    for typed in loader.types:
        position_of(typed, names, where)
    columns, values = [], {}
    for at in features:
        column = names[at]
        place: dict[str, Any] = {"name": column, "lines": block.lines, "where": where}
        kind: ColumnType = loader.types.get(column) or detect_type(
            block.texts[at], dialect, **place
        )
        values[column] = convert(kind, block.texts[at], dialect, **place)
        columns.append(Column(column, kind, at))
    _refuse_wide_categories(values, where)
    target, y = read_target(loader, names[target_at], target_at, block, dialect, where)
    texts = {names[at]: block.texts[at] for at in features}
    return Dataset(
        name,
        table(values),
        y,
        target,
        tuple(columns),
        dialect,
        files={where: file_sha256(path)},
        notices=tuple(notices(values, texts)),
    )


def table(values: dict[str, np.ndarray[Any, Any]]) -> pd.DataFrame:
    """Put columns together; object columns stay objects, so that None stays None."""
    import pandas as pd

    return pd.DataFrame(
        {name: pd.Series(column, dtype=column.dtype) for name, column in values.items()}
    )


def _refuse_wide_categories(values: dict[str, np.ndarray[Any, Any]], where: str) -> None:
    for name, column in values.items():
        if column.dtype == object:
            distinct = len(set(column.tolist()))
            if distinct > MAX_CATEGORIES:
                raise DatasetError(
                    f"{where}: column {name!r} has {distinct} different texts",
                    hint=f"leave it out with `drop: [{name}]`, or set its type",
                )


def read_target(
    loader: CsvLoader, name: str, position: int, block: Block, dialect: Dialect, where: str
) -> tuple[Target, np.ndarray[Any, Any]]:
    """Read the target: codes of sorted classes, or numbers.

    A text of the target is never missing, save the empty one: NA is a country.
    """
    texts = [text.strip() for text in block.texts[position]]
    empty = [line for line, text in zip(block.lines, texts, strict=True) if not text]
    if empty:
        raise DatasetError(
            f"{where}:{empty[0]}: no {name!r} in {len(empty)} row{'s' * (len(empty) > 1)}",
            hint="remove the rows, or predict them with a model trained on the others",
        )
    task = loader.task if loader.task != "auto" else detect_task(texts, dialect)
    if task == "regression":
        plain = replace(dialect, missing=())
        y = numbers(texts, plain, name=name, lines=block.lines, where=where)
        return Target(name, "regression", (), loader.unit, position), y
    class_names = sort_classes(set(texts))
    if len(class_names) < 2:
        raise DatasetError(
            f"{where}: {name!r} is {class_names[0]!r} in every row; nothing to learn"
        )
    codes = {text: code for code, text in enumerate(class_names)}
    y = np.fromiter((codes[text] for text in texts), np.int32, len(texts))
    return Target(name, "classification", class_names, "", position), y


def detect_task(texts: Sequence[str], dialect: Dialect) -> Task:
    """Tell classes from numbers: text, and few whole numbers that repeat, are classes."""
    values = [to_number(text, dialect.decimal) for text in texts]
    if any(np.isnan(values)):
        return "classification"
    distinct = set(values)
    whole = all(value == round(value) for value in distinct)
    few = len(distinct) <= MAX_CLASSES and len(distinct) <= len(texts) / 2
    return "classification" if whole and few else "regression"


def sort_classes(names: set[str]) -> tuple[str, ...]:
    """Sort class names: as numbers if all are, else as text."""
    values = {name: to_number(name) for name in names}
    if any(np.isnan(value) for value in values.values()):
        return tuple(sorted(names))
    return tuple(sorted(names, key=lambda name: (values[name], name)))


def read_parts(loader: CsvLoader, path: Path, column: str | int) -> np.ndarray[Any, Any]:
    """Read the column that says which split a row belongs to.

    Returns
    -------
    ndarray of int8, shape (n,)
        0 train, 1 validation, 2 test.
    """
    names, block, _ = read_all(loader, path)
    at = position_of(column, names, str(path))
    words = {"train": 0, "training": 0, "validation": 1, "val": 1, "valid": 1, "test": 2}
    parts = np.empty(len(block), np.int8)
    for index, text in enumerate(block.texts[at]):
        word = text.strip().lower()
        if word not in words:
            raise DatasetError(
                f"{path}:{block.lines[index]}: {text!r} in column {names[at]!r} "
                f"is none of {', '.join(PARTS)}"
            )
        parts[index] = words[word]
    return parts


def read_groups(loader: CsvLoader, path: Path, column: str | int) -> np.ndarray[Any, Any]:
    """Read the column whose equal values never part; shape (n,), text."""
    names, block, dialect = read_all(loader, path)
    texts = block.texts[position_of(column, names, str(path))]
    return categories(texts, replace(dialect, missing=()))


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
