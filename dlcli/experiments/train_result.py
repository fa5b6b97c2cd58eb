"""The result of a training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dlcli.errors import plural
from dlcli.experiments.equation import Equation
from dlcli.experiments.run_result import RunResult
from dlcli.network.scores import Scores


@dataclass(frozen=True, kw_only=True)
class TrainResult(RunResult):
    """The result of a training; it also has the parameters of `RunResult`.

    Parameters
    ----------
    status : {"finished", "interrupted"}
    model_path : Path or None
        None if the training was interrupted before its first epoch ended.
    scores : mapping
        `Scores` of the ``train``, ``validation`` and ``test`` rows, for parts that have rows.
    history : mapping
        For each metric, a list with one value per epoch.
    epochs : int
        Completed epochs.
    best_epoch : int
        The epoch, from 1, whose weights were restored; 0 if the last weights were kept.
    signum : int or None
        The signal that interrupted the training.
    takes : {"rows", "arrays", "text", "image", "audio", "series"}
        The inputs that `predict` takes for the model.
    equation : Equation or None
        What a network without hidden layers has learned, in the units of the data.
    rounded_shares : tuple of str
        How the shares of the split became whole numbers of rows.
    """

    status: Literal["finished", "interrupted"]
    model_path: Path | None
    scores: Mapping[str, Scores]
    history: Mapping[str, list[float]]
    epochs: int
    best_epoch: int
    signum: int | None
    takes: Literal["rows", "arrays", "text", "image", "audio", "series"] = "rows"
    equation: Equation | None = None
    rounded_shares: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"TrainResult({str(self.path)!r}, {self.status}, {plural(self.epochs, 'epoch')})"
