"""TensorFlow operations on all copies at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np


def single_threaded() -> AbstractContextManager[Any]:
    """Run the operations of each TensorFlow function one after the other.

    The operations of a small network take a tenth of the time of handing them to threads.
    """
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        return nullcontext()
    executor: AbstractContextManager[Any] = tf.experimental.function_executor_type(
        "SINGLE_THREADED_EXECUTOR"
    )
    return executor


def vectorize(function: Callable[[Any], Any], values: Any) -> Any:
    """Apply a function to every copy at once.

    An operation without a vectorized form raises while the function is traced. TensorFlow's
    fallback, a loop over the copies, would be slower than training them one after the other.
    """
    import tensorflow as tf

    return tf.vectorized_map(function, values, fallback_to_while_loop=False)


def gather_copies(values: Any, copies: list[int]) -> Any:
    """Return some copies of every tensor in a structure."""
    import tensorflow as tf

    return tf.nest.map_structure(lambda value: tf.gather(value, copies), values)


def update_copies(values: Any, copies: list[int], updates: Any) -> Any:
    """Replace some copies of every tensor in a structure."""
    import tensorflow as tf

    indices = np.array(copies)[:, np.newaxis]
    return tf.nest.map_structure(
        lambda value, update: tf.tensor_scatter_nd_update(value, indices, update), values, updates
    )
