"""Compare the scores of a network with those of other models."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from dlcli.experiments.baseline.words import DecidingWords
from dlcli.experiments.statistics import corrected_t_test, mcnemar_test
from dlcli.types import Array

Verdict = Literal["better", "worse", "chance", "untested"]
SIGNIFICANCE_LEVEL = 0.05


@dataclass(frozen=True)
class ScoredModel:
    """A model and its scores.

    Parameters
    ----------
    name : str
    scores : tuple of float
        Accuracy or RMSE per fold; NaN if the model could not be fitted.
    seconds : tuple of float
        Duration of each fit.
    right : tuple of ndarray of bool
        Per fold, whether each test row is classified correctly; empty for regression.
    trivial : bool
        Whether the model ignores the inputs.
    note : str
        For example, why the model could not be fitted.
    words : tuple of DecidingWords
        Of naive Bayes on texts, for each class.
    """

    name: str
    scores: tuple[float, ...]
    seconds: tuple[float, ...]
    right: tuple[Array, ...] = field(default=(), repr=False)
    trivial: bool = False
    note: str = ""
    words: tuple[DecidingWords, ...] = ()

    @property
    def mean(self) -> float:
        """Mean score over the folds."""
        return float(np.mean(self.scores))

    @property
    def std(self) -> float:
        """Standard deviation over the folds (n - 1); NaN for a single split."""
        return float(np.std(self.scores, ddof=1)) if len(self.scores) > 1 else math.nan

    def to_json(self) -> dict[str, Any]:
        """Return name, scores and seconds as plain data."""
        return {
            "model": self.name,
            "mean": self.mean,
            "std": self.std,
            "scores": list(self.scores),
            "fit_seconds": sum(self.seconds),
        }


@dataclass(frozen=True)
class Comparison:
    """The network compared with one model.

    Parameters
    ----------
    model : ScoredModel
    difference : float
        Mean score of the network minus that of the model.
    p : float
        Two-sided p-value of the difference; NaN if there is no test.
    verdict : {"better", "worse", "chance", "untested"}
        Whether the network is better or worse than the model, at the 5 % level.
    """

    model: ScoredModel
    difference: float
    p: float
    verdict: Verdict

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as plain data."""
        note: dict[str, Any] = {"note": self.model.note} if self.model.note else {}
        if self.model.words:
            note["words"] = [words.to_json() for words in self.model.words]
        return {
            **self.model.to_json(),
            "difference": self.difference,
            "p": self.p,
            "network_is": self.verdict,
            **note,
        }


def compare_models(
    network: ScoredModel,
    models: Sequence[ScoredModel],
    *,
    higher_is_better: bool,
    train_rows: float,
    test_rows: float,
) -> tuple[Comparison, ...]:
    """Compare a network with other models.

    Parameters
    ----------
    network : ScoredModel
    models : sequence of ScoredModel
        Scored on the same rows as the network.
    higher_is_better : bool
        True for accuracy, False for RMSE.
    train_rows, test_rows : float
        Mean numbers of rows over the folds.

    Returns
    -------
    tuple of Comparison
        Best model first; models that could not be fitted last.
    """
    comparisons = []
    for model in models:
        difference = network.mean - model.mean
        p = _p_value(network, model, train_rows, test_rows)
        judged = verdict(difference, p, higher_is_better)
        comparisons.append(Comparison(model, difference, p, judged))
    sign = -1 if higher_is_better else 1
    return tuple(sorted(comparisons, key=lambda item: _nan_last(sign * item.model.mean)))


def _p_value(
    network: ScoredModel, model: ScoredModel, train_rows: float, test_rows: float
) -> float:
    if math.isnan(model.mean):
        return math.nan
    if len(network.scores) > 1:
        differences = np.subtract(network.scores, model.scores).tolist()
        return corrected_t_test(differences, train_rows, test_rows)
    return mcnemar_test(network.right[0], model.right[0]) if network.right else math.nan


def verdict(difference: float, p: float, higher_is_better: bool) -> Verdict:
    """Return whether a model with this difference to another one is better, at the 5 % level."""
    if math.isnan(p):
        return "untested"
    if p >= SIGNIFICANCE_LEVEL:
        return "chance"
    return "better" if (difference > 0) == higher_is_better else "worse"


def _nan_last(value: float) -> float:
    return math.inf if math.isnan(value) else value
