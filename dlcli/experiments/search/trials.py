"""Trials and their scores."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.config.metrics import better_when, metric_key
from dlcli.config.sections import Config
from dlcli.datasets.dataset import Target
from dlcli.errors import DlcliError
from dlcli.experiments.search.variants import text_of
from dlcli.files import write_csv
from dlcli.runs.directions import ALWAYS
from dlcli.training.trials.trial import TrainingOutcome


@dataclass(frozen=True)
class Measure:
    """By what trials are compared.

    Parameters
    ----------
    part : {"train", "validation", "test"}
        The rows.
    metric : str
        As in ``metrics.json``.
    larger_is_better : bool
    """

    part: str
    metric: str
    larger_is_better: bool

    def best(self, trials: Sequence[TrialResult]) -> TrialResult | None:
        """Return the best trial, of equal ones the first; None if none has a score."""
        scored = [trial for trial in trials if not math.isnan(trial.mean(self))]
        sign = -1 if self.larger_is_better else 1
        return min(scored, key=lambda trial: sign * trial.mean(self), default=None)


@dataclass(frozen=True)
class TrainingScore:
    """One training of a trial.

    Parameters
    ----------
    seed : int
    fold : int
        From 1; 0 without folds.
    outcome : TrainingOutcome
    """

    seed: int
    fold: int
    outcome: TrainingOutcome


@dataclass(frozen=True)
class TrialResult:
    """A trial with the scores of its trainings.

    Parameters
    ----------
    number : int
        From 1.
    values : mapping
        Values by the keys that vary.
    trainings : tuple of TrainingScore
    """

    number: int
    values: Mapping[str, Any]
    trainings: tuple[TrainingScore, ...]

    @property
    def failure(self) -> str:
        """Why the trial has no score; empty if it has one."""
        return next((t.outcome.failure for t in self.trainings if t.outcome.failure), "")

    @property
    def seconds(self) -> float:
        """Duration of its trainings."""
        return sum(training.outcome.seconds for training in self.trainings)

    def scores(self, measure: Measure) -> dict[tuple[int, int], float]:
        """Return the scores by seed and fold; empty after a failure."""
        if self.failure:
            return {}
        return {
            (training.seed, training.fold): training.outcome.metrics[measure.part][measure.metric]
            for training in self.trainings
        }

    def mean(self, measure: Measure) -> float:
        """Return the mean score of its trainings; NaN after a failure."""
        scores = list(self.scores(measure).values())
        return float(np.mean(scores)) if scores else math.nan

    def std(self, measure: Measure) -> float:
        """Return the standard deviation over the seeds, or with one seed over the folds.

        The score of a seed is the mean over its folds.
        """
        scores = self.scores(measure)
        seeds = sorted({seed for seed, _ in scores})
        values = list(scores.values())
        if len(seeds) > 1:
            values = [
                float(np.mean([score for (own, _), score in scores.items() if own == seed]))
                for seed in seeds
            ]
        return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan


def choose_measure(config: Config, target: Target, part: str, *, ordered: bool = True) -> Measure:
    """Return the measure of a config: its first metric, or without one the RMSE or the loss.

    Parameters
    ----------
    config : Config
    target : Target
    part : {"train", "validation", "test"}
    ordered : bool
        Whether trials are compared, so that it must be known which values of a metric are better,
        as it is not for components of one's own.
    """
    for metric in config.metrics:
        direction = better_when(metric)
        if direction is not None or not ordered:
            return Measure(part, metric_key(metric), direction == "max")
    name = "rmse" if target.task == "regression" else "loss"
    return Measure(part, name, larger_is_better=False)


def named_measure(config: Config, metric: str, part: str) -> Measure:
    """Return the measure by a metric that a user names, without knowing if it will be measured.

    Raises
    ------
    DlcliError
        If it is a component of one's own, whose better values are not known.
    """
    own = next((item for item in config.metrics if metric_key(item) == metric), None)
    direction = ALWAYS.get(metric) if own is None else better_when(own)
    if own is not None and direction is None:
        raise DlcliError(
            f"tune.metric: {metric!r} is a metric of your own, and whether larger or smaller "
            "values are better is not known",
            hint="name one of Keras's metrics, or loss",
        )
    return Measure(part, metric, direction == "max")


@dataclass(frozen=True)
class VarianceShares:
    """Shares of the variance between the trainings of one trial.

    Parameters
    ----------
    seed, fold, rest : float
        They add up to 1. The rest is what a seed changes in one fold and not in another.
    """

    seed: float
    fold: float
    rest: float


def variance_shares(scores: Mapping[tuple[int, int], float]) -> VarianceShares | None:
    """Divide the variance of scores between seeds and folds.

    The model is score = mean + seed + fold + rest, with random effects; the components are
    estimated from the mean squares of the two-way table, and negative ones set to 0 (Searle,
    Casella and McCulloch, 1992, "Variance Components").

    Parameters
    ----------
    scores : mapping
        By seed and fold, complete.

    Returns
    -------
    VarianceShares or None
        None if there is one seed or one fold, or the scores are all equal.
    """
    seeds = sorted({seed for seed, _ in scores})
    folds = sorted({fold for _, fold in scores})
    if len(seeds) < 2 or len(folds) < 2:
        return None
    values = np.array([[scores[seed, fold] for fold in folds] for seed in seeds])
    seed_means, fold_means = values.mean(axis=1), values.mean(axis=0)
    rest = values - seed_means[:, np.newaxis] - fold_means + values.mean()
    error = float((rest**2).sum()) / ((len(seeds) - 1) * (len(folds) - 1))
    seed = max(0.0, float(seed_means.var(ddof=1)) - error / len(folds))
    fold = max(0.0, float(fold_means.var(ddof=1)) - error / len(seeds))
    total = seed + fold + error
    return VarianceShares(seed / total, fold / total, error / total) if total > 0 else None


def write_trials(path: Path, trials: Sequence[TrialResult]) -> None:
    """Write ``trials.csv``: a row per training, all keys and metrics, and why it was given up."""
    keys = list(trials[0].values)
    measured = [
        (part, name)
        for part in ("train", "validation", "test")
        for name in dict.fromkeys(
            name
            for trial in trials
            for training in trial.trainings
            for name in training.outcome.metrics.get(part, {})
        )
    ]
    header = ["trial", *keys, "seed", "fold", "epochs"]
    header += [f"{part}_{name}" for part, name in measured] + ["failure"]
    write_csv(
        path,
        header,
        (
            [
                trial.number,
                *map(_exact_text, trial.values.values()),
                training.seed,
                training.fold or "",
                training.outcome.epochs,
                *(training.outcome.metrics.get(part, {}).get(name, "") for part, name in measured),
                training.outcome.failure,
            ]
            for trial in trials
            for training in trial.trainings
        ),
    )


def _exact_text(value: Any) -> str:
    """Return a value with all its digits, so that a trial can be trained again."""
    return repr(value) if isinstance(value, float) else text_of(value)
