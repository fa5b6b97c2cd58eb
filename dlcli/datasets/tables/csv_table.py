"""The loader of tables in text files, for training; prediction reads them in blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.config.loaders import CsvLoader
from dlcli.datasets.dataset import MAX_CATEGORIES, PART_WORDS, PARTS, Column, ColumnType, Dataset
from dlcli.datasets.tables.columns import categories, convert, detect_type, table
from dlcli.datasets.tables.oddities import notices
from dlcli.datasets.tables.reading import file_sha256, position_of
from dlcli.datasets.tables.series import load_series
from dlcli.datasets.tables.target_column import read_target
from dlcli.datasets.tables.whole import read_all
from dlcli.errors import DatasetError
from dlcli.types import Array

if TYPE_CHECKING:
    pass


def load_csv(
    loader: CsvLoader,
    path: Path,
    name: str,
    extra: Sequence[str | int] = (),
    *,
    kind: ColumnType | None = None,
) -> Dataset:
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
    kind : str, optional
        Type of every feature; default: told from its values.

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
    numeric = kind in (None, "numeric") and loader.window is None
    typed = [column for column, own in loader.types.items() if own != "numeric"]
    texts = [loader.target, *extra, *loader.drop, *typed] if numeric else None
    names, block, dialect = read_all(loader, path, texts)
    target_at = position_of(loader.target, names, where, what="target column")
    aside = [position_of(item, names, where) for item in (*loader.drop, *extra)]
    if loader.window is not None:
        return load_series(name, names[target_at], target_at, block, loader, dialect, path)
    wanted = (
        [position_of(item, names, where) for item in loader.columns]
        if loader.columns is not None
        else list(range(len(names)))
    )
    features = [at for at in dict.fromkeys(wanted) if at != target_at and at not in aside]
    if not features:
        raise DatasetError(f"{where}: no column is left to learn from")
    for column in loader.types:
        position_of(column, names, where)
    columns, values = [], {}
    for at in features:
        column = names[at]
        place: dict[str, Any] = {"name": column, "lines": block.lines, "where": where}
        own = kind or loader.types.get(column) or detect_type(block.texts[at], dialect, **place)
        values[column] = convert(own, block.texts[at], dialect, **place)
        columns.append(Column(column, own, at))
    _refuse_wide_categories(values, columns, where)
    target, y = read_target(loader, names[target_at], target_at, block, dialect, where)
    odd = notices(values, columns, block.lines) if kind is None else []
    return Dataset(
        name,
        table(values),
        y,
        target,
        tuple(columns),
        dialect,
        files={where: file_sha256(path)},
        notices=(*block.notices, *odd),
    )


def _refuse_wide_categories(
    values: dict[str, Array], columns: Sequence[Column], where: str
) -> None:
    for name in (column.name for column in columns if column.type == "categorical"):
        distinct = len(set(values[name].tolist()))
        if distinct > MAX_CATEGORIES:
            raise DatasetError(
                f"{where}: column {name!r} has {distinct} different texts",
                hint=f"leave it out with `drop: [{name}]`, or set `types: {{{name}: text}}`",
            )


def read_parts(loader: CsvLoader, path: Path, column: str | int) -> Array:
    """Read the column that says which split a row belongs to.

    Returns
    -------
    ndarray of int8, shape (n,)
        0 train, 1 validation, 2 test.
    """
    names, block, _ = read_all(loader, path, [column])
    at = position_of(column, names, str(path))
    parts = np.empty(len(block), np.int8)
    for index, text in enumerate(block.texts[at]):
        word = text.strip().lower()
        if word not in PART_WORDS:
            raise DatasetError(
                f"{path}:{block.lines[index]}: {text!r} in column {names[at]!r} "
                f"is none of {', '.join(PARTS)}"
            )
        parts[index] = PART_WORDS[word]
    return parts


def read_groups(loader: CsvLoader, path: Path, column: str | int) -> Array:
    """Read the column whose equal values never part; shape (n,), text."""
    names, block, dialect = read_all(loader, path, [column])
    texts = block.texts[position_of(column, names, str(path))]
    return categories(texts, replace(dialect, missing=()))
