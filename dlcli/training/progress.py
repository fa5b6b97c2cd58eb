"""Progress of a training, and the time that it has left."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

REPORT_SECONDS = 0.2  # least time between two reports within an epoch


@dataclass(frozen=True)
class Progress:
    """Position of a training.

    Parameters
    ----------
    epoch, epochs : int
        Current epoch, counted from 1, and number of epochs.
    step, steps : int
        Batches done in this epoch, and batches per epoch.
    logs : mapping
        Metrics so far; validation metrics only at the end of an epoch.
    seconds_left : float
        Estimated from the mean duration of a step; NaN until there is an estimate.
    seconds : float
        Duration of this epoch so far; that of the first includes the tracing.
    learning_rate : float
        At the end of the epoch; NaN within it, and where each copy has its own.
    fold : int
        The fold that is trained, from 1; 0 for a single training and for folds that are trained
        together.
    copies : mapping
        Metrics of each copy that is still trained, by its index, at the end of an epoch of copies
        that are trained together. `logs` are their means.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    logs: Mapping[str, float]
    seconds_left: float
    seconds: float = math.nan
    learning_rate: float = math.nan
    fold: int = 0
    copies: Mapping[int, Mapping[str, float]] = field(default_factory=dict)

    @property
    def epoch_done(self) -> bool:
        """Whether the epoch has just ended."""
        return self.step == self.steps


OnProgress = Callable[[Progress], None]


def progress_of_fold(on_progress: OnProgress | None, fold: int) -> OnProgress | None:
    """Return a function that reports the progress of a fold, counted from 1."""
    if on_progress is None:
        return None
    return lambda progress: on_progress(replace(progress, fold=fold))


class ProgressReporter:
    """Call a function with the progress, with an estimate of the time left.

    The first call of the compiled training function traces and optimizes its graph, and the first
    validation does the same for its own. Neither happens again, so the clock of the estimate
    starts at the end of the first call, and again at the end of the first epoch.

    Parameters
    ----------
    on_progress : callable or None
    epochs, steps : int
        Number of epochs, and batches per epoch.
    """

    def __init__(self, on_progress: OnProgress | None, epochs: int, steps: int) -> None:
        self.on_progress = on_progress
        self.epochs, self.steps = epochs, steps
        self._first_epoch: int | None = None
        self._clock = (time.monotonic(), math.inf)  # time and position in epochs when it started
        self._reported = self._epoch_began = time.monotonic()

    def step_end(self, epoch: int, step: int, logs: Mapping[str, float] | None = None) -> None:
        """Report a position within an epoch, at most a few times a second.

        Parameters
        ----------
        epoch : int
            From 0.
        step : int
            Batches done in this epoch.
        logs : mapping, optional
        """
        now = time.monotonic()
        if self._first_epoch is None:
            self._first_epoch = epoch
            self._clock = (now, epoch + step / self.steps)
        if step < self.steps and now - self._reported > REPORT_SECONDS:
            self._report(epoch, step, logs)

    def epoch_end(
        self, epoch: int, logs: Mapping[str, float] | None = None, **details: Any
    ) -> None:
        """Report the end of an epoch.

        Parameters
        ----------
        epoch : int
            From 0.
        logs : mapping, optional
        **details
            Other fields of `Progress`.
        """
        self._report(epoch, self.steps, logs, **details)
        self._epoch_began = time.monotonic()
        if self._first_epoch in (None, epoch):
            self._first_epoch = epoch
            self._clock = (self._epoch_began, epoch + 1.0)

    def _report(
        self, epoch: int, step: int, logs: Mapping[str, float] | None, **details: Any
    ) -> None:
        if self.on_progress is None:
            return
        values = {name: float(value) for name, value in (logs or {}).items()}
        left = self._seconds_left(epoch + step / self.steps)
        self._reported = time.monotonic()
        seconds = self._reported - self._epoch_began
        self.on_progress(
            Progress(epoch + 1, self.epochs, step, self.steps, values, left, seconds, **details)
        )

    def _seconds_left(self, position: float) -> float:
        started, start = self._clock
        if position <= start:
            return 0.0 if position >= self.epochs else math.nan
        return (time.monotonic() - started) / (position - start) * (self.epochs - position)
