"""The result of a cross-validation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.datasets.dataset import Target
from dlcli.experiments.run_result import RunResult
from dlcli.experiments.statistics import Summary
from dlcli.network.scores import Scores
from dlcli.preparation.split import Split
from dlcli.training.folds.outcome import FoldOutcome
from dlcli.types import Array

if TYPE_CHECKING:
    from dlcli.datasets.dataset import Dataset


@dataclass(frozen=True)
class FoldResult:
    """The scores of one fold.

    Parameters
    ----------
    fold : int
        Number of the fold, from 1.
    rows : int
        Number of test rows.
    epochs : int
        Completed epochs.
    seconds : float
        Duration of the fit; an equal share if the folds were trained together.
    metrics : mapping
        Computed on the test rows of the fold.
    """

    fold: int
    rows: int
    epochs: int
    seconds: float
    metrics: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class KfoldResult(RunResult):
    """The result of a cross-validation; it also has the parameters of `RunResult`.

    Parameters
    ----------
    folds : tuple of FoldResult
    summaries : mapping
        A `Summary` for each metric.
    scores : Scores
        Computed on the out-of-fold predictions of all rows together.
    target : Target
    interrupted : int or None
        The signal that stopped the training; `folds` has the folds that were complete.
    """

    folds: tuple[FoldResult, ...]
    summaries: Mapping[str, Summary]
    scores: Scores
    target: Target
    interrupted: int | None = None

    def __repr__(self) -> str:
        means = ", ".join(f"{name} {item.mean:.4g}" for name, item in self.summaries.items())
        return f"KfoldResult({str(self.path)!r}, {len(self.folds)} folds, {means})"

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            "sample": self.sampled,
            "folds": [
                {"fold": f.fold, "rows": f.rows, "epochs": f.epochs, **f.metrics}
                for f in self.folds
            ],
            "summary": {
                name: {"mean": s.mean, "std": s.std, "ci95": [s.low, s.high]}
                for name, s in self.summaries.items()
            },
            "out_of_fold": self.scores.to_json(),
        }


class OutOfFoldPredictions:
    """Results and outputs of the folds that have been trained."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.results: list[FoldResult] = []
        self._rows: list[Array] = []
        self._outputs: list[Array] = []
        self.histories: list[Mapping[str, list[float]]] = []

    def add(self, number: int, split: Split, outcome: FoldOutcome) -> None:
        """Add a fold that has been trained."""
        rows = len(split.test)
        self.results.append(
            FoldResult(number, rows, outcome.epochs, outcome.seconds, outcome.metrics)
        )
        self._rows.append(split.test)
        self._outputs.append(outcome.outputs)
        self.histories.append(outcome.history)

    def in_order(self) -> tuple[Array, Array, Array]:
        """Return all test rows in the order of the data.

        Returns
        -------
        rows : ndarray of int, shape (n,)
            Row numbers, from 0.
        folds : ndarray of int, shape (n,)
            From 1.
        outputs : ndarray of float32, shape (n, units)
        """
        rows = np.concatenate(self._rows)
        folds = np.repeat([r.fold for r in self.results], [r.rows for r in self.results])
        order = np.argsort(rows)
        return rows[order], folds[order], np.concatenate(self._outputs)[order]
