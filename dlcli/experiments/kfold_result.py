"""dlcli.experiments.kfold_result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.config import Config
from dlcli.datasets.dataset import Target
from dlcli.experiments.statistics import Summary
from dlcli.network.scores import Scores
from dlcli.preparation.split import Split
from dlcli.training.folds.outcome import FoldOutcome
from dlcli.types import Array

if TYPE_CHECKING:
    from dlcli.datasets import Dataset


@dataclass(frozen=True)
class FoldResult:
    """One round.

    Parameters
    ----------
    fold : int
        From 1.
    rows : int
        Rows tested.
    epochs : int
        Epochs that were run.
    seconds : float
        Of the fit; an equal share if the folds were trained together.
    metrics : mapping
        On the rows of this fold.
    """

    fold: int
    rows: int
    epochs: int
    seconds: float
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class KfoldResult:
    """What a cross-validation gave.

    Parameters
    ----------
    path : Path
        The run directory.
    folds : tuple of FoldResult
    summaries : mapping
        A `Summary` per metric.
    scores : Scores
        Of all out-of-fold predictions together.
    target : Target
    notices : tuple of str
    seconds : float
        Of everything after the data were read.
    config : Config
        Resolved.
    interrupted : int or None
        The signal that stopped it; the folds before are complete.
    sampled : bool
        Whether the data were generated.
    """

    path: Path
    folds: tuple[FoldResult, ...]
    summaries: Mapping[str, Summary]
    scores: Scores
    target: Target
    notices: tuple[str, ...]
    seconds: float
    config: Config
    interrupted: int | None = None
    sampled: bool = False

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
    """What the folds gave so far."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.results: list[FoldResult] = []
        self._rows: list[Array] = []
        self._outputs: list[Array] = []

    def add(self, number: int, fold: Split, outcome: FoldOutcome) -> None:
        """Note a fold that is done."""
        given = outcome.epochs, outcome.seconds, outcome.metrics
        self.results.append(FoldResult(number, len(fold.test), *given))
        self._rows.append(fold.test)
        self._outputs.append(outcome.outputs)

    def in_order(self) -> tuple[Array, Array, Array]:
        """Return row numbers, folds and outputs of all tested rows, in the order of the data."""
        rows = np.concatenate(self._rows)
        folds = np.repeat([r.fold for r in self.results], [len(r) for r in self._rows])
        order = np.argsort(rows)
        return rows[order], folds[order], np.concatenate(self._outputs)[order]
