"""Scores of a network and of other models, on the same folds and the same inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.experiments.baseline.contenders import Contender
from dlcli.experiments.baseline.models import (
    NAIVE_FORECAST,
    Attempt,
    BaselineModel,
    attempt,
    features,
)
from dlcli.network.scores import regression_scores
from dlcli.preparation import Preprocessor, fit_preprocessor
from dlcli.preparation.prepare import Prepared
from dlcli.preparation.split import Split
from dlcli.preparation.targets import decode, output_kind
from dlcli.training.folds.engines import FoldEngine
from dlcli.types import Array

if TYPE_CHECKING:
    from dlcli.training.progress import OnProgress

NETWORK = "network"
KEPT = 100_000_000  # values


class Scorer:
    """Fits network and models on the training rows of each fold, and scores its test rows.

    Parameters
    ----------
    prepared : Prepared
    folds : sequence of Split
    on_fold : callable
        Called with the name of a model, the number of the fold that begins, and their count.
    on_model : callable
        Called with a `Contender` as soon as it has its scores.
    """

    def __init__(
        self,
        prepared: Prepared,
        folds: Sequence[Split],
        on_fold: Callable[[str, int, int], None],
        on_model: Callable[[Contender], None],
    ) -> None:
        self.config, self.dataset = prepared.config, prepared.dataset
        self.folds = folds
        self.on_fold, self.on_model = on_fold, on_model
        self._preprocessors: list[Preprocessor] = []
        self._kept: dict[int, tuple[Any, Any]] = {}
        self._network: Any = None

    def network(self, engines: FoldEngine, on_progress: OnProgress | None) -> Contender:
        """Train the network on every fold."""
        kind = output_kind(self.dataset.target, self.config.loss)
        self._network = engines.trainer.model
        predictions: list[Any] = []
        seconds: list[float] = []
        # Folds that train together are one training to look at.
        total = len(self.folds) if engines.engine.name == "serial" else 1
        self.on_fold(NETWORK, 1, total)
        for outcome in engines.run(on_progress):
            outputs = outcome.outputs
            predictions.append(outputs[:, 0] if kind == "value" else decode(outputs, kind))
            seconds.append(outcome.seconds)
            if len(seconds) < total:
                self.on_fold(NETWORK, len(seconds) + 1, total)
        return self._scored(NETWORK, predictions, seconds)

    def model(self, model: BaselineModel) -> Contender:
        """Fit a scikit-learn model on every fold, to the inputs that the network has there."""
        attempts = []
        for number, (fold, preprocessor) in enumerate(
            zip(self.folds, self._fitted(), strict=True), 1
        ):
            self.on_fold(model.name, number, len(self.folds))
            if model is NAIVE_FORECAST:
                last = np.asarray(self.dataset.x)[fold.test, -1, 0]
                attempts.append(Attempt(last, 0.0))
                continue
            x, x_test = self._inputs(number, preprocessor, fold)
            y = self.dataset.y[fold.train]
            attempts.append(attempt(model, x, y, x_test, self.config.seed))
        note = "; ".join(dict.fromkeys(a.note for a in attempts if a.note))
        predictions, seconds = [a.predictions for a in attempts], [a.seconds for a in attempts]
        return self._scored(model.name, predictions, seconds, trivial=model.trivial, note=note)

    def _inputs(self, number: int, preprocessor: Preprocessor, fold: Split) -> tuple[Any, Any]:
        """Return training and test inputs of a fold, kept for the next model if they are small."""
        if number not in self._kept:
            x, x_test = (
                features(preprocessor, self.dataset, rows, self._network)
                for rows in (fold.train, fold.test)
            )
            size = len(self.folds) * x.shape[0] * x.shape[1]
            if isinstance(x, np.ndarray) and size > KEPT:
                return x, x_test
            self._kept[number] = x, x_test
        return self._kept[number]

    def _fitted(self) -> list[Preprocessor]:
        """Fit the preprocessing on the training rows of each fold, once for all models."""
        if not self._preprocessors:
            self._preprocessors = [
                fit_preprocessor(self.dataset, fold.train, self.config.preprocess)
                for fold in self.folds
            ]
        return self._preprocessors

    def _scored(
        self,
        name: str,
        predictions: Sequence[Array | None],
        seconds: Sequence[float],
        *,
        trivial: bool = False,
        note: str = "",
    ) -> Contender:
        """Score predictions fold by fold, those of network and models alike."""
        scores: list[float] = []
        right: list[Array] = []
        classes = self.dataset.target.task == "classification"
        for fold, predicted in zip(self.folds, predictions, strict=True):
            y = self.dataset.y[fold.test]
            if predicted is None:
                scores.append(float("nan"))
            elif classes:
                right.append(np.asarray(predicted == y))
                scores.append(float(right[-1].mean()))
            else:
                scores.append(regression_scores(y, predicted)["rmse"])
        made = Contender(name, tuple(scores), tuple(seconds), tuple(right), trivial, note)
        self.on_model(made)
        return made
