"""dlcli.cli.progress."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from dlcli.cli.terminal import _write_aside, duration, note, number

if TYPE_CHECKING:
    from dlcli.training.progress import Progress


SLOW_SECONDS = 2.0


class ProgressDisplay:
    """One line per epoch on standard error, and on a terminal the running epoch below.

    Parameters
    ----------
    prefix : str
        What every line begins with: the fold, in k-fold.
    every_epoch : bool
        Whether ended epochs leave a line; of many quick ones every tenth or hundredth does.
    """

    def __init__(self, prefix: str = "", *, every_epoch: bool = True) -> None:
        self.prefix = prefix
        self.every_epoch = every_epoch
        self.live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._shown = 0.0
        self._noted = 0.0

    def __call__(self, progress: Progress) -> None:
        """Show where the training stands."""
        if progress.epoch_done and self._leaves_line(progress):
            self.clear()
            self._noted = time.monotonic()
            note(self.prefix + self._line(progress))
        elif self.live and time.monotonic() - self._shown > 0.1:
            self._shown = time.monotonic()
            self.show(self.prefix + self._line(progress))

    def show(self, text: str) -> None:
        """Put a text in the place of the running epoch, on a terminal."""
        if self.live:
            _write_aside(f"\r\x1b[K{text[: _terminal_width() - 1]}")

    def _leaves_line(self, progress: Progress) -> bool:
        """Tell whether an epoch is worth a line: of thousands of quick ones not each is."""
        every = 1 if progress.epochs <= 100 else 10 ** (len(str(progress.epochs - 1)) - 2)
        slow = time.monotonic() - self._noted > SLOW_SECONDS
        last = progress.epoch == progress.epochs
        return self.every_epoch and (progress.epoch % every == 0 or slow or last)

    def clear(self) -> None:
        """Remove the line of the running epoch."""
        if self.live:
            _write_aside("\r\x1b[K")

    def _line(self, progress: Progress) -> str:
        digits = len(str(progress.epochs))
        text = f"epoch {progress.epoch:{digits}d}/{progress.epochs}"
        left = f"  {duration(progress.seconds_left)} left" if progress.seconds_left >= 1 else ""
        values = "".join(f"  {name} {number(value)}" for name, value in progress.logs.items())
        if progress.epoch_done:
            # On a terminal the running epoch tells the time, and narrow ones have no room for it.
            return text + values + ("" if self.live and self.every_epoch else left)
        filled = round(16 * progress.step / progress.steps)
        bar = f"  [{'=' * filled}{' ' * (16 - filled)}] {progress.step}/{progress.steps}"
        return text + bar + left + values


def _terminal_width() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        return 80
