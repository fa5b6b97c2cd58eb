"""The loss of a model as a function of its weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcli.types import Array


def losses(model: Any, x: Array, y: Array, weights: Array) -> Array:
    """Return the mean loss of the rows, without penalties, for other weights of a model.

    Parameters
    ----------
    model : keras.Sequential
        Compiled; its own weights stay as they are.
    x, y : ndarray
        Preprocessed and encoded rows.
    weights : ndarray of float, shape (n, parameters)
        All trained weights, one after the other.

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    import tensorflow as tf

    shapes = [tuple(variable.shape) for variable in model.trainable_variables]
    sizes = [int(np.prod(shape)) for shape in shapes]
    fixed = [variable.value for variable in model.non_trainable_variables]

    def loss(vector: Any) -> Any:
        parts = tf.split(vector, sizes)
        values = [tf.reshape(part, shape) for part, shape in zip(parts, shapes, strict=True)]
        outputs, _ = model.stateless_call(values, fixed, x, training=False)
        return tf.reduce_mean(model.loss(y, outputs))

    compiled = tf.function(loss)
    return np.array([float(compiled(row)) for row in tf.convert_to_tensor(weights, tf.float32)])
