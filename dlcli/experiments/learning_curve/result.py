"""The result of a learning curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from dlcli.experiments.learning_curve.power_law import Forecast, PowerLaw
from dlcli.experiments.run_result import HeadlineResult

# A change of the error by less than this share of it is hardly worth new rows.
WORTHWHILE = 0.05


@dataclass(frozen=True)
class SizeScores:
    """The scores with one number of training rows.

    Parameters
    ----------
    share : float
        Of the training rows of each fold.
    rows : float
        Mean number of training rows.
    scores : tuple of float
        Of each fold.
    """

    share: float
    rows: float
    scores: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over the folds."""
        return float(np.mean(self.scores))

    @property
    def std(self) -> float:
        """Sample standard deviation over the folds."""
        return float(np.std(self.scores, ddof=1))

    def to_json(self) -> dict[str, Any]:
        """Return the scores as plain data."""
        return {**vars(self), "scores": [*self.scores], "mean": self.mean, "std": self.std}


@dataclass(frozen=True, kw_only=True)
class LearningCurveResult(HeadlineResult):
    """The scores of a config against the number of training rows, as a `HeadlineResult`.

    Parameters
    ----------
    sizes : tuple of SizeScores
        The fewest rows first.
    power_law : PowerLaw
        Of the error, which is 1 - accuracy, or the RMSE.
    forecast : Forecast
        Of the error with twice the rows.
    """

    sizes: tuple[SizeScores, ...]
    power_law: PowerLaw
    forecast: Forecast

    def __repr__(self) -> str:
        sizes = f"{len(self.sizes)} sizes"
        return f"LearningCurveResult({str(self.path)!r}, {sizes}, more rows: {self.more_rows})"

    def score(self, error: float) -> float:
        """Return the score with an error."""
        return 1 - error if self.metric == "accuracy" else error

    @property
    def more_rows(self) -> Literal["help", "hardly help", "uncertain"]:
        """Whether twice the rows would reduce the error by a twentieth of it, or more."""
        least = WORTHWHILE * (self.forecast.error + self.forecast.gain)
        if self.forecast.gain_low >= least > 0:
            return "help"
        return "hardly help" if self.forecast.gain_high <= least else "uncertain"

    @property
    def twice(self) -> dict[str, float]:
        """The score with twice the rows, and how much better it is, with 95 % intervals."""
        ends = sorted((self.score(self.forecast.low), self.score(self.forecast.high)))
        low, high = max(0.0, ends[0]), ends[1]
        score = self.score(self.forecast.error)
        return {
            "rows": self.forecast.rows,
            "score": score,
            "low": low,
            "high": high,
            "gain": self.forecast.gain,
            "gain_low": self.forecast.gain_low,
            "gain_high": self.forecast.gain_high,
        }

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            **super().to_json(),
            "sizes": [size.to_json() for size in self.sizes],
            "power_law": vars(self.power_law),
            "twice": self.twice,
            "more_rows": self.more_rows,
        }
