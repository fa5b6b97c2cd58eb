"""When the state of a training is kept, and how a training goes on from one."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.backend import import_keras
from dlcli.callback_state import put_states, take_states
from dlcli.callbacks import Logs, SignalWatcher
from dlcli.checkpoint import State, write_state
from dlcli.errors import ModelFileError, WriteError

Array = np.ndarray[Any, Any]
Callback: Any = import_keras().callbacks.Callback

# A checkpoint may cost this share of the training; one more often than that is left out.
SHARE = 0.02
# Losing less is not worth a write.
LEAST_SECONDS = 1.0
# The latest, the previous and the one being written.
COPIES = 3


@dataclass(frozen=True)
class Checkpoint:
    """Where and how often the state of a training is kept.

    Parameters
    ----------
    folder : Path
    every : float
        Seconds at most between two within an epoch.
    state : State, optional
        Where to go on.
    """

    folder: Path
    every: float = 300.0
    state: State | None = None


class Pace:
    """When a state is worth keeping: what it costs stays a small share of the training."""

    def __init__(self) -> None:
        self._kept = time.monotonic()
        self._cost = 0.0

    def is_due(self, seconds: float | None = None) -> bool:
        """Tell whether the last one is long enough ago; by itself, or so many seconds too."""
        least = LEAST_SECONDS if seconds is None else seconds
        return time.monotonic() - self._kept > max(least, self._cost / SHARE)

    @contextmanager
    def paid(self) -> Iterator[None]:
        """Measure what keeping a state costs."""
        started = time.monotonic()
        yield
        self._kept = time.monotonic()
        self._cost = self._kept - started


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
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        callbacks: Sequence[Any],
        watcher: SignalWatcher,
        steps: int,
        epochs: int,
    ) -> None:
        super().__init__()
        self.checkpoint, self.callbacks, self.watcher = checkpoint, callbacks, watcher
        self.steps, self.epochs = steps, epochs
        self.began = time.monotonic()
        self.pace = Pace()
        self._metrics: Sequence[Array] = ()
        values = checkpoint.state.values if checkpoint.state else {}
        self.before = float(values.get("seconds", 0.0))

    def on_train_begin(self, logs: Logs = None) -> None:
        """Go on from the state, if there is one: the other callbacks have just reset themselves."""
        self._check_space()
        if (state := self.checkpoint.state) is not None:
            try:
                put_variables(self.model, state)
                put_states(self.callbacks, state.values["callbacks"], dict(state.arrays))
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
        late = self.pace.is_due(self.checkpoint.every)
        if step < self.steps and (late or self.watcher.signum is not None):
            self.save(self.epoch, step)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        last = epoch + 1 == self.epochs or self.model.stop_training
        if last or self.watcher.signum is not None or self.pace.is_due():
            self.save(epoch + 1, 0)

    def save(self, epoch: int, step: int) -> None:
        """Keep the state before a step of an epoch, both from 0."""
        states, arrays = take_states(self.callbacks)
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
        with self.pace.paid():
            write_state(self.checkpoint.folder, State(values, arrays))

    def _check_space(self) -> None:
        """Refuse to begin what cannot be kept."""
        variables = [*self.model.variables, *self.model.optimizer.variables]
        size = COPIES * sum(array.nbytes for array in take(variables))
        folder = self.checkpoint.folder
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if free < size:
            megabytes = f"{size / 1e6:.0f} MB for checkpoints, {free / 1e6:.0f} MB are free"
            raise WriteError(f"no space left in {folder}: it needs {megabytes}")


def take(variables: Sequence[Any]) -> list[Array]:
    """Return the values of variables, in dtypes that every NumPy knows."""
    return [_known(variable.numpy()) for variable in variables]


def _known(array: Array) -> Array:
    """View what NumPy has from elsewhere, as bfloat16, as whole numbers."""
    return array.view(np.uint16) if array.dtype.kind == "V" else array


def put_variables(model: Any, state: State) -> None:
    """Give a compiled model the weights, seeds and optimizer of a state."""
    assign(model.variables, state.arrays["model"])
    assign(model.optimizer.variables, state.arrays["optimizer"])


def assign(variables: Sequence[Any], values: Sequence[Array]) -> None:
    """Give variables the values that `take` returned.

    Raises
    ------
    ValueError
        If they differ in number, shape or dtype.
    """
    if len(variables) != len(values):
        raise ValueError(f"{len(variables)} variables, {len(values)} values")
    for variable, value in zip(variables, values, strict=True):
        now = variable.numpy()
        if _known(now).dtype != value.dtype or now.shape != value.shape:
            wanted = f"{now.dtype} {now.shape}"
            raise ValueError(f"{variable.name} is {wanted}, not {value.dtype} {value.shape}")
        variable.assign(value.view(now.dtype))
