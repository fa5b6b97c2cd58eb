"""Stop a training between two steps when a signal arrives."""

from __future__ import annotations

from dlcli.training.callbacks import Callback, Logs
from dlcli.work.signals import SignalListener


class SignalWatcher(SignalListener, Callback):
    """Turn SIGINT and SIGTERM into `Interrupted` between two steps."""

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if batch + 1 < self.params["steps"]:  # after the last step the epoch ends first
            self.check()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.check()
