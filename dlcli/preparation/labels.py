"""Several labels per row: probabilities, thresholds and predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dlcli.datasets.dataset import Target
from dlcli.preparation.targets import Output, sigmoid
from dlcli.types import Array

DEFAULT_THRESHOLD = 0.5


def label_probabilities(outputs: Array, kind: Output) -> Array:
    """Return one number per label, independent of the others.

    Parameters
    ----------
    outputs : ndarray, shape (n, labels)
    kind : {"probability", "logit", "score"}

    Returns
    -------
    ndarray of float64, shape (n, labels)
        Probabilities; for ``"score"`` the outputs themselves.
    """
    outputs = outputs.astype(np.float64)
    return sigmoid(outputs) if kind == "logit" else outputs


def decode_labels(outputs: Array, kind: Output, target: Target) -> Array:
    """Return 1 where a row has a label: its probability is above the threshold, its score above 0.

    Parameters
    ----------
    outputs : ndarray, shape (n, labels)
    kind : {"probability", "logit", "score"}
    target : Target
        With the thresholds.

    Returns
    -------
    ndarray of int64, shape (n, labels)
    """
    default = 0.0 if kind == "score" else DEFAULT_THRESHOLD
    thresholds = np.array(target.thresholds or [default] * len(target.class_names))
    return np.asarray(label_probabilities(outputs, kind) > thresholds, np.int64)


def with_thresholds(target: Target, thresholds: Any) -> Target:
    """Return a target with the thresholds of a config.

    Parameters
    ----------
    target : Target
    thresholds : mapping, "tune" or None
        By label; those that it does not name have 0.5.
    """
    if not isinstance(thresholds, Mapping):
        return target
    values = [float(thresholds.get(name, DEFAULT_THRESHOLD)) for name in target.class_names]
    return replace(target, thresholds=tuple(values))


def best_thresholds(y: Array, outputs: Array, kind: Output) -> tuple[float, ...]:
    """Return the threshold of each label with the best F1.

    Parameters
    ----------
    y : ndarray of int, shape (n, labels)
    outputs : ndarray, shape (n, labels)
    kind : {"probability", "logit"}

    Returns
    -------
    tuple of float
        Half-way between two probabilities of the rows; the nearest to 0.5 of those that are
        equally good. 0.5 for a label that no row has, or every row.
    """
    shares = label_probabilities(outputs, kind)
    return tuple(_best_threshold(y[:, at], shares[:, at]) for at in range(shares.shape[1]))


def _best_threshold(y: Array, shares: Array) -> float:
    positives = int(y.sum())
    if positives in (0, len(y)):
        return DEFAULT_THRESHOLD
    order = np.argsort(-shares, kind="stable")
    ordered = shares[order]
    # If the first k rows are predicted to have the label; a threshold cannot divide equal ones.
    hits = np.cumsum(y[order])
    f1 = 2 * hits / (np.arange(1, len(y) + 1) + positives)
    below = np.append(ordered[1:], 0.0)
    middles = (ordered + below) / 2
    is_possible = (below < middles) & (middles < ordered)
    candidates = np.append(middles[is_possible], DEFAULT_THRESHOLD)
    scores = np.append(f1[is_possible], _f1_at(y, shares, DEFAULT_THRESHOLD))
    best = candidates[scores >= scores.max() - 1e-12]
    return float(best[np.argmin(np.abs(best - DEFAULT_THRESHOLD))])


def _f1_at(y: Array, shares: Array, threshold: float) -> float:
    predicted = shares > threshold
    return 2 * float((y[predicted]).sum()) / max(float(predicted.sum() + y.sum()), 1.0)
