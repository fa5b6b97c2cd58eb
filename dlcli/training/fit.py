"""One fit: Keras's own, fed by a pipeline that costs little per batch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.config.sections import FitConfig
from dlcli.errors import DlcliError, Interrupted, TrainingError, first_line
from dlcli.network.backend import import_keras
from dlcli.network.cost import device_count
from dlcli.training.batches import (
    FitData,
    steps_per_epoch,
    training_batches,
    validation_batches,
)
from dlcli.training.callback_state import close_logs, cut_logs
from dlcli.training.progress import OnProgress, ProgressReporter

if TYPE_CHECKING:
    from dlcli.training.checkpoint import Checkpoint


@dataclass
class FitResult:
    """What a fit did.

    Parameters
    ----------
    history : dict
        One list per metric, an entry per epoch.
    epochs : int
        Epochs that ended.
    seconds : float
    best_epoch : int
        The epoch whose weights the model has, if it was given back earlier ones, by
        ``EarlyStopping`` or since the fit was broken off; 0 if not.
    signum : int or None
        The signal that broke it off.
    """

    history: dict[str, list[float]] = field(default_factory=dict)
    epochs: int = 0
    seconds: float = 0.0
    best_epoch: int = 0
    signum: int | None = None


def fit(
    model: Any,
    data: FitData,
    section: FitConfig,
    *,
    seed: int,
    callbacks: Sequence[Any] = (),
    history_file: Path | None = None,
    checkpoint: Checkpoint | None = None,
    on_progress: OnProgress | None = None,
) -> FitResult:
    """Fit a compiled model.

    Parameters
    ----------
    model : keras.Sequential
        Compiled with the ``steps_per_execution`` that `choose_steps_per_execution` returns.
    data : FitData
    section : FitConfig
    seed : int
        Of the order of rows.
    callbacks : sequence of keras.callbacks.Callback
        The config's own.
    history_file : Path, optional
        Where a row per epoch is written.
    checkpoint : Checkpoint, optional
        Where the state is kept, and where to go on.
    on_progress : callable, optional
        Called with a `Progress` after every epoch and a few times a second within.

    Returns
    -------
    FitResult
        If SIGINT or SIGTERM came, the model has the weights of the best epoch so far.

    Raises
    ------
    TrainingError
        If the loss or a weight stops being finite.
    WriteError
        If a checkpoint cannot be written; the one before it is kept.
    """
    training = _Training(model, data, section, seed, callbacks, checkpoint)
    return training.run(history_file, on_progress)


class _Training:
    """The parts of one fit."""

    def __init__(
        self,
        model: Any,
        data: FitData,
        section: FitConfig,
        seed: int,
        callbacks: Sequence[Any],
        checkpoint: Checkpoint | None,
    ) -> None:
        from dlcli.training import callbacks as own
        from dlcli.training.signals import SignalWatcher

        self.model, self.data, self.section, self.seed = model, data, section, seed
        self.callbacks, self.checkpoint = callbacks, checkpoint
        self.steps = steps_per_epoch(len(data.x), section.batch_size)
        self.shares = device_count(model)
        # Keras counts the elements of a pipeline, which are no batches if devices share them.
        self.is_endless = model.steps_per_execution == self.steps or self.shares > 1
        self.keeper = own.BestKeeper("val_loss" if data.validation else "loss")
        self.history = import_keras().callbacks.History()
        self.watcher = SignalWatcher()

    def run(self, history_file: Path | None, on_progress: OnProgress | None) -> FitResult:
        """Train to the end, or until a signal comes."""
        from dlcli.training import callbacks as own

        started = time.monotonic()
        values = self.checkpoint.state.values if self.checkpoint and self.checkpoint.state else {}
        result = FitResult()
        with self.watcher.listening(), _unfinished(self.model.optimizer):
            try:
                self._fit(values, history_file, on_progress)
                result.best_epoch = own.restored_epoch(self.callbacks)
            except Interrupted as interrupted:
                if self.watcher.is_urgent:
                    raise
                result.signum = interrupted.signum
                result.best_epoch = self.keeper.restore(self.callbacks)
            except TrainingError as error:
                error.best_epoch = self.keeper.restore(self.callbacks)
                raise
            except (MemoryError, DlcliError):
                raise
            except Exception as error:
                raise TrainingError(f"training failed: {first_line(error)}") from error
            finally:
                close_logs(self.callbacks)
        history = self.history.history
        result.history = {name: [float(v) for v in values] for name, values in history.items()}
        result.epochs = len(self.history.epoch)
        result.seconds = float(values.get("seconds", 0.0)) + time.monotonic() - started
        return result

    def _fit(
        self, at: Mapping[str, Any], history_file: Path | None, on_progress: OnProgress | None
    ) -> None:
        """Fit from a state on: the rest of an epoch first, if it was left within one."""
        import tensorflow as tf

        from dlcli.training.callback_list import ResumableCallbackList

        epoch, step = int(at.get("epoch", 0)), int(at.get("step", 0))
        number = None if self.is_endless else tf.Variable(0, dtype=tf.int64, trainable=False)
        hooks = ResumableCallbackList(
            self._used(number, history_file, on_progress),
            self.model,
            self.section.epochs,
            self.steps,
        )
        if self.shares > 1 or step:
            _build_metrics(self.model, self.data)
        cut_logs(self.callbacks, epoch)  # a run that starts over may have some too
        self.model.stop_training = bool(at.get("stopped"))
        hooks.on_train_begin()
        watched = self._watching()
        if step:
            hooks.offset = step
            self._fit_epochs(epoch, epoch + 1, step, number, hooks, watched)
            hooks.offset, epoch = 0, epoch + 1
        if epoch < self.section.epochs and not self.model.stop_training:
            self._fit_epochs(epoch, self.section.epochs, 0, number, hooks, watched)
        type(self.model.optimizer).finalize_variable_values(
            self.model.optimizer, self.model.trainable_weights
        )
        hooks.finish()

    def _used(
        self,
        number: Any,
        history_file: Path | None,
        on_progress: OnProgress | None,
    ) -> list[Any]:
        """Return all callbacks in their order: who records comes after who decides."""
        from dlcli.training import callbacks as own
        from dlcli.training.checkpointer import Checkpointer

        kept = [*self.callbacks, self.keeper, self.history]
        used = [own.FiniteGuard(), *kept]
        if number is not None:
            used.append(own.EpochCounter(number))
        if history_file is not None:
            used.append(own.HistoryFile(history_file, self.history))
        epochs = self.section.epochs
        if on_progress is not None:
            reporter = ProgressReporter(on_progress, epochs, self.steps)
            used.append(own.ProgressCallback(reporter))
        if self.checkpoint is not None:
            used.append(
                Checkpointer(
                    self.checkpoint,
                    kept,
                    self.watcher,
                    self.steps,
                    epochs,
                    is_shared=self.shares > 1,
                )
            )
        return [*used, self.watcher]

    def _fit_epochs(
        self, first: int, end: int, step: int, number: Any, hooks: Any, watched: Any
    ) -> None:
        """Have Keras fit some epochs, the first of them from a step on."""
        batches = training_batches(
            self.data, self.section.batch_size, self.seed, number, self.shares, (first, step)
        )
        if self.shares > 1:
            strategy = self.model.distribute_strategy
            batches = strategy.distribute_datasets_from_function(lambda _: batches)
        self.model.fit(
            batches,
            initial_epoch=first,
            epochs=end,
            steps_per_epoch=self.steps - step if self.is_endless else None,
            validation_data=watched,
            shuffle=False,
            callbacks=hooks,
            verbose=0,
        )

    def _watching(self) -> Any:
        """Return the pipeline of validation batches."""
        if self.data.validation is None:
            return None
        return validation_batches(*self.data.validation, max(self.section.batch_size, 256))


@contextmanager
def _unfinished(optimizer: Any) -> Iterator[None]:
    """Keep Keras from putting averaged weights in place at the end of each of two fits."""
    optimizer.finalize_variable_values = lambda _: None
    try:
        yield
    finally:
        del optimizer.finalize_variable_values


def _build_metrics(model: Any, data: FitData) -> None:
    """Have a model make the variables of its metrics, on all devices, before a batch is seen.

    Keras would do it by averaging the first batch over the devices: that fails where their
    shares differ in size, and takes the batch away.
    """
    with model.distribute_strategy.scope():
        model._symbolic_build(data_batch=(data.x[:1], data.y[:1]))  # noqa: SLF001
    model._maybe_symbolic_build = lambda **_: None  # noqa: SLF001
