"""What the graphs of all copies are made of."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np


def one_thread() -> AbstractContextManager[Any]:
    """Run the operations of a function one after the other.

    For small operations handing them to threads takes ten times as long as the operations.
    """
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        return nullcontext()
    executor: AbstractContextManager[Any] = tf.experimental.function_executor_type(
        "SINGLE_THREADED_EXECUTOR"
    )
    return executor


def vectorised(function: Callable[[Any], Any], values: Any) -> Any:
    """Call a function for all copies at once, or fail while it is traced."""
    import tensorflow as tf

    return tf.vectorized_map(function, values, fallback_to_while_loop=False)


def rows_of(values: Any, copies: list[int]) -> Any:
    """Take the rows of some copies from every tensor of a structure."""
    import tensorflow as tf

    return tf.nest.map_structure(lambda value: tf.gather(value, copies), values)


def put(values: Any, copies: list[int], changed: Any) -> Any:
    """Put the rows of some copies into every tensor of a structure."""
    import tensorflow as tf

    at = np.array(copies)[:, np.newaxis]
    return tf.nest.map_structure(
        lambda value, new: tf.tensor_scatter_nd_update(value, at, new), values, changed
    )
