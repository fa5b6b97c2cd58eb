"""When the state of a training is kept, and how a training goes on from one."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from typing import Any

from dlcli.errors import ModelFileError, WriteError
from dlcli.network.backend import import_keras
from dlcli.network.variables import assign, size_of, take
from dlcli.training.callback_state import callback_states, restore_callbacks
from dlcli.training.callbacks import Logs
from dlcli.training.checkpoint import Checkpoint, SaveSchedule, State, write_state
from dlcli.training.signals import SignalWatcher
from dlcli.types import Array

Callback: Any = import_keras().callbacks.Callback

# The latest, the previous and the one being written.
COPIES = 3


class Checkpointer(Callback):
    """Keep the state after epochs, within long ones, and when a signal has come.

    Parameters
    ----------
    checkpoint : Checkpoint
    callbacks : sequence of keras.callbacks.Callback
        Those with a state; this one has to stand behind them.
    watcher : SignalWatcher
        Stands behind this one.
    steps, epochs : int
        Of an epoch, and of the training.
    is_shared : bool
        Whether several devices train, whose metrics within an epoch cannot be kept to the bit.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        callbacks: Sequence[Any],
        watcher: SignalWatcher,
        steps: int,
        epochs: int,
        *,
        is_shared: bool = False,
    ) -> None:
        super().__init__()
        self.checkpoint, self.callbacks, self.watcher = checkpoint, callbacks, watcher
        self.steps, self.epochs, self.is_shared = steps, epochs, is_shared
        self.began = time.monotonic()
        self.schedule = SaveSchedule()
        self._metrics: Sequence[Array] = ()
        values = checkpoint.state.values if checkpoint.state else {}
        self.before = float(values.get("seconds", 0.0))

    def on_train_begin(self, logs: Logs = None) -> None:
        """Go on from the state, if there is one: the other callbacks have just reset themselves."""
        self._check_space()
        if (state := self.checkpoint.state) is not None:
            try:
                assign(self.model.variables, state.arrays["model"])
                assign(self.model.optimizer.variables, state.arrays["optimizer"])
                restore_callbacks(self.callbacks, state.values["callbacks"], dict(state.arrays))
                self._metrics = state.arrays["metrics"]
            except (ValueError, KeyError, TypeError) as error:
                message = f"the checkpoint in {self.checkpoint.folder} does not fit: {error}"
                raise ModelFileError(message) from None

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.epoch = epoch
        if self._metrics:  # Keras has just reset them
            assign(self.model.metrics_variables, self._metrics)
            self._metrics = ()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        step = batch + 1
        if self.is_shared or step >= self.steps:
            return
        late = self.schedule.is_due(self.checkpoint.every)
        if late or self.watcher.signum is not None:
            self.save(self.epoch, step)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        last = epoch + 1 == self.epochs or self.model.stop_training
        if last or self.watcher.signum is not None or self.schedule.is_due():
            self.save(epoch + 1, 0)

    def save(self, epoch: int, step: int) -> None:
        """Keep the state before a step of an epoch, both from 0."""
        states, arrays = callback_states(self.callbacks)
        values = {
            "epoch": epoch,
            "step": step,
            "stopped": bool(self.model.stop_training),
            "seconds": self.before + time.monotonic() - self.began,
            "callbacks": states,
        }
        metrics = take(self.model.metrics_variables) if step else []
        arrays |= {
            "model": take(self.model.variables),
            "optimizer": take(self.model.optimizer.variables),
            "metrics": metrics,
        }
        with self.schedule.timed():
            write_state(self.checkpoint.folder, State(values, arrays))

    def _check_space(self) -> None:
        """Refuse to begin what cannot be kept."""
        model = self.model
        # The best weights so far are kept besides, by up to two callbacks.
        variables = [*model.variables, *model.optimizer.variables, *2 * model.weights]
        size = COPIES * size_of(variables)
        folder = self.checkpoint.folder
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if free < size:
            megabytes = f"{size / 1e6:.0f} MB for checkpoints, {free / 1e6:.0f} MB are free"
            raise WriteError(f"no space left in {folder}: it needs {megabytes}")
