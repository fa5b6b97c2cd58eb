"""Compare the model of a run with scikit-learn models, without training it again."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dlcli.experiments.baseline.comparison import Comparison, ScoredModel, compare_models, verdict
from dlcli.experiments.baseline.estimators import (
    FitAttempt,
    fit_and_predict,
    model_inputs,
    vocabulary_sizes,
)
from dlcli.experiments.baseline.models import BaselineModel, models_for
from dlcli.experiments.headline_score import headline_metric, headline_score, predicted_values
from dlcli.experiments.held_out import HeldOutRows
from dlcli.experiments.statistics import paired_t_test
from dlcli.models.metadata import Metadata
from dlcli.network.scores import NO_STEPS
from dlcli.types import Array


@dataclass(frozen=True)
class SavedComparison:
    """The model of a run beside others on the same rows.

    Parameters
    ----------
    metric : {"accuracy", "rmse"}
    test : str
        Name of the significance test; empty without one.
    network : ScoredModel
    models : tuple of Comparison
        Best model first.
    """

    metric: str
    test: str
    network: ScoredModel
    models: tuple[Comparison, ...]


def training_values(held_out: HeldOutRows, metadata: Metadata) -> int:
    """Return the number of input values of the training rows, by which the fits take time."""
    if held_out.dataset.is_text:
        return len(held_out.split.train) * 100  # words; the rows are sparse
    return len(held_out.split.train) * math.prod(metadata.preprocessor().input_shape)


def compare_saved(held_out: HeldOutRows, metadata: Metadata, outputs: Array) -> SavedComparison:
    """Fit scikit-learn models on the training rows of a run, and score them on its held-out rows.

    They get the inputs of the network. Validation rows are left out, as `baseline` does.

    Parameters
    ----------
    held_out : HeldOutRows
        Of a table or of texts.
    metadata : Metadata
    outputs : ndarray, shape (n, units)
        Of the network for the held-out rows, calibrated and in the unit of the target.
    """
    target, y = metadata.target, held_out.y
    ours = predicted_values(outputs, metadata.output, target)
    attempts = _attempts(held_out, metadata)
    models = [
        _scored(model.name, attempt, y, metadata, trivial=model.trivial)
        for model, attempt in attempts
    ]
    network = _scored("network", FitAttempt(ours, 0.0), y, metadata)
    comparisons = compare_models(
        network, models, higher_is_better=bool(target.class_names), train_rows=0, test_rows=0
    )
    test = "McNemar's exact test" if network.right else ""
    if not target.class_names:
        test, own = "paired t-test of the squared errors", _squared_errors(y, ours)
        predicted = {model.name: attempt.predictions for model, attempt in attempts}
        comparisons = tuple(_tested(row, own, y, predicted[row.model.name]) for row in comparisons)
    return SavedComparison(headline_metric(target), test, network, comparisons)


def _attempts(held_out: HeldOutRows, metadata: Metadata) -> list[tuple[BaselineModel, FitAttempt]]:
    """Fit the models, and return them with their predictions."""
    dataset, train = held_out.dataset, held_out.split.train
    preprocessor, seed = metadata.preprocessor(), held_out.prepared.config.seed
    x, x_test = (model_inputs(preprocessor, dataset, rows) for rows in (train, held_out.rows))
    words, attempts = vocabulary_sizes(preprocessor), []
    for model in models_for(dataset):
        # A mean of logarithms would not be the mean that the trivial model stands for.
        steps = NO_STEPS if model.trivial else metadata.target_preprocessor()
        y = steps.transform(dataset.y[train], metadata.target)
        attempts.append((model, fit_and_predict(model, x, y, x_test, seed, words).inverted(steps)))
    return attempts


def _scored(
    name: str, attempt: FitAttempt, y: Array, metadata: Metadata, *, trivial: bool = False
) -> ScoredModel:
    """Return the score of a model; NaN if it could not be fitted."""
    predicted, seconds = attempt.predictions, (attempt.seconds,)
    if predicted is None:
        return ScoredModel(name, (math.nan,), seconds, (), trivial, attempt.note)
    is_class = metadata.target.task == "classification"
    right = (np.asarray(predicted == y),) if is_class else ()
    score = headline_score(y, predicted, metadata.target)
    return ScoredModel(name, (score,), seconds, right, trivial, attempt.note)


def _squared_errors(y: Array, predicted: Array) -> Array:
    """Return the squared error of each row, the mean over its targets."""
    return np.asarray(((y - predicted) ** 2).reshape(len(y), -1).mean(axis=1))


def _tested(row: Comparison, own: Array, y: Array, predicted: Array | None) -> Comparison:
    """Return a comparison of numbers with its test."""
    if predicted is None:
        return row
    p = paired_t_test(own, _squared_errors(y, predicted))
    return Comparison(row.model, row.difference, p, verdict(row.difference, p, False))
