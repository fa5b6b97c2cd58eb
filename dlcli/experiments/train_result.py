"""The result of a training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dlcli.config.sections import Config
from dlcli.errors import plural
from dlcli.network.scores import Scores


@dataclass(frozen=True)
class TrainResult:
    """The result of a training.

    Parameters
    ----------
    path : Path
        The run directory.
    status : {"finished", "interrupted"}
    model_path : Path or None
        None if the training was interrupted before its first epoch ended.
    scores : mapping
        `Scores` of the ``train``, ``validation`` and ``test`` rows, for parts that have rows.
    history : mapping
        For each metric, a list with one value per epoch.
    epochs : int
        Completed epochs.
    seconds : float
        Duration of the fit.
    best_epoch : int
        The epoch, from 1, whose weights were restored; 0 if the last weights were kept.
    signum : int or None
        The signal that interrupted the training.
    notices : tuple of str
    config : Config
        Resolved.
    sampled : bool
        Whether the data are a sample (``sample=True``).
    takes : {"rows", "arrays", "text", "image", "audio", "series"}
        The inputs that `predict` takes for the model.
    """

    path: Path
    status: Literal["finished", "interrupted"]
    model_path: Path | None
    scores: Mapping[str, Scores]
    history: Mapping[str, list[float]]
    epochs: int
    seconds: float
    best_epoch: int
    signum: int | None
    notices: tuple[str, ...]
    config: Config
    sampled: bool = False
    takes: Literal["rows", "arrays", "text", "image", "audio", "series"] = "rows"

    def __fspath__(self) -> str:
        """Return the path of the run, so that `predict` and `evaluate` take the result."""
        return str(self.path)

    def __repr__(self) -> str:
        return f"TrainResult({str(self.path)!r}, {self.status}, {plural(self.epochs, 'epoch')})"
