"""Progress of a training, and the time that it has left."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    logs: Mapping[str, float]
    seconds_left: float

    @property
    def epoch_done(self) -> bool:
        """Whether the epoch has just ended."""
        return self.step == self.steps


OnProgress = Callable[[Progress], None]


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
        self._reported = time.monotonic()

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

    def epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Report the end of an epoch, counted from 0."""
        self._report(epoch, self.steps, logs)
        if self._first_epoch in (None, epoch):
            self._first_epoch = epoch
            self._clock = (time.monotonic(), epoch + 1.0)

    def _report(self, epoch: int, step: int, logs: Mapping[str, float] | None) -> None:
        if self.on_progress is None:
            return
        position = epoch + step / self.steps
        values = {name: float(value) for name, value in (logs or {}).items()}
        left = self._seconds_left(position)
        self._reported = time.monotonic()
        self.on_progress(Progress(epoch + 1, self.epochs, step, self.steps, values, left))

    def _seconds_left(self, position: float) -> float:
        started, start = self._clock
        if position <= start:
            return 0.0 if position >= self.epochs else math.nan
        return (time.monotonic() - started) / (position - start) * (self.epochs - position)
