"""Data pipelines of training and validation batches with little overhead."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcli.datasets.storage import aligned_empty
from dlcli.machine import cpu_count
from dlcli.preparation.rows import LazyRows
from dlcli.types import Array

MIN_VALIDATION_BATCH = 256
# Batches of fewer rows in memory are gathered faster than they are prefetched.
MIN_PREFETCH_ROWS = 10_000


@dataclass(frozen=True)
class FitData:
    """Preprocessed and encoded rows of one fit.

    Parameters
    ----------
    x : ndarray or LazyRows of float32, shape (n, …)
        Or a tensor.
    y : ndarray, shape (n, units) or (n, 1)
    weights : ndarray of float32, shape (n,), optional
        One per row.
    validation : tuple, optional
        ``x`` and ``y`` of the validation rows.
    """

    x: Array | LazyRows
    y: Array
    weights: Array | None = None
    validation: tuple[Array | LazyRows, Array] | None = None


def steps_per_epoch(rows: int, batch_size: int) -> int:
    """Return the number of batches in an epoch; the last one may be smaller."""
    return math.ceil(rows / batch_size)


def training_batches(
    data: FitData,
    batch_size: int,
    seed: int,
    epoch: Any = None,
    shares: int = 1,
    start: tuple[int, int] = (0, 0),
) -> Any:
    """Build the pipeline of training batches.

    The order of epoch e is a permutation drawn from (seed, e) alone, so that no state of a
    random generator has to be saved.

    Parameters
    ----------
    data : FitData
    batch_size : int
    seed : int
    epoch : tf.Variable, optional
        int64 scalar with the number of the epoch, read when an iterator is created. Without it
        the pipeline is endless: creating an iterator can take longer than an epoch of a small
        table.
    shares : int
        Number of consecutive elements into which each batch is divided, one per device.
    start : tuple of int
        First epoch of an endless pipeline, and the number of its batches to skip; with a
        variable, the number of batches to skip in every epoch.

    Returns
    -------
    tf.data.Dataset
        Elements are ``(x, y)`` or ``(x, y, weights)``.
    """
    import tensorflow as tf

    # Autograph would search the source for Python loops, which takes longer than tracing.
    plain = tf.autograph.experimental.do_not_convert
    rows = len(data.x)
    steps = steps_per_epoch(rows, batch_size)
    weights = data.weights
    if shares > 1 and weights is None:
        weights = np.ones(rows, np.float32)
    with tf.device("cpu:0"):
        arrays = [_constant(array) for array in (data.x, data.y, weights) if array is not None]
    options = _map_options(data.x)

    def batches(number: Any) -> Any:
        pair = tf.stack([tf.constant(seed, tf.int64), number])
        # Stateless: the order depends on no earlier epoch, so that a resumed training, and one in a
        # stack, gets the same.
        order = tf.random.experimental.stateless_shuffle(tf.range(rows), seed=pair)

        def batch(step: Any) -> tuple[Any, ...]:
            indices = order[step * batch_size : (step + 1) * batch_size]
            return tuple(_gather(array, indices) for array in arrays)

        def share(part: Any) -> tuple[Any, ...]:
            batch_indices = order[part // shares * batch_size : (part // shares + 1) * batch_size]
            indices = _share(batch_indices, part % shares, shares)
            x, y, weight = (_gather(array, indices) for array in arrays)
            # The devices' mean losses are averaged with equal weights, whatever their row counts.
            factor = shares * tf.size(indices) / tf.size(batch_indices)
            return x, y, weight * tf.cast(factor, tf.float32)

        if shares == 1:
            return tf.data.Dataset.range(steps).map(plain(batch), **options)
        return tf.data.Dataset.range(steps * shares).map(plain(share), **options)

    first, skipped = start
    if epoch is None:
        dataset = tf.data.Dataset.range(first, 2**31).flat_map(plain(batches))
    else:
        # The variable is read within flat_map, that is, whenever Keras creates an iterator.
        numbered = plain(lambda _: batches(epoch.read_value()))
        dataset = tf.data.Dataset.from_tensors(0).flat_map(numbered)
    dataset = dataset.skip(skipped * shares)
    if epoch is not None:  # Keras asks for the number of batches, which flat_map hides
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(steps - skipped))
    return _plain_options(dataset, data.x)


def _constant(array: Any) -> Any:
    """Return an array as a tensor; rows that are not in memory as they are."""
    import tensorflow as tf

    return array if isinstance(array, LazyRows) else tf.constant(array)


def _gather(array: Any, indices: Any) -> Any:
    """Return rows of a tensor, or of rows that are not in memory."""
    import tensorflow as tf

    if not isinstance(array, LazyRows):
        return tf.gather(array, indices)
    rows = tf.numpy_function(array.__getitem__, [indices], tf.float32)
    rows.set_shape((None, *array.shape[1:]))
    return rows


def _map_options(x: Any) -> dict[str, Any]:
    """Return options of ``map``: rows that are not in memory are preprocessed in parallel."""
    if not isinstance(x, LazyRows):
        return {}
    return {"num_parallel_calls": cpu_count(), "deterministic": True}


def _share(indices: Any, number: Any, shares: int) -> Any:
    """Return one of `shares` nearly equal parts of a batch's indices; it may be empty."""
    import tensorflow as tf

    size = tf.size(indices, tf.int64)
    return indices[size * number // shares : size * (number + 1) // shares]


def validation_batches(x: Array | LazyRows, y: Array, batch_size: int) -> Any:
    """Build the pipeline of validation batches, in the order of the rows."""
    import tensorflow as tf

    if isinstance(x, LazyRows):
        rows, targets = tf.range(len(x)), tf.constant(y)
        dataset = tf.data.Dataset.from_tensor_slices(rows).batch(batch_size)
        take = tf.autograph.experimental.do_not_convert(
            lambda indices: (_gather(x, indices), tf.gather(targets, indices))
        )
        return _plain_options(dataset.map(take, **_map_options(x)), x)
    with tf.device("cpu:0"):
        dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(batch_size)
    if len(x) <= batch_size:
        dataset = dataset.cache()
    return _plain_options(dataset, x)


def _plain_options(dataset: Any, x: Any) -> Any:
    """Switch off options that cost more time than they save for rows in memory."""
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    is_lazy = isinstance(x, LazyRows)
    options.threading.private_threadpool_size = cpu_count() if is_lazy else 1
    dataset = dataset.with_options(options)
    return dataset.prefetch(2) if is_lazy or len(x) > MIN_PREFETCH_ROWS else dataset


def as_tensor(x: Array) -> Any:
    """Return an array as a tensor, copied once; ``tf.constant`` copies it twice."""
    import tensorflow as tf

    aligned = aligned_empty(x.shape, x.dtype)
    aligned[...] = x
    return tf.experimental.dlpack.from_dlpack(aligned.__dlpack__())
