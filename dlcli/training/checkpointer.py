"""Save the state of a training to checkpoints, and restore it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dlcli.errors import WriteError
from dlcli.network.backend import import_keras
from dlcli.network.variables import assign_values, read_values, variable_bytes
from dlcli.training.callback_state import callback_states, restore_callbacks
from dlcli.training.callbacks import Logs
from dlcli.training.checkpoint import SaveSchedule, write_state
from dlcli.training.signals import SignalWatcher
from dlcli.training.training_state import Checkpoint, TrainingState, unsuitable
from dlcli.types import Array

Callback: Any = import_keras().callbacks.Callback

# The latest checkpoint, the previous one, and the one being written.
FILES = 3


class Checkpointer(Callback):
    """Save the state after epochs, within long epochs, and when a signal has arrived.

    Parameters
    ----------
    checkpoint : Checkpoint
    callbacks : sequence of keras.callbacks.Callback
        Callbacks with a state; they precede this one.
    watcher : SignalWatcher
        Follows this one.
    steps, epochs : int
        Steps per epoch, and number of epochs.
    is_shared : bool
        Whether several devices share each batch: their metrics within an epoch cannot be saved
        exactly.
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
        self.schedule = SaveSchedule()
        self._started = time.monotonic()
        self._earlier_seconds = checkpoint.state.seconds if checkpoint.state else 0.0
        self._metrics: Sequence[Array] = ()

    def on_train_begin(self, logs: Logs = None) -> None:
        """Restore the state, if there is one; the other callbacks have just reset themselves."""
        self._check_space()
        if (state := self.checkpoint.state) is not None:
            with self._fitting():
                assign_values(self.model.variables, state.model)
                assign_values(self.model.optimizer.variables, state.optimizer)
                restore_callbacks(self.callbacks, state.callbacks, state.callback_arrays)
                if state.step:
                    assign_values(self.model.metrics_variables, state.metrics)
            self._metrics = state.metrics

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.epoch = epoch
        if self._metrics:  # Keras has just reset their variables
            assign_values(self.model.metrics_variables, self._metrics)
            self._metrics = ()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        step = batch + 1
        if self.is_shared or step >= self.steps:
            return
        if self.watcher.signum is not None or self.schedule.is_due(self.checkpoint.every):
            self.save(self.epoch, step)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        last = epoch + 1 == self.epochs or self.model.stop_training
        if last or self.watcher.signum is not None or self.schedule.is_due():
            self.save(epoch + 1, 0)

    def save(self, epoch: int, step: int) -> None:
        """Save the state before a step of an epoch, both counted from 0."""
        with self.schedule.timed():
            callbacks, arrays = callback_states(self.callbacks)
            state = TrainingState(
                epoch,
                step,
                stopped=bool(self.model.stop_training),
                seconds=self._earlier_seconds + time.monotonic() - self._started,
                callbacks=callbacks,
                callback_arrays=arrays,
                model=read_values(self.model.variables),
                optimizer=read_values(self.model.optimizer.variables),
                metrics=read_values(self.model.metrics_variables) if step else [],
            )
            write_state(self.checkpoint.folder, state.to_state())

    @contextmanager
    def _fitting(self) -> Iterator[None]:
        """Report a state of other variables or callbacks."""
        try:
            yield
        except ValueError as error:
            raise unsuitable(self.checkpoint.folder, error) from None

    def _check_space(self) -> None:
        """Refuse to train if there is no room for checkpoints.

        Raises
        ------
        WriteError
        """
        model = self.model
        # Up to two callbacks also save the best weights so far.
        variables = [*model.variables, *model.optimizer.variables, *2 * model.weights]
        size = FILES * variable_bytes(variables)
        folder = self.checkpoint.folder
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if free < size:
            raise WriteError(
                f"no space left in {folder}: checkpoints need {size / 1e6:.0f} MB, "
                f"{free / 1e6:.0f} MB are free"
            )
