"""Stop a training between two steps when a signal arrives."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dlcli.errors import Interrupted
from dlcli.training.callbacks import Callback, Logs


class SignalWatcher(Callback):
    """Turn SIGINT and SIGTERM into `Interrupted` between two steps.

    Attributes
    ----------
    signum : int or None
        Signal that has arrived.
    is_urgent : bool
        Whether a second signal has arrived.
    is_patient : bool
        Whether a second signal is ignored. Set in worker processes: they may receive a signal
        twice, with the process group and from their parent.
    """

    signum: int | None = None
    is_urgent = False
    is_patient = False

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if batch + 1 < self.params["steps"]:  # after the last step the epoch ends first
            self.check()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.check()

    def check(self) -> None:
        """Raise `Interrupted` if a signal has arrived."""
        if self.signum is not None:
            raise Interrupted(self.signum)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Handle the signals while the block runs; a second one ends it at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def handle(signum: int, frame: Any) -> None:  # noqa: ARG001
            if self.signum is not None and not self.is_patient:
                self.is_urgent = True
                raise Interrupted(signum)
            self.signum = signum

        signals = (signal.SIGINT, signal.SIGTERM)
        previous = {number: signal.signal(number, handle) for number in signals}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
