"""Fit scikit-learn models on folds, here or in other processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dlcli.experiments.baseline.estimators import (
    SPECTROGRAMS,
    FitAttempt,
    fit_and_predict,
    model_inputs,
    vocabulary_sizes,
)
from dlcli.experiments.baseline.models import BaselineModel
from dlcli.network.scores import NO_STEPS
from dlcli.preparation.prepare import Prepared
from dlcli.preparation.split import Split
from dlcli.training.session import Session, open_sessions
from dlcli.training.worker_start import WorkerStart
from dlcli.work.executor import Function, Job, Report

# Number of input values, over all folds, up to which they are cached between models.
MAX_CACHED_VALUES = 100_000_000


@dataclass(frozen=True)
class FitPiece:
    """A model that is fitted on the training rows of a fold.

    Parameters
    ----------
    model : BaselineModel
    fold : int
        From 0.
    """

    model: BaselineModel
    fold: int


class ModelFits:
    """Fit models with the inputs of the network; those of a fold are kept if they are small.

    Parameters
    ----------
    sessions : sequence of Session
        One per fold.
    threads : int, optional
        Of each fit. Default: all processors for large data.
    """

    def __init__(self, sessions: Sequence[Session], threads: int | None = None) -> None:
        self.sessions, self.threads = sessions, threads
        self.prepared = sessions[0].prepared
        self._inputs: dict[int, tuple[Any, Any]] = {}

    def fit(self, piece: FitPiece, report: Report) -> FitAttempt:
        """Fit a model and predict the test rows of the fold; `report` is told the beginning."""
        report(piece.fold)
        model, session, dataset = piece.model, self.sessions[piece.fold], self.prepared.dataset
        if not model.estimator:  # the last value of a series
            return FitAttempt(np.asarray(dataset.x)[session.rows["test"], -1, 0], 0.0)
        x, x_test = self._fold_inputs(piece.fold)
        # A mean of logarithms would not be the mean that the trivial model stands for.
        preprocessor = NO_STEPS if model.trivial else session.target_preprocessor
        y = preprocessor.transform(session.y("train"), dataset.target)
        seed = self.prepared.config.seed
        words = vocabulary_sizes(session.preprocessor)
        attempt = fit_and_predict(model, x, y, x_test, seed, words, self.threads)
        return attempt.inverted(preprocessor)

    def job(self, threads: int) -> Job:
        """Return what another process needs to fit models."""
        prepared = replace(self.prepared, notices=())
        splits = [session.split for session in self.sessions]
        return Job(WorkerStart.of(prepared.config, threads), open_fits, (prepared, splits, threads))

    def _fold_inputs(self, fold: int) -> tuple[Any, Any]:
        """Return the training and test inputs of a fold; they are cached if they are small."""
        if fold not in self._inputs:
            session, dataset = self.sessions[fold], self.prepared.dataset
            x, x_test = (
                model_inputs(session.preprocessor, dataset, session.rows[part], session.model)
                for part in ("train", "test")
            )
            size = len(self.sessions) * x.shape[0] * x.shape[1]
            if isinstance(x, np.ndarray) and size > MAX_CACHED_VALUES:
                return x, x_test
            self._inputs[fold] = x, x_test
        return self._inputs[fold]


def open_fits(data: tuple[Prepared, Sequence[Split], int]) -> Function:
    """Return the function that fits a model."""
    prepared, splits, threads = data
    sessions = open_sessions(prepared, splits)
    if prepared.config.model[0].name in SPECTROGRAMS:  # which the models get, by this layer
        sessions[0].prepare_model()
    return ModelFits(sessions, threads).fit
