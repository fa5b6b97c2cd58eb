"""The true values of the rows of a table, to score predictions with."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from dlcli.datasets.dataset import Target
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables import (
    RawColumn,
    label_matrix,
    parse_labels,
    rows_without_target,
    rows_without_value,
    to_category,
    to_labels,
    to_number,
    to_numbers,
)
from dlcli.errors import DatasetError
from dlcli.prediction.rows import RawBlock
from dlcli.types import Array

NOT_NEEDED = "`dlcli predict` needs none"


def labelled_rows(raw: RawBlock, target: Target, dialect: Dialect) -> Array:
    """Return the rows that have a target, if the others were left out of the training too."""
    rows = np.arange(len(raw))
    if dialect.missing_target != "drop":
        return rows
    columns = _columns(raw, rows, target, dialect, "")
    if target.columns:
        missing = np.concatenate([rows_without_value(column) for column in columns])
    else:
        # A list is a text, not a number.
        task = "classification" if target.task == "multilabel" else target.task
        missing = rows_without_target(columns[0], task)
    return np.setdiff1d(rows, missing)


def true_values(raw: RawBlock, rows: Array, target: Target, dialect: Dialect, source: str) -> Array:
    """Return the class codes, labels or numbers of the target in some rows.

    Raises
    ------
    DatasetError
        If a value is missing, or a class or label did not occur in training.
    """
    columns = _columns(raw, rows, target, dialect, source)
    for column in columns:
        for line, text in zip(column.lines, column.texts, strict=True):
            if not text and target.task != "regression":
                raise DatasetError(f"{source}:{line}: no {column.name!r}", hint=NOT_NEEDED)
    if target.task == "regression":
        values = [to_numbers(column.without_missing()) for column in columns]
        return np.column_stack(values) if target.is_several else values[0]
    if target.task == "classification":
        return _class_codes(columns[0], target)
    if target.columns:
        return np.column_stack([to_labels(column) for column in columns])
    return _labels(columns[0], target)


def _columns(
    raw: RawBlock, rows: Array, target: Target, dialect: Dialect, source: str
) -> list[RawColumn]:
    """Return the columns of the target with their texts in some rows."""
    cells = list(raw.target or ())
    numbers = raw.lines or range(1, len(cells) + 1)
    lines = [numbers[row] for row in rows.tolist()]
    chosen = [cells[row] for row in rows.tolist()]
    names = target.columns or (target.name,)
    texts = zip(*chosen, strict=True) if len(names) > 1 else [chosen]
    stripped: Iterable[Sequence[str]] = ([text.strip() for text in column] for column in texts)
    return [
        RawColumn(name, column, lines, source, dialect)
        for name, column in zip(names, stripped, strict=False)
    ] or [RawColumn(name, [], [], source, dialect) for name in names]


def _class_codes(column: RawColumn, target: Target) -> Array:
    lowercase = column.dialect.lowercase
    texts = [to_category(text, lowercase=lowercase) for text in column.texts]
    codes = _codes(texts, target)
    _check_known(column, [(text,) for text in texts], codes, target)
    return np.array([codes[text] for text in texts], np.int32)


def _codes(texts: Iterable[str], target: Target) -> dict[str, int]:
    """Return the codes of classes or labels by their texts."""
    codes = {label: code for code, label in enumerate(target.labels or target.class_names)}
    values = {to_number(name): code for name, code in codes.items()}
    is_number = not any(map(math.isnan, values))
    if is_number and len(values) == len(codes):  # "1.0" is the class "1"
        codes |= {text: values[to_number(text)] for text in texts if to_number(text) in values}
    codes |= {name: code for code, name in enumerate(target.class_names) if name not in codes}
    return codes


def _check_known(
    column: RawColumn, rows: Iterable[Sequence[str]], codes: dict[str, int], target: Target
) -> None:
    for line, texts in zip(column.lines, rows, strict=True):
        for text in texts:
            if text not in codes:
                known = ", ".join(target.class_names[:10])
                raise DatasetError(
                    f"{column.where}:{line}: {target.name} {text!r} did not occur in training "
                    f"({known})"
                )


def _labels(column: RawColumn, target: Target) -> Array:
    """Return 1 where a row has a label, from lists or texts with the separator of the training."""
    lowercase, rows = column.dialect.lowercase, []
    for row, text in enumerate(column.texts):
        labels = parse_labels(text, target.separator)
        if labels is None:
            raise DatasetError(f"{column.cell(row, 'the target')} is no list of labels")
        rows.append([to_category(label, lowercase=lowercase) for label in labels])
    codes = _codes(set(chain(*rows)), target)
    _check_known(column, rows, codes, target)
    names = list(range(len(target.class_names)))
    return label_matrix([[codes[label] for label in row] for row in rows], names)
