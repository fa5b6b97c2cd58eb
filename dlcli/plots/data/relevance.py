"""Order columns by how much they tell about the target."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dlcli.datasets.dataset import Column, Dataset
from dlcli.types import Array

NUMERIC = ("numeric", "date")  # dates are seconds since 1970
MAX_ROWS = 20_000


def most_telling_first(dataset: Dataset, values: Mapping[str, Array]) -> list[Column]:
    """Return the columns: the numeric ones by what they tell alone, then the others as they are.

    Parameters
    ----------
    dataset : Dataset
        Of one target.
    values : mapping
        Values of each column; NaN for missing ones.
    """
    rows = slice(0, MAX_ROWS)
    y = np.asarray(dataset.y[rows])
    is_class = dataset.target.task == "classification"
    explained = _explained_by_class if is_class else _explained_by_rank
    numeric = [column for column in dataset.columns if column.type in NUMERIC]
    others = [column for column in dataset.columns if column.type not in NUMERIC]
    shares = {c.name: explained(np.asarray(values[c.name][rows], float), y) for c in numeric}
    return [*sorted(numeric, key=lambda column: -shares[column.name]), *others]


def _explained_by_class(x: Array, y: Array) -> float:
    """Return the share of the variance of a column that is between the classes."""
    kept = np.isfinite(x)
    ranks, y = _ranks(x[kept]), y[kept]
    total = ((ranks - len(ranks) / 2 - 0.5) ** 2).sum()  # around the mean rank
    if not total:
        return 0.0
    counts = np.bincount(y)
    means = np.bincount(y, ranks) / np.maximum(counts, 1)
    return float((counts * (means - ranks.mean()) ** 2).sum() / total)


def _explained_by_rank(x: Array, y: Array) -> float:
    """Return the squared rank correlation of a column and a number."""
    kept = np.isfinite(x)
    pair = np.stack([_ranks(x[kept]), _ranks(y[kept])])
    if kept.sum() < 2 or not all(ranks.std() for ranks in pair):
        return 0.0
    return float(np.corrcoef(pair)[0, 1] ** 2)


def _ranks(x: Array) -> Array:
    """Return the mean rank of each value."""
    _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]
