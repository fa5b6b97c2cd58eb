"""The callback list of a training that may take two calls of ``fit``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcli.network.backend import import_keras
from dlcli.training.callbacks import Logs

_callbacks: Any = import_keras().callbacks


class ResumableCallbackList(_callbacks.CallbackList):
    """Callback list shared by up to two ``fit`` calls; train-begin and train-end fire once.

    Parameters
    ----------
    callbacks : sequence of keras.callbacks.Callback
    model : keras.Sequential
    epochs, steps : int
        Number of epochs, and steps per epoch.

    Attributes
    ----------
    first_step : int
        First step of the rest of an epoch, added to the step numbers that Keras counts from 0.
    """

    def __init__(self, callbacks: Sequence[Any], model: Any, epochs: int, steps: int) -> None:
        super().__init__(callbacks, model=model, verbose=0, epochs=epochs, steps=steps)
        self.first_step = 0
        self._begun = False
        self._last_logs: Logs = None

    def on_train_begin(self, logs: Logs = None) -> None:
        if not self._begun:
            self._begun = True
            super().on_train_begin(logs)

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        super().on_train_batch_begin(batch + self.first_step, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        super().on_train_batch_end(batch + self.first_step, logs)

    def on_train_end(self, logs: Logs = None) -> None:
        # Another call of ``fit`` may follow: `finish` fires the event.
        self._last_logs = logs

    def finish(self) -> None:
        """Fire train-end, with the logs of the last call of ``fit``."""
        super().on_train_end(self._last_logs)
