"""Encode targets for the network and decode its outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from dlcli.config.components import Component
from dlcli.config.heads import CROSSENTROPIES, HINGE_LOSSES, SPARSE_LOSSES, from_logits
from dlcli.datasets.dataset import Target
from dlcli.types import Array

FLOAT_FORMAT = "%.7g"
# From here on FLOAT_FORMAT can have an exponent, which prices need not have.
LARGE_NUMBER, HUGE_NUMBER = 9_999_999.0, 1e16
LARGEST_EXPONENT = 709.0  # of exp in float64
Output = Literal["value", "probability", "logit", "score"]


def output_kind(target: Target, loss: Component) -> Output:
    """Return what the outputs of the last layer mean.

    Returns
    -------
    {"value", "probability", "logit", "score"}
        ``"score"`` (hinge losses): its sign, or the largest one, gives the class; it is not a
        probability.
    """
    if target.task == "regression":
        return "value"
    if loss.name in CROSSENTROPIES and from_logits(loss):
        return "logit"
    return "score" if loss.name in HINGE_LOSSES else "probability"


def output_columns(kind: Output, class_names: Sequence[str], target: Target | None) -> list[str]:
    """Return the names of the columns that predictions have.

    Parameters
    ----------
    kind : Output
    class_names : sequence of str
        Empty for numbers.
    target : Target or None
        None for a model of plain Keras. Of several targets each has a prediction.
    """
    several = target.outputs if target is not None and target.is_several else ()
    predictions = [f"prediction_{name}" for name in several] or ["prediction"]
    return [*predictions, *class_columns(kind, class_names)]


def class_columns(kind: Output, class_names: Sequence[str]) -> list[str]:
    """Return the names of columns with one number per class; scores are no probabilities."""
    prefix = "score" if kind == "score" else "p"
    return [f"{prefix}_{name}" for name in class_names]


def encode_target(y: Array, target: Target, loss: Component, units: int) -> Array:
    """Encode class codes or numbers in the form that the loss takes.

    Parameters
    ----------
    y : ndarray, shape (n,) or (n, targets)
        Class codes, numbers, or 0 and 1 for labels.
    target : Target
    loss : Component
    units : int
        Units of the last layer.

    Returns
    -------
    ndarray
        int32 of shape (n, 1) for sparse losses, one-hot float32 of shape (n, units) for
        several units, else float32 of shape (n, 1); of several targets float32 of shape
        (n, targets).
    """
    if target.task != "classification":
        return y.astype(np.float32).reshape(len(y), -1)
    if loss.name in SPARSE_LOSSES:
        return y.astype(np.int32)[:, np.newaxis]
    if units == 1:
        return y.astype(np.float32)[:, np.newaxis]
    return np.eye(units, dtype=np.float32)[y]


def probabilities(outputs: Array, kind: Output) -> Array:
    """Convert outputs to one number per class; see `label_probabilities` for labels.

    Parameters
    ----------
    outputs : ndarray, shape (n, units)
    kind : {"probability", "logit", "score"}

    Returns
    -------
    ndarray of float64, shape (n, classes)
        Probabilities; for ``"score"`` the outputs themselves, a single one as (-s, s).
    """
    outputs = outputs.astype(np.float64)
    single = outputs.shape[1] == 1
    if kind == "score":
        return np.hstack([-outputs, outputs]) if single else outputs
    if kind == "logit":
        if single:
            outputs = sigmoid(outputs)
        else:
            shifted = np.exp(outputs - outputs.max(axis=1, keepdims=True))
            outputs = shifted / shifted.sum(axis=1, keepdims=True)
    return np.hstack([1 - outputs, outputs]) if single else outputs


def sigmoid(logits: Array) -> Array:
    """Return probabilities of logits; float64."""
    # exp overflows beyond; SciPy's expit would have to be imported by `predict`.
    return np.asarray(1 / (1 + np.exp(np.minimum(-logits, LARGEST_EXPONENT))))


def decode(outputs: Array, kind: Output) -> Array:
    """Return the predicted class codes; shape (n,).

    With one unit, class 1 is predicted when the output is > 0.5 (> 0 for logits and scores), as
    in Keras.
    """
    if outputs.shape[1] > 1:
        return np.asarray(outputs.argmax(axis=1))
    threshold = 0.5 if kind == "probability" else 0.0
    return np.asarray((outputs[:, 0] > threshold).astype(np.int64))


def float_text(value: float) -> str:
    """Format a float32 with as many digits as it holds; 12340000.0 is ``12340000``."""
    text = FLOAT_FORMAT % value
    return f"{float(text):.0f}" if LARGE_NUMBER <= abs(value) < HUGE_NUMBER else text


def class_weights(y: Array, target: Target, weighting: Any) -> Array | None:
    """Return one weight per row, or None if all rows have the same weight.

    Parameters
    ----------
    y : ndarray of int, shape (n,)
        Class codes of the training rows.
    target : Target
    weighting : "balanced", mapping or None
        ``"balanced"``: n / (classes * rows of the class), as in scikit-learn. A class that a
        mapping does not contain has weight 1.
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
