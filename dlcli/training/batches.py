"""The rows of a fit as batches, made at little cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcli.types import Array


@dataclass(frozen=True)
class FitData:
    """Arrays of one fit, preprocessed and encoded.

    Parameters
    ----------
    x : ndarray of float32, shape (n, …)
    y : ndarray, shape (n, units) or (n, 1)
    weights : ndarray of float32, shape (n,), optional
        One per row.
    validation : tuple of ndarray, optional
        ``x`` and ``y`` of the rows that watch.
    """

    x: Array
    y: Array
    weights: Array | None = None
    validation: tuple[Array, Array] | None = None


def steps_per_epoch(rows: int, batch_size: int) -> int:
    """Return the number of batches in an epoch, the last one perhaps smaller."""
    return math.ceil(rows / batch_size)


def training_batches(
    data: FitData,
    batch_size: int,
    seed: int,
    epoch: Any = None,
    shares: int = 1,
    start: tuple[int, int] = (0, 0),
) -> Any:
    """Make the pipeline of training batches.

    The order of epoch e is a permutation drawn from (seed, e) alone, so that it needs no
    generator whose state would have to be saved.

    Parameters
    ----------
    data : FitData
    batch_size : int
    seed : int
    epoch : tf.Variable, optional
        int64 scalar with the number of the epoch, read when its iterator is made. Without it
        the pipeline runs on without end: making an iterator takes longer than many an epoch
        of a small table.
    shares : int
        Into how many consecutive elements each batch is cut, one per device.
    start : tuple of int
        The epoch from which a pipeline without end runs on, and how many of its batches are
        left out; with a variable, of every epoch.

    Returns
    -------
    tf.data.Dataset
        Of ``(x, y)`` or ``(x, y, weights)``.
    """
    import tensorflow as tf

    # Reading the functions' source to find Python loops costs more than tracing them.
    plain = tf.autograph.experimental.do_not_convert
    rows = len(data.x)
    steps = steps_per_epoch(rows, batch_size)
    weights = data.weights
    if shares > 1 and weights is None:
        weights = np.ones(rows, np.float32)
    with tf.device("cpu:0"):
        arrays = [tf.constant(array) for array in (data.x, data.y, weights) if array is not None]

    def batches(number: Any) -> Any:
        pair = tf.stack([tf.constant(seed, tf.int64), number])
        order = tf.random.experimental.stateless_shuffle(tf.range(rows), seed=pair)

        def batch(step: Any) -> tuple[Any, ...]:
            indices = order[step * batch_size : (step + 1) * batch_size]
            return tuple(tf.gather(array, indices) for array in arrays)

        def share(part: Any) -> tuple[Any, ...]:
            whole = order[part // shares * batch_size : (part // shares + 1) * batch_size]
            indices = _share(whole, part % shares, shares)
            x, y, weight = (tf.gather(array, indices) for array in arrays)
            # The devices' mean losses count alike, however many rows each of them has.
            factor = shares * tf.size(indices) / tf.size(whole)
            return x, y, weight * tf.cast(factor, tf.float32)

        if shares == 1:
            return tf.data.Dataset.range(steps).map(plain(batch))
        return tf.data.Dataset.range(steps * shares).map(plain(share))

    first, done = start
    if epoch is None:
        dataset = tf.data.Dataset.range(first, 2**31).flat_map(plain(batches)).skip(done * shares)
    else:
        numbered = plain(lambda _: batches(epoch.read_value()))
        dataset = tf.data.Dataset.from_tensors(0).flat_map(numbered).skip(done * shares)
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(steps - done))
    return _plain_options(dataset, rows)


def _share(indices: Any, number: Any, shares: int) -> Any:
    """Cut an equal part out of the indices of a batch; some have a row less, or none."""
    import tensorflow as tf

    size = tf.size(indices, tf.int64)
    return indices[size * number // shares : size * (number + 1) // shares]


def validation_batches(x: Array, y: Array, batch_size: int) -> Any:
    """Make the pipeline of validation batches, in the order of the rows."""
    import tensorflow as tf

    with tf.device("cpu:0"):
        dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(batch_size)
    if len(x) <= batch_size:
        dataset = dataset.cache()
    return _plain_options(dataset, len(x))


def _plain_options(dataset: Any, rows: int) -> Any:
    """Switch off what costs more than it brings for rows in memory."""
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    options.threading.private_threadpool_size = 1
    dataset = dataset.with_options(options)
    return dataset.prefetch(2) if rows > 10_000 else dataset
