"""Keras's usual losses and metrics in NumPy, so that scoring outputs need not import Keras.

Whatever is not here is measured by Keras itself; the tests compare the two.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dlcli.config import Config
from dlcli.config.components import Component
from dlcli.config.heads import from_logits
from dlcli.config.metrics import resolve_metric
from dlcli.types import Array

EPSILON = np.float32(1e-7)  # keras.config.epsilon()


def numpy_metrics(outputs: Array, y: Array, config: Config) -> dict[str, float] | None:
    """Return loss and metrics of outputs, or None if only Keras can measure one of them.

    Parameters
    ----------
    outputs : ndarray of float32, shape (n, units)
    y : ndarray, shape (n, units) or (n, 1)
        Encoded as the loss wants it.
    config : Config
    """
    if any(map(_is_regularized, config.model)):
        return None
    units = outputs.shape[1]
    wanted = {"loss": config.loss}
    for metric in config.metrics:
        resolved = resolve_metric(metric, config.loss, units)
        wanted[str(resolved.arguments["name"])] = resolved
    measured = {}
    for name, component in wanted.items():
        compute = MEASURES.get(component.name)
        if compute is None or component.arguments.keys() - {"name", "from_logits", "threshold"}:
            return None
        measured[name] = float(compute(y, outputs, component))
    return measured


def _is_regularized(layer: Component) -> bool:
    """Tell whether a layer adds a term for its weights or activities to the loss."""
    return layer.name == "ActivityRegularization" or any(
        (name.endswith("regularizer") and value is not None)
        or (isinstance(value, Component) and _is_regularized(value))
        for name, value in layer.arguments.items()
    )


def _binary_accuracy(y: Array, outputs: Array, metric: Component) -> float:
    threshold = np.float32(metric.arguments.get("threshold", 0.5))
    return float(np.mean((outputs > threshold) == (y > 0.5)))


def _categorical_accuracy(y: Array, outputs: Array, _: Component) -> float:
    return float(np.mean(outputs.argmax(axis=1) == y.argmax(axis=1)))


def _sparse_categorical_accuracy(y: Array, outputs: Array, _: Component) -> float:
    return float(np.mean(outputs.argmax(axis=1) == y[:, 0]))


def _mean_squared_error(y: Array, outputs: Array, _: Component) -> float:
    return float(np.mean(np.square(outputs - y), dtype=np.float64))


def _root_mean_squared_error(y: Array, outputs: Array, _: Component) -> float:
    return float(np.sqrt(_mean_squared_error(y, outputs, _)))


def _mean_absolute_error(y: Array, outputs: Array, _: Component) -> float:
    return float(np.mean(np.abs(outputs - y), dtype=np.float64))


def _binary_crossentropy(y: Array, outputs: Array, loss: Component) -> float:
    if from_logits(loss):
        each = np.maximum(outputs, 0) - outputs * y + np.log1p(np.exp(-np.abs(outputs)))
    else:
        share = np.clip(outputs, EPSILON, 1 - EPSILON)
        each = -(y * np.log(share) + (1 - y) * np.log(1 - share))
    return float(np.mean(each, dtype=np.float64))


def _categorical_crossentropy(y: Array, outputs: Array, loss: Component) -> float:
    return float(np.mean(-np.sum(y * _log_shares(outputs, loss), axis=1), dtype=np.float64))


def _sparse_categorical_crossentropy(y: Array, outputs: Array, loss: Component) -> float:
    rows = np.arange(len(y))
    if from_logits(loss):
        return float(np.mean(-_log_shares(outputs, loss)[rows, y[:, 0]], dtype=np.float64))
    # Keras gives the logarithms of clipped probabilities to a function that takes logits.
    share = np.clip(outputs, EPSILON, 1 - EPSILON)
    each = np.log(share.sum(axis=1)) - np.log(share[rows, y[:, 0]])
    return float(np.mean(each, dtype=np.float64))


def _log_shares(outputs: Array, loss: Component) -> Array:
    """Return the logarithm of each class's probability."""
    if from_logits(loss):
        shifted = outputs - outputs.max(axis=1, keepdims=True)
        return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
    share = outputs / outputs.sum(axis=1, keepdims=True)
    return np.asarray(np.log(np.clip(share, EPSILON, 1 - EPSILON)))


MEASURES: dict[str, Callable[[Array, Array, Component], float]] = {
    "BinaryAccuracy": _binary_accuracy,
    "BinaryCrossentropy": _binary_crossentropy,
    "CategoricalAccuracy": _categorical_accuracy,
    "CategoricalCrossentropy": _categorical_crossentropy,
    "MeanAbsoluteError": _mean_absolute_error,
    "MeanSquaredError": _mean_squared_error,
    "RootMeanSquaredError": _root_mean_squared_error,
    "SparseCategoricalAccuracy": _sparse_categorical_accuracy,
    "SparseCategoricalCrossentropy": _sparse_categorical_crossentropy,
}
