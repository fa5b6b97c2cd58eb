"""The result of a search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dlcli.experiments.run_result import RunResult
from dlcli.experiments.search.trials import Measure, TrialResult
from dlcli.experiments.train_result import TrainResult


@dataclass(frozen=True)
class NestedFold:
    """One outer fold of a nested cross-validation: a search of its own, and its score.

    Parameters
    ----------
    fold : int
        From 1.
    values : mapping
        What the search in the training rows of this fold chose.
    searched : float
        The score of the best trial in that search.
    score : float
        The score on the rows of this fold, which that search did not see.
    """

    fold: int
    values: Mapping[str, Any]
    searched: float
    score: float


@dataclass(frozen=True, kw_only=True)
class TuneResult(RunResult):
    """The result of a search; it also has the parameters of `RunResult`.

    Parameters
    ----------
    trials : tuple of TrialResult
        In the order in which they were asked for.
    measure : Measure
        By what they are compared.
    folds : int
        Of each trial; 1 for a single split.
    importances : mapping
        How much each key matters for the score, the most important first.
    final : TrainResult or None
        The best trial, trained once more; None if no trial has a score.
    nested : tuple of NestedFold
        Empty unless it was asked for.
    """

    trials: tuple[TrialResult, ...]
    measure: Measure
    folds: int
    importances: Mapping[str, float]
    final: TrainResult | None
    nested: tuple[NestedFold, ...] = ()

    @property
    def best(self) -> TrialResult | None:
        """The best trial; None if none has a score."""
        return self.measure.best(self.trials)

    @property
    def test_score(self) -> float | None:
        """Score of the best trial on test rows that no trial has seen; None without test rows."""
        if self.final is None or "test" not in self.final.scores:
            return None
        return self.final.scores["test"].metrics.get(self.measure.metric)

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data."""
        best, measure = self.best, self.measure
        return {
            "sample": self.sampled,
            "metric": measure.metric,
            "folds": self.folds,
            "best": best.number if best else None,
            "best_values": dict(best.values) if best else {},
            "best_score": best.mean(measure) if best else None,
            "test_score": self.test_score,
            "importances": dict(self.importances),
            "nested": [
                {
                    "fold": fold.fold,
                    "values": dict(fold.values),
                    "searched": fold.searched,
                    "score": fold.score,
                }
                for fold in self.nested
            ],
            "trials": [
                {
                    "trial": trial.number,
                    "values": dict(trial.values),
                    "mean": trial.mean(measure),
                    "std": trial.std(measure),
                    "seconds": round(trial.seconds, 3),
                    "failure": trial.failure,
                }
                for trial in self.trials
            ],
        }
