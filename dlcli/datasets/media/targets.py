"""The target of samples that are no rows of a table: classes or numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dlcli.config.loader_base import Task
from dlcli.datasets.dataset import Target
from dlcli.datasets.tables import encode_classes, to_number
from dlcli.errors import DatasetError
from dlcli.types import Array

# Whole numbers with more distinct values are quantities.
MAX_INTEGER_CLASSES = 20


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
        If there is only one class, or with ``"regression"`` a label is not a number.
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
        raise DatasetError(
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
    y : ndarray, shape (n,)
    where, task, unit, class_names
        As for `read_labels`. Integers are classes with ``"auto"``.

    Raises
    ------
    DatasetError
        As for `read_labels`.
    """
    is_whole = y.dtype.kind in "iub" or (y.dtype.kind == "f" and not np.any(y % 1))
    if task == "auto" and y.dtype.kind in "iub":
        task = "classification"
    texts = y.astype(np.int64) if is_whole and np.isfinite(y).all() else y
    labels = list(map(str, texts.tolist()))
    return read_labels(
        labels, "label", where, task=task, unit=unit, class_names=class_names
    )  # fmt: skip
