"""Scores of several targets per row: of each label, and of each number."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dlcli.datasets.dataset import Target
from dlcli.types import Array


@dataclass(frozen=True)
class LabelScores:
    """Scores of one of several labels, as scikit-learn defines them.

    Parameters
    ----------
    name : str
    accuracy : float
        Share of the rows whose prediction for this label is right.
    precision, recall, f1 : float
        0 if undefined.
    roc_auc : float
        NaN if no row, or every row, has the label.
    support : int
        Number of rows with the label.
    """

    name: str
    accuracy: float
    precision: float
    recall: float
    f1: float
    roc_auc: float
    support: int


@dataclass(frozen=True)
class AverageScores:
    """An average over the labels.

    Parameters
    ----------
    name : {"micro", "macro"}
        ``"micro"`` counts the predictions of all labels together; ``"macro"`` is the mean.
    precision, recall, f1 : float
    """

    name: str
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class NumberScores:
    """Scores of one of several numbers.

    Parameters
    ----------
    name : str
    mae, rmse, r2 : float
        R² is NaN if all true values are equal.
    """

    name: str
    mae: float
    rmse: float
    r2: float


def label_scores(
    y: Array, predicted: Array, shares: Array, target: Target
) -> tuple[dict[str, float], tuple[LabelScores, ...], tuple[AverageScores, ...]]:
    """Return the scores of several labels.

    Parameters
    ----------
    y, predicted : ndarray of int, shape (n, labels)
        0 and 1.
    shares : ndarray, shape (n, labels)
        Probabilities or scores.
    target : Target

    Returns
    -------
    metrics : dict
        Subset accuracy, Hamming loss, and F1 in micro and macro average.
    labels : tuple of LabelScores
    averages : tuple of AverageScores
    """
    from sklearn.metrics import precision_recall_fscore_support

    table = precision_recall_fscore_support(y, predicted, average=None, zero_division=0.0)
    labels = tuple(
        LabelScores(
            name,
            float((y[:, at] == predicted[:, at]).mean()),
            float(table[0][at]),
            float(table[1][at]),
            float(table[2][at]),
            _roc_auc(y[:, at], shares[:, at]),
            int(table[3][at]),
        )
        for at, name in enumerate(target.outputs)
    )
    averages = tuple(
        AverageScores(
            name,
            *map(
                float,
                precision_recall_fscore_support(y, predicted, average=name, zero_division=0.0)[:3],
            ),
        )
        for name in ("micro", "macro")
    )
    metrics = {
        "subset_accuracy": float((y == predicted).all(axis=1).mean()),
        "hamming_loss": float((y != predicted).mean()),
        **{f"f1_{average.name}": average.f1 for average in averages},
    }
    return metrics, labels, averages


def _roc_auc(y: Array, shares: Array) -> float:
    from sklearn.metrics import roc_auc_score

    # A network that has diverged gives NaN, which has no order.
    is_defined = 0 < y.sum() < len(y) and bool(np.isfinite(shares).all())
    return float(roc_auc_score(y, shares)) if is_defined else math.nan


def number_scores(y: Array, predicted: Array, target: Target) -> tuple[NumberScores, ...]:
    """Return the scores of each of several numbers; `y` has the shape (n, targets)."""
    return tuple(
        NumberScores(name, **regression_scores(y[:, at], predicted[:, at]))
        for at, name in enumerate(target.outputs)
    )


def regression_scores(y: Array, predicted: Array) -> dict[str, float]:
    """Return MAE, RMSE and R² of predicted numbers.

    Parameters
    ----------
    y, predicted : ndarray, shape (n,) or (n, targets)
        Of several targets MAE and RMSE are those of all values, R² is the mean.

    Returns
    -------
    dict
        R² is NaN if all true values of a target are equal.
    """
    error = predicted.astype(np.float64) - y
    spread = np.sum((y - y.mean(axis=0)) ** 2, axis=0)
    r2 = 1 - np.sum(error**2, axis=0) / np.where(spread > 0, spread, np.nan)
    return {
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "r2": float(np.mean(r2)),
    }
