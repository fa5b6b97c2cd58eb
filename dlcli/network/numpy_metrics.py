"""Keras's common losses and metrics in NumPy, to score outputs without importing Keras.

All others are computed by Keras. The tests compare both implementations.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from dlcli.config.components import Component
from dlcli.config.heads import from_logits
from dlcli.config.metrics import resolve_metric
from dlcli.config.own_components import is_own
from dlcli.config.sections import Config
from dlcli.types import Array

ROOT_MEAN = "RootMeanSquaredError"
EPSILON = np.float32(1e-7)  # keras.config.epsilon()


def numpy_metrics(
    outputs: Array, y: Array, config: Config, invert: Callable[[Array], Array]
) -> dict[str, float] | None:
    """Return loss and metrics of outputs; None if one of them needs Keras.

    Parameters
    ----------
    outputs : ndarray of float32, shape (n, units)
    y : ndarray, shape (n, units) or (n, 1)
        Encoded for the loss.
    config : Config
    invert : callable
        Converts targets and outputs to the unit of the target, for the metrics.
    """
    if any(map(_is_regularized, config.model)):
        return None
    units = outputs.shape[1]
    components = {"loss": config.loss}
    for metric in config.metrics:
        component = resolve_metric(metric, config.loss, units)
        components[str(component.arguments["name"])] = component
    values = {}
    for name, component in components.items():
        compute = FUNCTIONS.get(component.name)
        if compute is None or component.arguments.keys() - {"name", "from_logits", "threshold"}:
            return None
        true, predicted = (y, outputs) if name == "loss" else (invert(y), invert(outputs))
        value = float(np.mean(compute(true, predicted, component), dtype=np.float64))
        values[name] = math.sqrt(value) if component.name == ROOT_MEAN else value
    return values


def _is_regularized(layer: Component) -> bool:
    """Return whether a layer adds a penalty to the loss; one's own may."""
    return (
        layer.name == "ActivityRegularization"
        or is_own("layers", layer.name)
        or any(
            (name.endswith("regularizer") and value is not None)
            or (isinstance(value, Component) and _is_regularized(value))
            for name, value in layer.arguments.items()
        )
    )


def _binary_accuracy(y: Array, outputs: Array, metric: Component) -> Array:
    threshold = np.float32(metric.arguments.get("threshold", 0.5))
    return np.asarray((outputs > threshold) == (y > 0.5))


def _binary_crossentropy(y: Array, outputs: Array, loss: Component) -> Array:
    if from_logits(loss):
        losses = np.maximum(outputs, 0) - outputs * y + np.log1p(np.exp(-np.abs(outputs)))
    else:
        p = np.clip(outputs, EPSILON, 1 - EPSILON)
        losses = -(y * np.log(p) + (1 - y) * np.log(1 - p))
    return np.asarray(losses)


def _sparse_categorical_crossentropy(y: Array, outputs: Array, loss: Component) -> Array:
    rows = np.arange(len(y))
    if from_logits(loss):
        return np.asarray(-_log_probabilities(outputs, loss)[rows, y[:, 0]])
    # Keras passes the logarithms of clipped probabilities to a function that expects logits.
    p = np.clip(outputs, EPSILON, 1 - EPSILON)
    return np.asarray(np.log(p.sum(axis=1)) - np.log(p[rows, y[:, 0]]))


def _categorical_hinge(y: Array, outputs: Array, _: Component) -> Array:
    own = np.sum(y * outputs, axis=1)
    other = np.max((1 - y) * outputs, axis=1)
    return np.asarray(np.maximum(other - own + 1, 0))


def _log_probabilities(outputs: Array, loss: Component) -> Array:
    """Return the logarithm of the probability of each class."""
    if from_logits(loss):
        shifted = outputs - outputs.max(axis=1, keepdims=True)
        return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
    p = outputs / outputs.sum(axis=1, keepdims=True)
    return np.asarray(np.log(np.clip(p, EPSILON, 1 - EPSILON)))


# Functions of the targets, the outputs and the component; the mean of the result is the value.
FUNCTIONS: dict[str, Callable[[Array, Array, Component], Array]] = {
    "BinaryAccuracy": _binary_accuracy,
    "BinaryCrossentropy": _binary_crossentropy,
    "CategoricalAccuracy": lambda y, outputs, _: outputs.argmax(axis=1) == y.argmax(axis=1),
    "CategoricalCrossentropy": lambda y, outputs, loss: (
        -np.sum(y * _log_probabilities(outputs, loss), axis=1)
    ),
    "CategoricalHinge": _categorical_hinge,
    "MeanAbsoluteError": lambda y, outputs, _: np.abs(outputs - y),
    "MeanSquaredError": lambda y, outputs, _: np.square(outputs - y),
    ROOT_MEAN: lambda y, outputs, _: np.square(outputs - y),
    "SparseCategoricalAccuracy": lambda y, outputs, _: outputs.argmax(axis=1) == y[:, 0],
    "SparseCategoricalCrossentropy": _sparse_categorical_crossentropy,
}
