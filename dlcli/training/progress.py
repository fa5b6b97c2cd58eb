"""dlcli.training.progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """Where a training stands.

    Parameters
    ----------
    epoch, epochs : int
        Counted from 1.
    step, steps : int
        Batches done in this epoch, and in a whole one.
    logs : mapping
        Metrics so far; those of validation only at the end of an epoch.
    seconds_left : float
        By the mean duration so far.
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
