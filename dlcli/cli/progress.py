"""Show the progress of training on standard error."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol, Self

from dlcli.cli.formatting import duration
from dlcli.cli.terminal import print_status, write_error_stream
from dlcli.number_text import number

if TYPE_CHECKING:
    from dlcli.cli.live import LiveTable
    from dlcli.config.sections import Config
    from dlcli.training.progress import Progress

MAX_SECONDS_WITHOUT_LINE = 2.0
SECONDS_BETWEEN_REFRESHES = 0.1
BAR_WIDTH = 16


class ProgressTable(Protocol):
    """What a terminal shows of a training."""

    @property
    def erased(self) -> bool:
        """Whether the table disappears at the end, since the result has its values."""

    def start(self, config: Config) -> None:
        """Learn what the config says about the training."""

    def add(self, progress: Progress) -> None:
        """Take the state of the training."""

    def parts(self, width: int, height: int, *, final: bool) -> Iterator[Any]:
        """Yield what is shown on a terminal of a width and a height."""


class ProgressDisplay:
    """Show a table on a terminal, and elsewhere a line per finished epoch.

    It is a context manager, at whose end the table gets its last state.

    Parameters
    ----------
    prefix : str
        Start of each line, e.g. the fold.
    every_epoch : bool
        Whether finished epochs leave a line. If there are more than 100 epochs, only every tenth
        (hundredth, …) one does, and those that end 2 seconds or more after the last line.
    table : ProgressTable, optional
        Without one, a terminal shows a line for the current epoch.
    quiet : bool
        Whether nothing is shown.
    """

    def __init__(
        self,
        prefix: str = "",
        *,
        every_epoch: bool = True,
        table: ProgressTable | None = None,
        quiet: bool = False,
    ) -> None:
        self.prefix = prefix
        self.every_epoch = every_epoch
        self.table = table
        self.quiet = quiet
        self.is_live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not quiet
        self._last_refresh = 0.0
        self._last_line = 0.0
        self._live: LiveTable | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def __call__(self, progress: Progress) -> None:
        """Show the state of training."""
        now = time.monotonic()
        if self.is_live and self.table is not None:
            self.table.add(progress)
            if now - self._last_refresh > SECONDS_BETWEEN_REFRESHES:
                self.refresh()
        elif progress.epoch_done and self._leaves_line(progress):
            self.clear()
            self._last_line = now
            print_status(self.prefix + self._line(progress))
        elif self.is_live and now - self._last_refresh > SECONDS_BETWEEN_REFRESHES:
            self._last_refresh = now
            self.show(self.prefix + self._line(progress))

    def read(self, name: str) -> None:
        """Say at once what is being read; the imports that follow take seconds."""
        if self.is_live:
            self.show(f"reading {name}, importing Keras …")
        elif not self.quiet:
            print_status(f"reading {name}")

    def start(self, config: Config) -> None:
        """Show that the training begins; its first step takes longer than the others."""
        if self.table is not None:
            self.table.start(config)
        self.show("compiling the network …")

    def show(self, text: str) -> None:
        """Replace the line of the current epoch."""
        if self.is_live and self._live is None:
            write_error_stream(f"\r\x1b[K{text[: _terminal_width() - 1]}")

    def clear(self) -> None:
        """Remove the line of the current epoch; show the last state of the table."""
        if self.table is not None and self._live is not None:
            live, self._live = self._live, None
            live.draw(*self.table.parts(*live.size, final=True))
            live.close(erased=self.table.erased)
        elif self.is_live:
            write_error_stream("\r\x1b[K")

    def refresh(self) -> None:
        """Redraw the table."""
        if not self.is_live or self.table is None:
            return
        if self._live is None:
            from dlcli.cli.live import LiveTable

            self.clear()
            self._live = LiveTable()
        self._live.draw(*self.table.parts(*self._live.size, final=False))
        self._last_refresh = time.monotonic()

    def _leaves_line(self, progress: Progress) -> bool:
        interval = 1 if progress.epochs <= 100 else 10 ** (len(str(progress.epochs - 1)) - 2)
        is_due = time.monotonic() - self._last_line > MAX_SECONDS_WITHOUT_LINE
        is_last = progress.epoch == progress.epochs
        return self.every_epoch and (progress.epoch % interval == 0 or is_due or is_last)

    def _line(self, progress: Progress) -> str:
        digits = len(str(progress.epochs))
        text = f"epoch {progress.epoch:{digits}d}/{progress.epochs}"
        left = f"  {duration(progress.seconds_left)} left" if progress.seconds_left >= 1 else ""
        values = "".join(f"  {name} {number(value)}" for name, value in progress.logs.items())
        if progress.epoch_done:
            # On a terminal, the line of the current epoch already shows the time left.
            return text + values + ("" if self.is_live and self.every_epoch else left)
        filled = round(BAR_WIDTH * progress.step / progress.steps)
        bar = f"  [{'=' * filled}{' ' * (BAR_WIDTH - filled)}] {progress.step}/{progress.steps}"
        return text + bar + left + values


def _terminal_width() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        return 80
