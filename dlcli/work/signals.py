"""Notice SIGINT and SIGTERM at moments where a computation can stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dlcli.errors import Interrupted


class SignalListener:
    """Turn SIGINT and SIGTERM into `Interrupted` when `check` is called.

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
