"""Nested subsets of the training rows of a split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlcli.datasets.dataset import Dataset
from dlcli.preparation.split import Split
from dlcli.types import Array


def nested_subsets(
    dataset: Dataset, split: Split, shares: Sequence[float], seed: int, *, stratify: bool
) -> list[Split]:
    """Return splits with a share of the training and validation rows, and all test rows.

    Parameters
    ----------
    dataset : Dataset
    split : Split
    shares : sequence of float
        Above 0, at most 1.
    seed : int
        Draws the rows.
    stratify : bool
        Whether to keep the proportions of the classes.

    Returns
    -------
    list of Split
        A smaller subset is part of every larger one. Of groups the first ones are taken, of a
        series the last rows.
    """
    generator = np.random.default_rng(seed)
    train, validation = (
        _in_order_of_use(dataset, rows, generator, stratify=stratify)
        for rows in (split.train, split.validation)
    )
    return [Split(_first(train, share), _first(validation, share), split.test) for share in shares]


def _first(rows: Array, share: float) -> Array:
    count = max(1, round(share * len(rows)))
    return np.sort(rows[:count])


def _in_order_of_use(
    dataset: Dataset, rows: Array, generator: np.random.Generator, *, stratify: bool
) -> Array:
    """Return rows in the order in which subsets take them."""
    if dataset.medium.kind == "series":
        return rows[::-1]  # what was last is nearest to the test rows
    shuffled = generator.permutation(rows)
    if dataset.groups is not None:
        groups = dataset.groups[shuffled]
        _, first, codes = np.unique(groups, return_index=True, return_inverse=True)
        return shuffled[np.argsort(first[codes], kind="stable")]
    if not stratify or not len(rows):
        return shuffled
    # A row's place within its class, relative to the size of the class: every start of this
    # order has the proportions of the classes.
    labels = dataset.y[shuffled]
    counts = np.bincount(labels)
    by_class = np.argsort(labels, kind="stable")
    place = np.empty(len(rows))
    starts = np.cumsum(counts) - counts
    place[by_class] = np.arange(len(rows)) - starts[labels[by_class]]
    return shuffled[np.argsort((place + generator.random(len(rows))) / counts[labels])]
