"""Fit one model with Keras, from a pipeline with little overhead per batch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.config.sections import FitConfig
from dlcli.errors import DlcliError, Interrupted, TrainingError
from dlcli.network.backend import import_keras, retracing_unmentioned
from dlcli.network.code_files import error_text
from dlcli.network.cost import device_count
from dlcli.network.internals import build_metrics
from dlcli.training.batches import (
    MIN_VALIDATION_BATCH,
    FitData,
    steps_per_epoch,
    training_batches,
    validation_batches,
)
from dlcli.training.callback_state import close_logs, truncate_logs
from dlcli.training.progress import OnProgress, ProgressReporter
from dlcli.training.training_state import Checkpoint, TrainingState, unsuitable

if TYPE_CHECKING:
    from dlcli.training.callback_list import ResumableCallbackList


@dataclass
class FitResult:
    """Result of a fit.

    Parameters
    ----------
    history : dict
        One list per metric, with a value per epoch.
    epochs : int
        Completed epochs.
    seconds : float
        Duration, earlier parts of a resumed training included.
    best_epoch : int
        Epoch whose weights the model has, if earlier ones were restored by ``EarlyStopping`` or
        because the fit was interrupted; else 0.
    signum : int or None
        Signal that interrupted the fit.
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
        Determines the order of rows in each epoch.
    callbacks : sequence of keras.callbacks.Callback
        Those of the config.
    history_file : Path, optional
        Where a row per epoch is written.
    checkpoint : Checkpoint, optional
        Where the state is saved, and the state from which to resume.
    on_progress : callable, optional
        Called with a `Progress` after every epoch and a few times a second within it.

    Returns
    -------
    FitResult
        If SIGINT or SIGTERM arrived, the model has the weights of the best epoch so far.

    Raises
    ------
    ModelFileError
        If the state belongs to another training.
    TrainingError
        If the loss or a weight stops being finite.
    WriteError
        If a checkpoint cannot be written; the previous one is kept.
    """
    training = _Training(model, data, section, seed, callbacks, checkpoint)
    return training.run(history_file, on_progress)


class _Training:
    """One fit: its callbacks, its state, and up to two calls of Keras's ``fit``.

    A training that stopped within an epoch resumes with two calls: one for the rest of that epoch
    and one for the epochs after it. Keras's ``fit`` can begin at an epoch but not at a step, and
    a pipeline that skips the first batches of one epoch cannot be that of the epochs after it.
    Callbacks must not notice: early stopping or a CSV log would start anew at the second
    ``on_train_begin``. So a `ResumableCallbackList` begins and ends them once, outside both calls,
    and continues the step numbers; and `_deferred_finalization` keeps the optimizer from replacing
    the weights by their averages at the end of the first call.
    """

    def __init__(
        self,
        model: Any,
        data: FitData,
        section: FitConfig,
        seed: int,
        callbacks: Sequence[Any],
        checkpoint: Checkpoint | None,
    ) -> None:
        from dlcli.training.callbacks import BestWeights
        from dlcli.training.signals import SignalWatcher

        self.model, self.data, self.section, self.seed = model, data, section, seed
        self.callbacks, self.checkpoint = callbacks, checkpoint
        self.steps = steps_per_epoch(len(data.x), section.batch_size)
        self.shares = device_count(model)
        # With several devices an element of the pipeline is a part of a batch, so that Keras
        # cannot count the steps of an epoch itself.
        self.is_endless = model.steps_per_execution == self.steps or self.shares > 1
        self.best_weights = BestWeights("val_loss" if data.validation else "loss")
        self.history = import_keras().callbacks.History()
        self.watcher = SignalWatcher()

    @property
    def state(self) -> TrainingState | None:
        """State from which to resume."""
        return self.checkpoint.state if self.checkpoint else None

    def run(self, history_file: Path | None, on_progress: OnProgress | None) -> FitResult:
        """Train to the end, or until a signal arrives."""
        from dlcli.training.callbacks import restored_epoch

        started = time.monotonic()
        result = FitResult()
        with self.watcher.listening(), _deferred_finalization(self.model.optimizer):
            try:
                with retracing_unmentioned():
                    self._fit(history_file, on_progress)
                result.best_epoch = restored_epoch(self.callbacks)
            except Interrupted as interrupted:
                if self.watcher.is_urgent:
                    raise
                result.signum = interrupted.signum
                result.best_epoch = self.best_weights.restore(self.callbacks)
            except TrainingError as error:
                error.best_epoch = self.best_weights.restore(self.callbacks)
                raise
            except (MemoryError, DlcliError):
                raise
            except Exception as error:
                raise TrainingError(f"training failed: {error_text(error)}") from error
            finally:
                close_logs(self.callbacks)
        history = self.history.history
        result.history = {name: [float(v) for v in values] for name, values in history.items()}
        result.epochs = len(self.history.epoch)
        result.seconds = time.monotonic() - started + (self.state.seconds if self.state else 0.0)
        return result

    def _fit(self, history_file: Path | None, on_progress: OnProgress | None) -> None:
        """Train from the state on, in one or two calls of ``fit``."""
        import tensorflow as tf

        from dlcli.training.callback_list import ResumableCallbackList

        epoch, step = self._position()
        epoch_variable = None
        if not self.is_endless:
            epoch_variable = tf.Variable(0, dtype=tf.int64, trainable=False)
        callbacks = ResumableCallbackList(
            self._all_callbacks(epoch_variable, history_file, on_progress),
            self.model,
            self.section.epochs,
            self.steps,
        )
        if self.shares > 1 or step:
            build_metrics(self.model, self.data.x[:1], self.data.y)
        truncate_logs(self.callbacks, epoch)  # also those of a run that starts over
        self.model.stop_training = self.state is not None and self.state.stopped
        callbacks.on_train_begin()
        validation = self._validation_batches()
        if step:
            # Keras counts the steps of this call from 0.
            callbacks.first_step = step
            self._fit_epochs(epoch, epoch + 1, step, epoch_variable, callbacks, validation)
            callbacks.first_step, epoch = 0, epoch + 1
        if epoch < self.section.epochs and not self.model.stop_training:
            self._fit_epochs(epoch, self.section.epochs, 0, epoch_variable, callbacks, validation)
        # The method of the class: that of the instance does nothing, see `_deferred_finalization`.
        type(self.model.optimizer).finalize_variable_values(
            self.model.optimizer, self.model.trainable_weights
        )
        callbacks.finish()

    def _position(self) -> tuple[int, int]:
        """Return the epoch and the step at which the training begins, both from 0."""
        if self.checkpoint is None or self.state is None:
            return 0, 0
        epoch, step = self.state.epoch, self.state.step
        # A finished training has the state (epochs, 0), from which nothing is left to do.
        if epoch + bool(step) > self.section.epochs or step >= self.steps:
            position = f"epoch {epoch + 1}, step {step}"
            limits = f"{self.section.epochs} epochs of {self.steps} steps"
            raise unsuitable(self.checkpoint.folder, f"{position} of {limits}")
        return epoch, step

    def _all_callbacks(
        self,
        epoch_variable: Any,
        history_file: Path | None,
        on_progress: OnProgress | None,
    ) -> list[Any]:
        """Return all callbacks in order: those that record follow those that decide."""
        from dlcli.training.callbacks import (
            EpochCounter,
            FiniteGuard,
            HistoryFile,
            ProgressCallback,
        )
        from dlcli.training.checkpointer import Checkpointer

        # The guard is first, so that no callback records or saves a diverged epoch. The watcher is
        # last: it raises after the checkpointer has saved the state.
        stateful = [*self.callbacks, self.best_weights, self.history]
        callbacks = [FiniteGuard(), *stateful]
        if epoch_variable is not None:
            callbacks.append(EpochCounter(epoch_variable))
        if history_file is not None:
            callbacks.append(HistoryFile(history_file, self.history))
        steps, epochs = self.steps, self.section.epochs
        if on_progress is not None:
            callbacks.append(ProgressCallback(ProgressReporter(on_progress, epochs, steps)))
        if self.checkpoint is not None:
            shared, watcher = self.shares > 1, self.watcher
            callbacks.append(
                Checkpointer(self.checkpoint, stateful, watcher, steps, epochs, is_shared=shared)
            )
        return [*callbacks, self.watcher]

    def _fit_epochs(
        self,
        first: int,
        end: int,
        step: int,
        epoch_variable: Any,
        callbacks: ResumableCallbackList,
        validation: Any,
    ) -> None:
        """Call Keras's ``fit`` for some epochs, the first of them from a step on."""
        size, start = self.section.batch_size, (first, step)
        batches = training_batches(self.data, size, self.seed, epoch_variable, self.shares, start)
        if self.shares > 1:
            strategy = self.model.distribute_strategy
            batches = strategy.distribute_datasets_from_function(lambda _: batches)
        self.model.fit(
            batches,
            initial_epoch=first,
            epochs=end,
            steps_per_epoch=self.steps - step if self.is_endless else None,
            validation_data=validation,
            shuffle=False,
            callbacks=callbacks,
            verbose=0,
        )

    def _validation_batches(self) -> Any:
        """Return the pipeline of validation batches, if there are validation rows."""
        if self.data.validation is None:
            return None
        batch_size = max(self.section.batch_size, MIN_VALIDATION_BATCH)
        return validation_batches(*self.data.validation, batch_size)


@contextmanager
def _deferred_finalization(optimizer: Any) -> Iterator[None]:
    """Keep ``fit`` from finalizing the weights, which must happen once, after the last call."""
    optimizer.finalize_variable_values = lambda _: None
    try:
        yield
    finally:
        del optimizer.finalize_variable_values
