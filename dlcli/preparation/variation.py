"""How the values of columns vary: constant in training, or far from all others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlcli.datasets import storage
from dlcli.datasets.dataset import Dataset
from dlcli.preparation.preprocessor import Preprocessor
from dlcli.preparation.rows import LazyRows, blocks
from dlcli.preparation.split import Split
from dlcli.preparation.steps import FittedStandardize
from dlcli.types import Array

# In standard deviations. Of 400 rows or fewer, no value can lie so far from the mean.
FAR_FROM_MEAN = 20.0
MAX_LISTED = 5


def columns_without_variation(dataset: Dataset, splits: Sequence[Split]) -> list[str]:
    """Report the columns that have one value in the training rows, and others elsewhere.

    Parameters
    ----------
    dataset : Dataset
    splits : sequence of Split
        Of one training, or all folds.
    """
    if isinstance(dataset.x, np.ndarray):
        return []
    notices = []
    for column in dataset.columns:
        if column.type in ("text", "audio"):
            continue
        values = dataset.x[column.name].to_numpy()
        folds = [split for split in splits if _is_constant(values[split.train])]
        varies = folds and not _is_constant(values)  # a notice of the table says so otherwise
        storage.release(values)
        if not varies:
            continue
        where = f" in {len(folds)} of {len(splits)} folds" if len(splits) > 1 else ""
        value = values[folds[0].train[0]]
        shown = repr(value) if isinstance(value, str) else f"{value:g}"
        notices.append(
            f"column {column.name!r} is {shown} in every training row{where}, but not in the "
            "others: nothing can be learned from it"
        )
    rest = len(notices) - MAX_LISTED
    if rest > 0:
        also = "column has" if rest == 1 else "columns have"
        notices[MAX_LISTED:] = [f"{rest} more {also} one value in every training row"]
    return notices


def _is_constant(values: Array) -> bool:
    """Tell whether all values are one; most columns differ in the first rows already."""
    first = values[:1]
    return bool(len(values)) and all(bool((part == first).all()) for part in (values[:100], values))


def standardized_columns(preprocessor: Preprocessor) -> Array:
    """Return for each output column whether it was standardized; shape (columns,)."""
    return np.concatenate(
        [
            np.full(group.width, any(isinstance(step, FittedStandardize) for step in group.steps))
            for group in preprocessor.groups
        ]
    )


def outlier_notices(
    x: Array | LazyRows, preprocessor: Preprocessor, dataset: Dataset, rows: Array
) -> list[str]:
    """Report values that are extremely far from the mean, as typing errors are.

    Parameters
    ----------
    x : ndarray or LazyRows, shape (n, …)
        The preprocessed training rows.
    preprocessor : Preprocessor
    dataset : Dataset
    rows : ndarray of int, shape (n,)
        The training rows.
    """
    if preprocessor.shape or isinstance(dataset.x, np.ndarray):
        return []
    largest, positions = _largest(x)
    standardized = standardized_columns(preprocessor)
    notices = []
    for at, name in enumerate(preprocessor.feature_names):
        if not standardized[at] or largest[at] <= FAR_FROM_MEAN or name not in dataset.x:
            continue
        row = int(rows[positions[at]])
        value, place = dataset.x[name].to_numpy()[row], dataset.place(row)
        notices.append(
            f"{place}{': ' if place else ''}{value:g} in column {name!r} is {largest[at]:.0f} "
            "standard deviations from the mean; is it a mistake?"
        )
    return notices[:MAX_LISTED]


def _largest(x: Array | LazyRows) -> tuple[Array, Array]:
    """Return the largest absolute value of each column, and its row."""
    largest, rows = np.zeros(x.shape[1], np.float32), np.zeros(x.shape[1], np.int64)
    start = 0
    for block in blocks(x):
        for sign in (1, -1):  # without a temporary array of the size of the block
            at = block.argmax(axis=0) if sign == 1 else block.argmin(axis=0)
            values = sign * block[at, np.arange(block.shape[1])]
            rows = np.where(values > largest, start + at, rows)
            largest = np.maximum(largest, values)
        start += len(block)
    return largest, rows
