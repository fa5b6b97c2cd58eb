"""The target of samples that are no rows of a table: classes or numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dlcli.config.loader_base import Task
from dlcli.config.loaders import FilesLoader
from dlcli.config.table_loaders import CsvLoader, TextLoader
from dlcli.datasets.dataset import Target
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.media.labels import Label
from dlcli.datasets.tables import (
    RawColumn,
    encode_classes,
    holds_labels,
    read_label_lists,
    read_several,
    to_number,
)
from dlcli.errors import DatasetError
from dlcli.types import Array

# Whole numbers with more distinct values are quantities.
MAX_INTEGER_CLASSES = 20


class TaskError(DatasetError):
    """The labels are not what the loader's `task` says."""


def read_labels(
    labels: Sequence[str],
    name: str,
    where: str,
    *,
    task: Task,
    unit: str = "",
    class_names: Sequence[str] | None = None,
    hint: str | None = None,
) -> tuple[Target, Array]:
    """Return the target and its values from texts.

    Parameters
    ----------
    labels : sequence of str
        Of the samples.
    name : str
        Name of the target.
    where : str
        The file or folder, for messages.
    task : {"auto", "classification", "regression"}
        ``"auto"``: regression for numbers that are not a few whole ones.
    unit : str
        Of numbers.
    class_names : sequence of str, optional
        Names for the sorted classes.
    hint : str, optional
        What to do if there is only one class.

    Raises
    ------
    DatasetError
        If there is only one class.
    TaskError
        If a label is not a number, with ``"regression"``.
    """
    if task == "auto":
        is_number = class_names is None and _are_quantities([to_number(text) for text in labels])
        task = "regression" if is_number else "classification"
    if task == "classification":
        names, file_labels, codes = encode_classes(labels, class_names, where, hint=hint)
        return Target(name, "classification", names, labels=file_labels), codes
    values = np.array([to_number(text) for text in labels])
    finite = np.isfinite(values)
    if not finite.all():
        label = labels[int(np.flatnonzero(~finite)[0])]
        raise TaskError(
            f"{where}: {name} {label!r} is not a number",
            hint="remove `task: regression` from the loader if these are classes",
        )
    return Target(name, "regression", (), unit), values


def _are_quantities(values: Sequence[float]) -> bool:
    """Return whether labels are numbers, and not a few whole ones."""
    distinct = set(values)
    if any(map(math.isnan, distinct)):
        return False
    few = len(distinct) <= min(MAX_INTEGER_CLASSES, len(values) / 2)
    return not (few and all(value.is_integer() for value in distinct))


def read_numbers(
    y: Array, where: str, *, task: Task, unit: str, class_names: Sequence[str] | None
) -> tuple[Target, Array]:
    """Return the target and its values from an array of numbers.

    Parameters
    ----------
    y : ndarray, shape (n,) or (n, targets)
    where, task, unit, class_names
        As for `read_labels`. Integers are classes with ``"auto"``, and several columns of 0 and 1
        are labels.

    Raises
    ------
    DatasetError
        As for `read_labels`.
    """
    if y.ndim > 1:
        return _read_columns(y, where, task=task, unit=unit, class_names=class_names)
    if task == "multilabel":
        raise DatasetError(f"{where}: y has one label per row; several need the shape (n, labels)")
    is_whole = y.dtype.kind in "iub" or (y.dtype.kind == "f" and not np.any(y % 1))
    if task == "auto" and y.dtype.kind in "iub":
        task = "classification"
    texts = y.astype(np.int64) if is_whole and np.isfinite(y).all() else y
    labels = list(map(str, texts.tolist()))
    return read_labels(
        labels, "label", where, task=task, unit=unit, class_names=class_names
    )  # fmt: skip


def _read_columns(
    y: Array, where: str, *, task: Task, unit: str, class_names: Sequence[str] | None
) -> tuple[Target, Array]:
    """Return several targets: labels, which are 0 and 1, or numbers."""
    are_labels = bool(np.isin(y, (0, 1)).all())
    if task == "multilabel" and not are_labels:
        raise DatasetError(f"{where}: y has other values than 0 and 1, which labels are")
    one_hot = are_labels and bool((y.sum(axis=1) == 1).all())
    if task == "classification" or (task == "auto" and one_hot):
        advice = "of one-hot rows, save `y.argmax(axis=1)`"
        raise DatasetError(
            f"{where}: y has shape {y.shape}; one label for each of {len(y)} rows is wanted",
            hint=f"{advice}; `task: multilabel` in the loader is for rows with several labels",
        )
    names = tuple(class_names or map(str, range(y.shape[1])))
    if len(names) != y.shape[1]:
        raise DatasetError(f"{where}: y has {y.shape[1]} columns, but there are {len(names)} names")
    if are_labels and task != "regression":
        return Target("labels", "multilabel", names, columns=names), y.astype(np.int32)
    if not np.isfinite(y).all():
        raise DatasetError(f"{where}: y has values that are not finite")
    return Target("values", "regression", (), unit, columns=names), y.astype(np.float64)


def read_several_labels(
    loader: FilesLoader | TextLoader, labels: Sequence[Label], names: Sequence[str], where: str
) -> tuple[Target, Array, tuple[str, ...]] | None:
    """Return the target of files that a table lists, if each has several labels or numbers.

    Returns
    -------
    tuple or None
        Target, values and notices; None if there is one class or number per file.
    """
    options = CsvLoader(
        path=where,
        target=0,
        task=loader.task,
        unit=loader.unit,
        class_names=loader.class_names,
        target_separator=loader.target_separator,
    )
    lines = [label.line for label in labels]
    texts = zip(*(label.targets for label in labels), strict=True)
    columns = [
        RawColumn(name, column, lines, where, Dialect())
        for name, column in zip(names, texts, strict=True)
    ]
    if len(columns) > 1:
        target, y, notices = read_several(options, columns, range(len(columns)))
    elif holds_labels(options, columns[0]):
        target, y, notices = read_label_lists(options, columns[0], 0)
    else:
        return None
    return replace(target, position=None, positions=()), y, notices
