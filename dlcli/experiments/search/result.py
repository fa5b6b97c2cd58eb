"""The result of a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dlcli.experiments.run_result import RunResult
from dlcli.experiments.search.trials import (
    Measure,
    TrialResult,
    VarianceShares,
    variance_shares,
)


@dataclass(frozen=True, kw_only=True)
class SweepResult(RunResult):
    """The result of a sweep; it also has the parameters of `RunResult`.

    Parameters
    ----------
    trials : tuple of TrialResult
        In the order of the grid.
    measure : Measure
        By what they are compared.
    seeds : tuple of int
    folds : int
        1 for a single split.
    """

    trials: tuple[TrialResult, ...]
    measure: Measure
    seeds: tuple[int, ...]
    folds: int

    @property
    def best(self) -> TrialResult | None:
        """The best trial; None if none has a score."""
        return self.measure.best(self.trials)

    def variance(self, trial: TrialResult) -> VarianceShares | None:
        """Return how much of the variance of a trial is that of seeds and folds."""
        return variance_shares(trial.scores(self.measure))

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data."""
        best = self.best
        return {
            "sample": self.sampled,
            "part": self.measure.part,
            "metric": self.measure.metric,
            "seeds": list(self.seeds),
            "folds": self.folds,
            "best": best.number if best else None,
            "trials": [
                {
                    "trial": trial.number,
                    "values": dict(trial.values),
                    "mean": trial.mean(self.measure),
                    "std": trial.std(self.measure),
                    "seconds": round(trial.seconds, 3),
                    "failure": trial.failure,
                }
                for trial in self.trials
            ],
        }
