"""Between class names and what a network learns and puts out."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from dlcli.config.components import Component
from dlcli.config.heads import CROSSENTROPIES, HINGE_LOSSES, SPARSE_LOSSES, from_logits
from dlcli.datasets.dataset import Target
from dlcli.types import Array

FLOAT_FORMAT = "%.7g"
Output = Literal["value", "probability", "logit", "score"]


def output_kind(target: Target, loss: Component) -> Output:
    """Tell what the numbers of the last layer mean.

    Returns
    -------
    {"value", "probability", "logit", "score"}
        ``score`` has a sign or a largest one, and no probability (hinge losses).
    """
    if target.task == "regression":
        return "value"
    if loss.name in CROSSENTROPIES and from_logits(loss):
        return "logit"
    return "score" if loss.name in HINGE_LOSSES else "probability"


def encode_target(y: Array, target: Target, loss: Component, units: int) -> Array:
    """Turn codes or numbers into what the loss compares with.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Codes of classes, or numbers.
    target : Target
    loss : Component
    units : int
        Outputs of the network.

    Returns
    -------
    ndarray
        int32 of shape (n, 1) for sparse losses, float32 one-hot of shape (n, units) for
        several units, float32 of shape (n, 1) otherwise.
    """
    if target.task == "regression":
        return y.astype(np.float32)[:, np.newaxis]
    if loss.name in SPARSE_LOSSES:
        return y.astype(np.int32)[:, np.newaxis]
    if units == 1:
        return y.astype(np.float32)[:, np.newaxis]
    return np.eye(units, dtype=np.float32)[y]


def probabilities(outputs: Array, kind: Output) -> Array:
    """Turn outputs into one number per class.

    Parameters
    ----------
    outputs : ndarray, shape (n, units)
    kind : {"probability", "logit", "score"}

    Returns
    -------
    ndarray of float64, shape (n, classes)
        Probabilities; of ``score`` the outputs themselves, a single one as (-s, s).
    """
    outputs = outputs.astype(np.float64)
    single = outputs.shape[1] == 1
    if kind == "score":
        return np.hstack([-outputs, outputs]) if single else outputs
    if kind == "logit":
        if single:
            outputs = 1 / (1 + np.exp(-outputs))
        else:
            shifted = np.exp(outputs - outputs.max(axis=1, keepdims=True))
            outputs = shifted / shifted.sum(axis=1, keepdims=True)
    return np.hstack([1 - outputs, outputs]) if single else outputs


def decode(outputs: Array, kind: Output) -> Array:
    """Return the codes of the classes that outputs stand for; shape (n,).

    A single unit means the second class from a probability of 0.5 on, exactly half included
    on neither side of Keras's own ``accuracy``: it counts ``> 0.5``, and so does this.
    """
    if outputs.shape[1] > 1:
        return np.asarray(outputs.argmax(axis=1))
    threshold = 0.5 if kind == "probability" else 0.0
    return np.asarray((outputs[:, 0] > threshold).astype(np.int64))


def float_text(value: float) -> str:
    """Write what a float32 knows, and no digits that it does not."""
    return FLOAT_FORMAT % value


def class_weights(y: Array, target: Target, weighting: Any) -> Array | None:
    """Return one weight per row, or None if all rows count the same.

    Parameters
    ----------
    y : ndarray of int, shape (n,)
        Codes of the training rows.
    target : Target
    weighting : "balanced", mapping or None
        Balanced: n / (classes * rows of the class), as scikit-learn has it. A class that a
        mapping does not name has weight 1.
    """
    if weighting is None:
        return None
    if weighting == "balanced":
        counts = np.bincount(y, minlength=len(target.class_names))
        present = np.maximum(counts, 1)
        weights = len(y) / (np.count_nonzero(counts) * present)
    else:
        weights = np.array([weighting.get(name, 1.0) for name in target.class_names])
    return np.asarray(weights[y], np.float32)
