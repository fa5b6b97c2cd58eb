"""Scores of a network: loss, metrics, and measures per class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import starmap
from typing import Any

import numpy as np

from dlcli.config.components import Component
from dlcli.datasets.dataset import Target
from dlcli.network.internals import clear_layer_losses
from dlcli.network.several_scores import (
    AverageScores,
    LabelScores,
    NumberScores,
    label_scores,
    number_scores,
    regression_scores,
)
from dlcli.preparation.labels import decode_labels, label_probabilities
from dlcli.preparation.target_preprocessing import TargetPreprocessor
from dlcli.preparation.targets import Output, decode, encode_target, output_kind
from dlcli.types import Array, Rows

NO_STEPS = TargetPreprocessor()


# Names of the scores that every config gets, beside its loss and metrics, by its task.
COMPUTED_SCORES = {
    "regression": ("mae", "rmse", "r2"),
    "multilabel": ("subset_accuracy", "hamming_loss", "f1_micro", "f1_macro"),
    "classification": (),
}


@dataclass(frozen=True)
class ClassScores:
    """Scores of one class.

    Parameters
    ----------
    name : str
        Name of the class.
    precision, recall, f1 : float
        0 if undefined.
    support : int
        Number of rows of this class.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Scores:
    """Scores of the outputs for some rows.

    Parameters
    ----------
    rows : int
        Number of rows.
    metrics : mapping
        ``loss`` and the metrics of the config under Keras's names; for regression also ``mae``,
        ``rmse`` and ``r2``.
    classes : tuple of ClassScores
        Empty for regression.
    confusion : tuple of tuple of int
        Confusion matrix: a row per true class, a column per predicted class; empty for
        regression.
    labels : tuple of LabelScores
        Of several labels per row; `metrics` has their subset accuracy, Hamming loss and F1 too.
    averages : tuple of AverageScores
        Over the labels.
    numbers : tuple of NumberScores
        Of several numbers per row.
    """

    rows: int
    metrics: Mapping[str, float]
    classes: tuple[ClassScores, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    labels: tuple[LabelScores, ...] = ()
    averages: tuple[AverageScores, ...] = ()
    numbers: tuple[NumberScores, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the scores as in ``metrics.json``."""
        plain: dict[str, Any] = {"rows": self.rows, "metrics": dict(self.metrics)}
        if self.classes:
            classes = map(asdict, self.classes)
            plain["classes"] = {scores.pop("name"): scores for scores in classes}
            plain["confusion_matrix"] = [list(row) for row in self.confusion]
        for key in ("labels", "averages", "numbers"):
            if items := getattr(self, key):
                plain[key] = {scores.pop("name"): scores for scores in map(asdict, items)}
        return plain


@dataclass(frozen=True)
class ScoredOutputs:
    """Scores with the outputs from which they were computed.

    Parameters
    ----------
    scores : Scores
    outputs : ndarray of float32, shape (n, units)
        Numbers are in the unit of the target.
    """

    scores: Scores
    outputs: Array = field(repr=False)


def score(
    model: Any,
    predictor: Callable[[Rows], Array],
    x: Rows,
    y: Array,
    target: Target,
    loss: Component,
    target_preprocessor: TargetPreprocessor = NO_STEPS,
) -> ScoredOutputs:
    """Score a compiled model on preprocessed rows.

    Parameters
    ----------
    model : keras.Sequential
        Compiled; its metrics are reset.
    predictor : callable
        Returns the outputs of the model for preprocessed rows.
    x : ndarray of float32, shape (n, …)
    y : ndarray, shape (n,) or (n, targets)
        Class codes, numbers, or 0 and 1 for labels.
    target : Target
    loss : Component
        Loss of the config.
    target_preprocessor : TargetPreprocessor
        Its constants have been assigned to the metrics of the model.
    """
    outputs = predictor(x)
    encoded = target_preprocessor.transform(y, target)
    metrics = keras_metrics(model, outputs, encode_target(encoded, target, loss, outputs.shape[1]))
    outputs = target_preprocessor.invert(outputs)
    kind = output_kind(target, loss)
    return ScoredOutputs(score_outputs(outputs, y, target, kind, metrics), outputs)


def keras_metrics(model: Any, outputs: Array, y: Array) -> dict[str, float]:
    """Return loss and metrics of outputs, computed by Keras.

    Parameters
    ----------
    model : keras.Sequential
        Compiled; its metrics are reset.
    outputs : ndarray of float32, shape (n, units)
    y : ndarray, shape (n, units) or (n, 1)
        Encoded for the loss.
    """
    model.reset_metrics()
    clear_layer_losses(model)
    loss = float(model.compute_loss(y=y, y_pred=outputs, training=False))
    results = model.compute_metrics(None, y, outputs)
    # Before the reset: a metric of one's own may return its variable.
    metrics = {name: float(np.mean(value)) for name, value in results.items() if name != "loss"}
    model.reset_metrics()
    return {"loss": loss, **metrics}


def score_outputs(
    outputs: Array, y: Array, target: Target, kind: Output, metrics: Mapping[str, float]
) -> Scores:
    """Complete metrics with the scores that do not depend on the config.

    Parameters
    ----------
    outputs : ndarray of float32, shape (n, units)
        Numbers are in the unit of the target.
    y : ndarray, shape (n,) or (n, targets)
        Class codes, numbers, or 0 and 1 for labels.
    target : Target
    kind : Output
        How outputs are decoded to classes.
    metrics : mapping
        Loss and metrics of the config.
    """
    # The metrics of the config come first, and take precedence.
    if target.task == "regression":
        values = outputs if target.is_several else outputs[:, 0]
        numbers = number_scores(y, outputs, target) if target.is_several else ()
        merged = {**metrics, **regression_scores(y, values), **metrics}
        return Scores(len(y), merged, numbers=numbers)
    if target.task == "multilabel":
        predicted = decode_labels(outputs, kind, target)
        shares = label_probabilities(outputs, kind)
        measured, per_label, averages = label_scores(y, predicted, shares, target)
        merged = {**metrics, **measured, **metrics}
        return Scores(len(y), merged, labels=per_label, averages=averages)
    matrix = confusion_matrix(y, decode(outputs, kind), len(target.class_names))
    confusion = tuple(map(tuple, matrix.tolist()))
    return Scores(len(y), metrics, class_scores(matrix, target.class_names), confusion)


def confusion_matrix(y: Array, predicted: Array, classes: int) -> Array:
    """Return the number of rows per true class (rows) and predicted class (columns)."""
    pairs = y.astype(np.int64) * classes + predicted
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def class_scores(confusion: Array, names: Sequence[str]) -> tuple[ClassScores, ...]:
    """Return precision, recall, F1 and number of rows of each class of a confusion matrix."""
    right, support, answers = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    shares = (
        right / np.maximum(answers, 1),
        right / np.maximum(support, 1),
        2 * right / np.maximum(support + answers, 1),
    )
    columns = (column.tolist() for column in (*shares, support))
    return tuple(starmap(ClassScores, zip(names, *columns, strict=True)))
