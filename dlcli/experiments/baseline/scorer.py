"""Scores of a network and of other models, on the same folds and the same inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.experiments.baseline.comparison import ScoredModel
from dlcli.experiments.baseline.estimators import (
    NAIVE_FORECAST,
    BaselineModel,
    FitAttempt,
    fit_and_predict,
    model_inputs,
)
from dlcli.network.scores import regression_scores
from dlcli.preparation.targets import decode, output_kind
from dlcli.training.folds.engines import FoldEngine
from dlcli.types import Array

if TYPE_CHECKING:
    from dlcli.training.progress import OnProgress
    from dlcli.training.session import Session

NETWORK = "network"
KEPT = 100_000_000  # values


class Scorer:
    """Fits network and models on the training rows of each fold, and scores its test rows.

    Parameters
    ----------
    engine : FoldEngine
        Its sessions have the folds and their preprocessors.
    on_fold : callable
        Called with the name of a model, the number of the fold that begins, and their count.
    on_model : callable
        Called with a `ScoredModel` as soon as it has its scores.
    """

    def __init__(
        self,
        engine: FoldEngine,
        on_fold: Callable[[str, int, int], None],
        on_model: Callable[[ScoredModel], None],
    ) -> None:
        prepared = engine.sessions[0].prepared
        self.config, self.dataset = prepared.config, prepared.dataset
        self.engine, self.sessions = engine, engine.sessions
        self.on_fold, self.on_model = on_fold, on_model
        self._kept: dict[int, tuple[Any, Any]] = {}

    def network(self, on_progress: OnProgress | None) -> ScoredModel:
        """Train the network on every fold."""
        kind = output_kind(self.dataset.target, self.config.loss)
        predictions: list[Any] = []
        seconds: list[float] = []
        # Folds that train together are one training to look at.
        total = len(self.sessions) if self.engine.engine.name == "serial" else 1
        self.on_fold(NETWORK, 1, total)
        for outcome in self.engine.run(on_progress):
            outputs = outcome.outputs
            predictions.append(outputs[:, 0] if kind == "value" else decode(outputs, kind))
            seconds.append(outcome.seconds)
            if len(seconds) < total:
                self.on_fold(NETWORK, len(seconds) + 1, total)
        return self._scored(NETWORK, predictions, seconds)

    def model(self, model: BaselineModel) -> ScoredModel:
        """Fit a scikit-learn model on every fold, to the inputs that the network has there."""
        attempts = []
        for number, session in enumerate(self.sessions, 1):
            self.on_fold(model.name, number, len(self.sessions))
            if model is NAIVE_FORECAST:
                last = np.asarray(self.dataset.x)[session.rows["test"], -1, 0]
                attempts.append(FitAttempt(last, 0.0))
                continue
            x, x_test = self._inputs(number, session)
            attempts.append(fit_and_predict(model, x, session.y("train"), x_test, self.config.seed))
        note = "; ".join(dict.fromkeys(a.note for a in attempts if a.note))
        predictions, seconds = [a.predictions for a in attempts], [a.seconds for a in attempts]
        return self._scored(model.name, predictions, seconds, trivial=model.trivial, note=note)

    def _inputs(self, number: int, session: Session) -> tuple[Any, Any]:
        """Return training and test inputs of a fold, kept for the next model if they are small."""
        if number not in self._kept:
            x, x_test = (
                model_inputs(session.preprocessor, self.dataset, session.rows[part], session.model)
                for part in ("train", "test")
            )
            size = len(self.sessions) * x.shape[0] * x.shape[1]
            if isinstance(x, np.ndarray) and size > KEPT:
                return x, x_test
            self._kept[number] = x, x_test
        return self._kept[number]

    def _scored(
        self,
        name: str,
        predictions: Sequence[Array | None],
        seconds: Sequence[float],
        *,
        trivial: bool = False,
        note: str = "",
    ) -> ScoredModel:
        """Score predictions fold by fold, those of network and models alike."""
        scores: list[float] = []
        right: list[Array] = []
        classes = self.dataset.target.task == "classification"
        for session, predicted in zip(self.sessions, predictions, strict=True):
            y = session.y("test")
            if predicted is None:
                scores.append(float("nan"))
            elif classes:
                right.append(np.asarray(predicted == y))
                scores.append(float(right[-1].mean()))
            else:
                scores.append(regression_scores(y, predicted)["rmse"])
        made = ScoredModel(name, tuple(scores), tuple(seconds), tuple(right), trivial, note)
        self.on_model(made)
        return made
