"""A network beside other models on the same rows: scores, differences, and what is chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from dlcli.experiments.statistics import corrected_t_test, mcnemar_test
from dlcli.types import Array

Verdict = Literal["better", "worse", "chance", "untested"]
LEVEL = 0.05


@dataclass(frozen=True)
class ScoredModel:
    """A model with its scores.

    Parameters
    ----------
    name : str
    scores : tuple of float
        Accuracy or RMSE per fold; NaN where the model could not be fitted.
    seconds : tuple of float
        Of each fit alone.
    right : tuple of ndarray of bool
        Per fold whether each tested row's class is right; empty for numbers.
    trivial : bool
        Whether it looks at the target alone.
    note : str
    """

    name: str
    scores: tuple[float, ...]
    seconds: tuple[float, ...]
    right: tuple[Array, ...] = field(default=(), repr=False)
    trivial: bool = False
    note: str = ""

    @property
    def mean(self) -> float:
        """Mean score over the folds."""
        return float(np.mean(self.scores))

    @property
    def std(self) -> float:
        """Standard deviation over the folds (n - 1); NaN for a single split."""
        return float(np.std(self.scores, ddof=1)) if len(self.scores) > 1 else math.nan


@dataclass(frozen=True)
class Comparison:
    """A model of the comparison, seen from the network.

    Parameters
    ----------
    model : ScoredModel
    difference : float
        Mean score of the network minus that of the model.
    p : float
        Two-sided p-value of the difference; NaN where there is no test.
    verdict : {"better", "worse", "chance", "untested"}
        What the network is beside the model.
    """

    model: ScoredModel
    difference: float
    p: float
    verdict: Verdict

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain data."""
        more = {"note": self.model.note} if self.model.note else {}
        return {
            **describe(self.model),
            "difference": self.difference,
            "p": self.p,
            "network_is": self.verdict,
            **more,
        }


def describe(model: ScoredModel) -> dict[str, Any]:
    """Return name, scores and seconds of a model as plain data."""
    return {
        "model": model.name,
        "mean": model.mean,
        "std": model.std,
        "scores": list(model.scores),
        "fit_seconds": sum(model.seconds),
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
        Scored on the same rows.
    higher_is_better : bool
        True for accuracy, False for RMSE.
    train_rows, test_rows : float
        Of a fold, in the mean.

    Returns
    -------
    tuple of Comparison
        The best model first; one that could not be fitted last.
    """
    rows = []
    for model in models:
        difference = network.mean - model.mean
        p = _p_value(network, model, train_rows, test_rows)
        rows.append(Comparison(model, difference, p, _verdict(difference, p, higher_is_better)))
    sign = -1 if higher_is_better else 1
    return tuple(sorted(rows, key=lambda row: _last_if_nan(sign * row.model.mean)))


def _p_value(
    network: ScoredModel, model: ScoredModel, train_rows: float, test_rows: float
) -> float:
    if math.isnan(model.mean):
        return math.nan
    if len(network.scores) > 1:
        differences = np.subtract(network.scores, model.scores).tolist()
        return corrected_t_test(differences, train_rows, test_rows)
    return mcnemar_test(network.right[0], model.right[0]) if network.right else math.nan


def _verdict(difference: float, p: float, higher_is_better: bool) -> Verdict:
    if math.isnan(p):
        return "untested"
    if p >= LEVEL:
        return "chance"
    return "better" if (difference > 0) == higher_is_better else "worse"


def _last_if_nan(value: float) -> float:
    return math.inf if math.isnan(value) else value
