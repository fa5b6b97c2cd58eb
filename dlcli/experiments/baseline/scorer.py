"""Score the network and other models on the same folds and inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.experiments.baseline.comparison import ScoredModel
from dlcli.experiments.baseline.estimators import FitAttempt, words_of_inputs
from dlcli.experiments.baseline.fits import FitPiece
from dlcli.experiments.baseline.models import BaselineModel
from dlcli.experiments.baseline.words import DecidingWords, deciding_words
from dlcli.experiments.headline_score import headline_score, predicted_values
from dlcli.preparation.targets import output_kind
from dlcli.training.folds.engines import FoldEngine
from dlcli.types import Array
from dlcli.work.executor import Executor, OpenExecutor, in_order

if TYPE_CHECKING:
    from dlcli.training.progress import OnProgress

NETWORK = "network"


class Scorer:
    """Fit the network and other models on each fold, and score them on its test rows.

    Parameters
    ----------
    trainer : FoldEngine
        Its sessions have the folds and their preprocessors.
    on_fold : callable
        Called before each fold with the name of the model, the number of the fold, and the
        number of folds.
    on_model : callable
        Called with a `ScoredModel` when a model has been scored.
    """

    def __init__(
        self,
        trainer: FoldEngine,
        on_fold: Callable[[str, int, int], None],
        on_model: Callable[[ScoredModel], None],
    ) -> None:
        prepared = trainer.sessions[0].prepared
        self.config, self.dataset = prepared.config, prepared.dataset
        self.trainer, self.sessions = trainer, trainer.sessions
        self.on_fold, self.on_model = on_fold, on_model

    def score_network(
        self,
        on_progress: OnProgress | None,
        others: Iterable[FoldEngine] = (),
        open_executor: OpenExecutor | None = None,
    ) -> ScoredModel:
        """Train the network on every fold; with several seeds, a fold has their mean score.

        Parameters
        ----------
        on_progress : callable, optional
        others : iterable of FoldEngine
            Engines of the same folds for other seeds.
        open_executor : callable, optional
            See `FoldEngine.run`.
        """
        networks = [
            self._train_network(engine, on_progress, open_executor)
            for engine in chain([self.trainer], others)
        ]
        model = networks[0]
        if len(networks) > 1:  # no test of single rows is known for a mean over seeds
            scores, seconds = (
                tuple(np.mean([getattr(own, name) for own in networks], axis=0).tolist())
                for name in ("scores", "seconds")
            )
            model = replace(model, scores=scores, seconds=seconds, right=())
        self.on_model(model)
        return model

    def _train_network(
        self,
        engine: FoldEngine,
        on_progress: OnProgress | None,
        open_executor: OpenExecutor | None,
    ) -> ScoredModel:
        kind = output_kind(self.dataset.target, self.config.loss)
        predictions: list[Any] = []
        seconds: list[float] = []
        # Folds that are trained together are reported as one.
        total = len(self.sessions) if engine.engine.name == "serial" else 1
        self.on_fold(NETWORK, 1, total)
        for outcome in engine.run(on_progress, open_executor=open_executor):
            outputs = outcome.outputs
            predictions.append(predicted_values(outputs, kind, self.dataset.target))
            seconds.append(outcome.seconds)
            if len(seconds) < total:
                self.on_fold(NETWORK, len(seconds) + 1, total)
        return self._scored(NETWORK, predictions, seconds)

    def score_models(
        self, models: Sequence[BaselineModel], executor: Executor
    ) -> list[ScoredModel]:
        """Fit scikit-learn models on each fold, with the inputs of the network.

        Parameters
        ----------
        models : sequence of BaselineModel
        executor : Executor
            Of the pieces of `ModelFits`.
        """
        folds = len(self.sessions)
        pieces = [FitPiece(model, fold) for model in models for fold in range(folds)]

        def report(number: int, fold: int) -> None:
            self.on_fold(pieces[number].model.name, fold + 1, folds)

        with closing(executor.run(pieces, report)) as results:
            attempts = in_order(results)
            return [self._score_model(model, list(islice(attempts, folds))) for model in models]

    def _score_model(self, model: BaselineModel, attempts: Sequence[FitAttempt]) -> ScoredModel:
        note = "; ".join(dict.fromkeys(a.note for a in attempts if a.note))
        predictions, seconds = [a.predictions for a in attempts], [a.seconds for a in attempts]
        scored = self._scored(model.name, predictions, seconds, trivial=model.trivial, note=note)
        scored = replace(scored, words=self._words(model, attempts))
        self.on_model(scored)
        return scored

    def _words(
        self, model: BaselineModel, attempts: Sequence[FitAttempt]
    ) -> tuple[DecidingWords, ...]:
        """Return the words by which a model decides, over the training rows of all folds."""
        classes = self.dataset.target.class_names
        counts = [
            (words_of_inputs(session.preprocessor), attempt.word_counts)
            for session, attempt in zip(self.sessions, attempts, strict=True)
            if attempt.word_counts is not None and len(attempt.word_counts) == len(classes)
        ]
        return deciding_words(counts, classes, float(model.arguments.get("alpha", 1.0)))

    def _scored(
        self,
        name: str,
        predictions: Sequence[Array | None],
        seconds: Sequence[float],
        *,
        trivial: bool = False,
        note: str = "",
    ) -> ScoredModel:
        """Score the predictions for each fold; None stands for a model that was not fitted."""
        scores: list[float] = []
        right: list[Array] = []
        target = self.dataset.target
        for session, predicted in zip(self.sessions, predictions, strict=True):
            y = session.y("test")
            if predicted is None:
                scores.append(float("nan"))
                continue
            scores.append(headline_score(y, predicted, target))
            # No test of single rows is known for the mean over several labels.
            if target.task == "classification":
                right.append(np.asarray(predicted == y))
        return ScoredModel(name, tuple(scores), tuple(seconds), tuple(right), trivial, note)
