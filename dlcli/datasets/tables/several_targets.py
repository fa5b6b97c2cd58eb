"""Read several columns of a table as the target: labels, or numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.dataset import Target
from dlcli.datasets.tables.classes import name_classes
from dlcli.datasets.tables.columns import BOOLEANS, RawColumn, to_numbers
from dlcli.datasets.tables.label_lists import label_notices
from dlcli.datasets.tables.numbers import parse_number
from dlcli.datasets.tables.proposals import Proposal
from dlcli.errors import DatasetError, plural, raise_all
from dlcli.types import Array

MAX_NAMED = 3
Kind = Literal["label", "number", "text"]
WANTED = "several targets are columns of 0 and 1, or columns of numbers"


def name_of_targets(names: Sequence[str]) -> str:
    """Return what several targets are called together."""
    rest = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + rest


def rows_without_value(column: RawColumn) -> Array:
    """Return the rows without a value in one of several targets."""
    words = {"", *column.dialect.missing, *column.dialect.missing_numbers}
    return np.array(
        [row for row, text in enumerate(column.texts) if text.strip() in words], np.int64
    )


def read_several(
    loader: CsvLoader, columns: Sequence[RawColumn], positions: Sequence[int]
) -> tuple[Target, Array, tuple[str, ...]]:
    """Read several columns as the target.

    Parameters
    ----------
    loader : CsvLoader
    columns : sequence of RawColumn
        Without the rows that miss a value, if these are dropped.
    positions : sequence of int

    Returns
    -------
    target : Target
    y : ndarray, shape (n, columns)
        int32 of 0 and 1 (``multilabel``), or float64.
    notices : tuple of str

    Raises
    ------
    DatasetError
        If a value is missing, or the columns are neither all labels nor all numbers; with the line.
    """
    errors = [
        _no_value(column, rows) for column in columns if len(rows := rows_without_value(column))
    ]
    raise_all(errors)
    names = tuple(column.name for column in columns)
    task = _task(loader, columns)
    at = tuple(positions)
    if task == "multilabel":
        y = np.column_stack([to_labels(column) for column in columns])
        where = columns[0].where
        class_names, labels = name_classes(names, loader.class_names, where)
        target = Target(
            name_of_targets(names), "multilabel", class_names, "", None, labels, names, at
        )
        return target, y, label_notices(y, class_names)
    y = np.column_stack([to_numbers(column.without_missing()) for column in columns])
    target = Target(
        name_of_targets(names), "regression", (), loader.unit, columns=names, positions=at
    )
    return target, y, ()


def _no_value(column: RawColumn, rows: Array) -> DatasetError:
    text = column.texts[int(rows[0])].strip()
    as_text = f" ({text!r})" if text else ""
    return DatasetError(
        f"{column.where}:{column.lines[int(rows[0])]}: no {column.name!r}{as_text} in "
        f"{plural(len(rows), 'row')}",
        hint="`missing_target: drop` in the loader leaves these rows out",
    )


def _task(loader: CsvLoader, columns: Sequence[RawColumn]) -> Literal["multilabel", "regression"]:
    """Return what the columns are.

    Raises
    ------
    DatasetError
        If a column does not fit the others, or the task.
    """
    if loader.task == "classification":
        raise DatasetError(
            f"{columns[0].where}: {len(columns)} targets, but `task: classification` is for one",
            hint="`task: multilabel` is for columns of 0 and 1, of which a row has several",
        )
    if loader.task == "regression":
        return "regression"
    kinds = {column.name: _kind(column) for column in columns}
    labels = [name for name, kind in kinds.items() if kind == "label"]
    wrong = "label" if loader.task == "multilabel" else "text"
    raise_all(
        [
            _neither(column, loader.task)
            for column in columns
            if (kinds[column.name] != wrong if wrong == "label" else kinds[column.name] == wrong)
        ]
    )
    if len(labels) == len(columns):
        return "multilabel"
    if not labels:
        return "regression"
    numbers = [name for name, kind in kinds.items() if kind == "number"]
    raise DatasetError(
        f"{columns[0].where}: the targets mix labels ({name_of_targets(labels)}) and numbers "
        f"({name_of_targets(numbers)})",
        hint="name targets of one kind; `task: regression` reads 0 and 1 as numbers too",
    )


def _kind(column: RawColumn) -> Kind:
    texts = {text.strip().lower() for text in column.texts}
    if texts <= BOOLEANS.keys():
        return "label"
    values = [parse_number(text.strip(), column.dialect) for text in set(column.texts)]
    return "text" if any(map(math.isnan, values)) else "number"


def _neither(column: RawColumn, task: str) -> DatasetError:
    """Return the error for a column that is not of the kind that is wanted."""
    row = next(
        row
        for row, text in enumerate(column.texts)
        if text.strip().lower() not in BOOLEANS
        and (task == "multilabel" or math.isnan(parse_number(text.strip(), column.dialect)))
    )
    cell = column.cell(row, "the target")
    if task == "multilabel":
        return DatasetError(f"{cell} is neither true nor false; a label is 0 or 1 in every row")
    return DatasetError(f"{cell} is no number and neither true nor false; {WANTED}")


def to_labels(column: RawColumn) -> Array:
    """Return 0 and 1 of the texts of a label; int32.

    Raises
    ------
    DatasetError
        With the line of a text that is neither true nor false.
    """
    value_of = {text: BOOLEANS.get(text.strip().lower()) for text in set(column.texts)}
    for row, text in enumerate(column.texts):
        if value_of[text] is None:
            reason = "is neither true nor false; a label is 0 or 1 in every row"
            raise DatasetError(f"{column.cell(row, 'the target')} {reason}")
    return np.array([value_of[text] for text in column.texts], np.int32)


def propose_several(columns: Sequence[RawColumn]) -> list[Proposal]:
    """Return the options of the loader that several columns of the target ask for."""
    missing = {column.name: len(rows_without_value(column)) for column in columns}
    gaps = [f"{name} in {count}" for name, count in missing.items() if count]
    if not gaps:
        return []
    return [Proposal("missing_target", "drop", f"rows without {', '.join(gaps[:MAX_NAMED])}")]
