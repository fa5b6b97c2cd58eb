"""Rows of all copies, stacked, and the batches that the copies take from them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dlcli.training.batches import FitData, steps_per_epoch
from dlcli.training.stacked.stackable import NotStackable
from dlcli.types import Array

# Steps at the end of an epoch in which the batches differ in size between the copies. Each is
# traced separately; copies of nearly equal numbers of rows have one or two.
MAX_RAGGED_STEPS = 3
# Limit for the stacked rows: they are held in memory besides the data set.
ROWS_BYTES = 1 << 29


class BatchPlan:
    """Sizes of the batches of each copy in each step of an epoch.

    Parameters
    ----------
    counts : sequence of int
        Training rows of each copy.
    batch_size : int

    Attributes
    ----------
    steps : int
        Steps of the copy with the most rows.
    full_steps : int
        Steps in which every copy has a full batch.
    ragged_steps : list of dict
        For each later step, the copies by the size of their batch; copies that have finished the
        epoch are missing.

    Raises
    ------
    NotStackable
        If there would be too many ragged steps.
    """

    def __init__(self, counts: Sequence[int], batch_size: int) -> None:
        self.copies, self.batch_size = len(counts), batch_size
        self.full_steps = min(counts) // batch_size
        self.steps = steps_per_epoch(max(counts), batch_size)
        if self.steps - self.full_steps > MAX_RAGGED_STEPS:
            raise NotStackable("the numbers of rows differ too much")
        self.ragged_steps: list[dict[int, list[int]]] = []
        for step in range(self.full_steps, self.steps):
            sizes: dict[int, list[int]] = {}
            for copy, count in enumerate(counts):
                size = min(batch_size, count - step * batch_size)
                if size > 0:
                    sizes.setdefault(size, []).append(copy)
            self.ragged_steps.append(sizes)

    @property
    def equal(self) -> bool:
        """Whether all copies take the same number of steps."""
        return all(sum(map(len, sizes.values())) == self.copies for sizes in self.ragged_steps)


class StackedRows:
    """Training or validation rows of all copies, padded to equal numbers.

    The padding is never part of a batch.

    Parameters
    ----------
    parts : sequence of tuple of ndarray
        For each copy ``x``, ``y`` and optionally sample weights.

    Attributes
    ----------
    counts : list of int
        Rows of each copy, without padding.
    arrays : tuple of tf.Tensor
        The parts, each of shape (copies, rows, …).

    Raises
    ------
    NotStackable
        If the inputs differ in shape, or the rows are too large together.
    """

    def __init__(self, parts: Sequence[tuple[Array, ...]]) -> None:
        import tensorflow as tf

        self.counts = [len(part[0]) for part in parts]
        if len({tuple(array.shape[1:] for array in part) for part in parts}) > 1:
            raise NotStackable("the inputs differ in width")
        rows = max(self.counts)
        if len(parts) * rows * sum(array[:1].nbytes for array in parts[0]) > ROWS_BYTES:
            raise NotStackable("the rows of all copies together are large")
        with tf.device("cpu:0"):
            self.arrays = tuple(
                tf.constant(np.stack([_padded(array, rows) for array in arrays]))
                for arrays in zip(*parts, strict=True)
            )

    @property
    def nbytes(self) -> int:
        """Size in memory."""
        return sum(array.dtype.size * math.prod(array.shape) for array in self.arrays)

    def subset(self, copies: Sequence[int]) -> StackedRows:
        """Return the rows of some of the copies."""
        import tensorflow as tf

        subset = StackedRows.__new__(StackedRows)
        subset.counts = [self.counts[copy] for copy in copies]
        with tf.device("cpu:0"):
            subset.arrays = tuple(tf.gather(array, list(copies)) for array in self.arrays)
        return subset


def stack_training_rows(data: Sequence[FitData]) -> StackedRows:
    """Stack the training rows of all copies; with sample weights if one copy has them."""
    weighted = any(item.weights is not None for item in data)
    parts: list[tuple[Array, ...]] = []
    for item in data:
        weights = item.weights
        if weights is None:
            weights = np.ones(len(item.x), np.float32)
        x = np.asarray(item.x)
        parts.append((x, item.y, weights) if weighted else (x, item.y))
    return StackedRows(parts)


def stack_validation_rows(data: Sequence[FitData]) -> StackedRows | None:
    """Stack the validation rows of all copies; None if they have none."""
    held_out = [item.validation for item in data if item.validation is not None]
    parts = [(np.asarray(x), y) for x, y in held_out]
    if parts and len(parts) < len(data):
        raise NotStackable("only some copies have validation rows")
    return StackedRows(parts) if parts else None


def _padded(array: Array, rows: int) -> Array:
    return np.pad(array, [(0, rows - len(array)), *[(0, 0)] * (array.ndim - 1)])
