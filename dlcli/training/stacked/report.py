"""Progress of all copies together."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlcli.training.progress import OnProgress


class Report:
    """Tells where all copies stand."""

    def __init__(self, on_progress: OnProgress | None, epochs: int, steps: int, first: int) -> None:
        self.on_progress, self.epochs, self.steps, self.first = on_progress, epochs, steps, first
        self.started = time.monotonic()

    def within(self, epoch: int, step: int) -> None:
        """Report steps within an epoch."""
        self._report(epoch, step, {})

    def epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Report an epoch that has ended, with the means over the copies."""
        self._report(epoch, self.steps, logs)

    def _report(self, epoch: int, step: int, logs: dict[str, float]) -> None:
        if self.on_progress is None:
            return
        from dlcli.training.progress import Progress

        done = epoch + step / self.steps
        here = max(done - self.first, 1 / self.steps)
        left = (time.monotonic() - self.started) / here * (self.epochs - done)
        self.on_progress(Progress(epoch + 1, self.epochs, step, self.steps, logs, left))
