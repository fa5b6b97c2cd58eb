"""Outputs of a network, and how good they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dlcli.config.components import Component
from dlcli.datasets.dataset import Target
from dlcli.network.internals import clear_layer_losses
from dlcli.preparation.targets import Output, decode, encode_target, output_kind
from dlcli.types import Array


@dataclass(frozen=True)
class ClassScores:
    """How well one class is told from the others.

    Parameters
    ----------
    name : str
    precision, recall, f1 : float
        0 where they are not defined.
    support : int
        Rows of this class.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Scores:
    """How good the outputs for some rows are.

    Parameters
    ----------
    rows : int
    metrics : mapping
        ``loss`` and the config's metrics under Keras's keys; for regression ``mae``,
        ``rmse`` and ``r2`` besides.
    classes : tuple of ClassScores
        Empty for regression.
    confusion : tuple of tuple of int
        Rows are true classes, columns predicted ones; empty for regression.
    """

    rows: int
    metrics: Mapping[str, float]
    classes: tuple[ClassScores, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the scores as plain data."""
        plain: dict[str, Any] = {"rows": self.rows, "metrics": dict(self.metrics)}
        if self.classes:
            plain["classes"] = {
                scores.name: {
                    "precision": scores.precision,
                    "recall": scores.recall,
                    "f1": scores.f1,
                    "support": scores.support,
                }
                for scores in self.classes
            }
            plain["confusion_matrix"] = [list(row) for row in self.confusion]
        return plain


@dataclass(frozen=True)
class ScoredOutputs:
    """Scores together with the outputs behind them.

    Parameters
    ----------
    scores : Scores
    outputs : ndarray of float32, shape (n, units)
    """

    scores: Scores
    outputs: Array = field(repr=False)


def score(
    model: Any,
    predictor: Callable[[Array], Array],
    x: Array,
    y: Array,
    target: Target,
    loss: Component,
) -> ScoredOutputs:
    """Score a compiled model on preprocessed rows, computing each output once.

    Parameters
    ----------
    model : keras.Sequential
        Compiled; its metrics are reset.
    predictor : callable
        Gives the outputs of the model for preprocessed rows.
    x : ndarray of float32, shape (n, …)
    y : ndarray, shape (n,)
        Codes or numbers.
    target : Target
    loss : Component
        The config's.
    """
    outputs = predictor(x)
    metrics = keras_metrics(model, outputs, encode_target(y, target, loss, outputs.shape[1]))
    kind = output_kind(target, loss)
    return ScoredOutputs(score_outputs(outputs, y, target, kind, metrics), outputs)


def keras_metrics(model: Any, outputs: Array, y: Array) -> dict[str, float]:
    """Return loss and metrics of outputs by the compiled model's own.

    Parameters
    ----------
    model : keras.Sequential
        Its metrics are reset.
    outputs : ndarray of float32, shape (n, units)
    y : ndarray, shape (n, units) or (n, 1)
        Encoded as the loss wants it.
    """
    model.reset_metrics()
    clear_layer_losses(model)
    loss = float(model.compute_loss(y=y, y_pred=outputs, training=False))
    measured = model.compute_metrics(None, y, outputs)
    model.reset_metrics()
    named = {name: float(np.mean(item)) for name, item in measured.items() if name != "loss"}
    return {"loss": loss, **named}


def score_outputs(
    outputs: Array, y: Array, target: Target, kind: Output, metrics: Mapping[str, float]
) -> Scores:
    """Add to the metrics what does not depend on the config."""
    if target.task == "regression":
        usual = regression_scores(y, outputs[:, 0])
        more = {name: value for name, value in usual.items() if name not in metrics}
        return Scores(len(y), {**metrics, **more})
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    predicted = decode(outputs, kind)
    labels = np.arange(len(target.class_names))
    table = precision_recall_fscore_support(y, predicted, labels=labels, zero_division=0.0)
    classes = tuple(
        ClassScores(name, float(p), float(r), float(f), int(n))
        for name, p, r, f, n in zip(target.class_names, *table, strict=True)
    )
    matrix = confusion_matrix(y, predicted, labels=labels)
    return Scores(len(y), metrics, classes, tuple(map(tuple, matrix.tolist())))


def regression_scores(y: Array, predicted: Array) -> dict[str, float]:
    """Return MAE, RMSE and R² of predicted numbers.

    R² is NaN for fewer than two different true values.
    """
    error = predicted.astype(np.float64) - y
    spread = float(np.sum((y - y.mean()) ** 2))
    return {
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "r2": 1 - float(np.sum(error**2)) / spread if spread > 0 else math.nan,
    }
