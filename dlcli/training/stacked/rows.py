"""Rows of all copies, side by side, and which of them make a step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlcli.training.batches import FitData
from dlcli.training.stacked.reasons import NotStackable
from dlcli.types import Array

# Copies of nearly equal size have one or two steps of their own at the end of an epoch; each
# is traced apart.
RAGGED_STEPS = 3
# Above this the rows of all copies at once are no longer small.
ROWS_BYTES = 1 << 29


class Batches:
    """Which rows of their order the copies take in a step.

    Parameters
    ----------
    rows : sequence of int
        Rows of each copy.
    batch_size : int

    Attributes
    ----------
    full : int
        Steps in which every copy has a full batch.
    ragged : list of dict
        For each step after these, the copies by the size of their batch; copies that are
        through with the epoch are in none.
    """

    def __init__(self, rows: Sequence[int], batch_size: int) -> None:
        self.copies, self.batch_size = len(rows), batch_size
        self.full = min(rows) // batch_size
        self.steps = -(-max(rows) // batch_size)
        if self.steps - self.full > RAGGED_STEPS:
            raise NotStackable("the numbers of rows differ too much")
        self.ragged: list[dict[int, list[int]]] = []
        for step in range(self.full, self.steps):
            sizes: dict[int, list[int]] = {}
            for copy, count in enumerate(rows):
                size = min(batch_size, count - step * batch_size)
                if size > 0:
                    sizes.setdefault(size, []).append(copy)
            self.ragged.append(sizes)

    @property
    def equal(self) -> bool:
        """Whether all copies take the same number of steps."""
        return all(sum(map(len, sizes.values())) == self.copies for sizes in self.ragged)


class Rows:
    """Training or validation rows, padded to the same number; a step never takes the padding.

    Parameters
    ----------
    parts : sequence of tuple of ndarray
        For each copy its ``x``, ``y`` and perhaps weights.
    """

    def __init__(self, parts: Sequence[tuple[Array, ...]]) -> None:
        import tensorflow as tf

        self.counts = [len(part[0]) for part in parts]
        if len({tuple(array.shape[1:] for array in part) for part in parts}) > 1:
            raise NotStackable("the inputs differ in width")
        most = max(self.counts)
        if len(parts) * most * sum(array[:1].nbytes for array in parts[0]) > ROWS_BYTES:
            raise NotStackable("the rows of all trainings together are large")
        with tf.device("cpu:0"):
            self.arrays = tuple(
                tf.constant(np.stack([_padded(array, most) for array in same]))
                for same in zip(*parts, strict=True)
            )

    def take(self, copies: Sequence[int]) -> Rows:
        """Return the rows of some of the copies."""
        import tensorflow as tf

        taken = Rows.__new__(Rows)
        taken.counts = [self.counts[copy] for copy in copies]
        with tf.device("cpu:0"):
            taken.arrays = tuple(tf.gather(array, list(copies)) for array in self.arrays)
        return taken


def training_rows(datas: Sequence[FitData]) -> Rows:
    """Put the training rows of all copies side by side."""
    weighted = any(data.weights is not None for data in datas)
    parts: list[tuple[Array, ...]] = []
    for data in datas:
        weights = data.weights
        if weights is None:
            weights = np.ones(len(data.x), np.float32)
        parts.append((data.x, data.y, weights) if weighted else (data.x, data.y))
    return Rows(parts)


def validation_rows(datas: Sequence[FitData]) -> Rows | None:
    """Put the validation rows of all copies side by side, if they have any."""
    parts = [data.validation for data in datas if data.validation is not None]
    if parts and len(parts) < len(datas):
        raise NotStackable("only some have validation rows")
    return Rows(parts) if parts else None


def _padded(array: Array, rows: int) -> Array:
    return np.pad(array, [(0, rows - len(array)), *[(0, 0)] * (array.ndim - 1)])
