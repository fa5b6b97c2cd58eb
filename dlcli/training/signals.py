"""dlcli.training.signals."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dlcli.errors import Interrupted
from dlcli.training.callbacks import Callback, Logs


class SignalWatcher(Callback):
    """Turn SIGINT and SIGTERM into `Interrupted` between two steps."""

    signum: int | None = None
    is_urgent = False
    # In a process that trains for another one, which may pass on what all of them have got.
    is_patient = False

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if batch + 1 < self.params["steps"]:  # else the epoch may as well end
            self.check()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.check()

    def check(self) -> None:
        """Raise `Interrupted` if a signal has come."""
        if self.signum is not None:
            raise Interrupted(self.signum)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals while the block runs; a second one ends it at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def note(signum: int, frame: Any) -> None:  # noqa: ARG001
            if self.signum is not None and not self.is_patient:
                self.is_urgent = True
                raise Interrupted(signum)
            self.signum = signum

        before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
