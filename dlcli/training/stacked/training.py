"""Copies of one model, trained in one program: the loop over the epochs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.config.sections import FitConfig
from dlcli.errors import TrainingError, first_line
from dlcli.network.cost import choose_steps_per_execution
from dlcli.network.internals import extend_vectorized_map
from dlcli.training.batches import FitData
from dlcli.training.fit import FitResult
from dlcli.training.progress import OnProgress, ProgressReporter
from dlcli.training.stacked.graphs import one_thread
from dlcli.training.stacked.program import Program
from dlcli.training.stacked.reasons import NotStackable, why_not
from dlcli.training.stacked.rows import Batches, Rows, training_rows, validation_rows
from dlcli.training.stacked.single import Rate, Single
from dlcli.training.stacked.stack import Stack
from dlcli.training.stacked.state import StackKeeper
from dlcli.types import Array

if TYPE_CHECKING:
    from dlcli.training.signals import SignalWatcher

# Half the copies in a program of their own save more than its tracing costs after so many steps.
SHRINKING_STEPS = 20_000


@dataclass(frozen=True)
class Copy:
    """One training of a model.

    Parameters
    ----------
    name : str
        For messages.
    data : FitData
    seed : int
        Of the order of rows.
    state : list of ndarray
        First values of ``model.variables``.
    callbacks : sequence of keras.callbacks.Callback
        Its own, of the same kinds for all copies.
    """

    name: str
    data: FitData
    seed: int
    state: list[Array]
    callbacks: Sequence[Any] = ()


@dataclass(frozen=True)
class CopyResult:
    """What a training gave.

    Parameters
    ----------
    weights : list of ndarray
        For ``model.set_weights``.
    fitted : FitResult
        Its seconds are an equal share of those of all copies.
    """

    weights: list[Array]
    fitted: FitResult


class Replicas:
    """Copies of a model that are trained in one program.

    Parameters
    ----------
    model : keras.Sequential
        Compiled; neither its weights nor its optimizer change.
    copies : sequence of Copy
    section : FitConfig

    Raises
    ------
    NotStackable
        If the program cannot be made.
    """

    def __init__(self, model: Any, copies: Sequence[Copy], section: FitConfig) -> None:
        self.started = time.monotonic()
        reason = why_not(model, copies[0].callbacks)
        if reason is not None:
            raise NotStackable(reason)
        self.model, self.copies, self.section = model, copies, section
        datas = [copy.data for copy in copies]
        kinds = {type(callback).__name__ for callback in copies[0].callbacks}
        self.own_rates = bool(kinds & {"ReduceLROnPlateau", "LearningRateScheduler"})
        self._weights: list[list[Array]] | None = None
        self.notices: list[str] = []  # of states that were found
        rows, watched = training_rows(datas), validation_rows(datas)
        equal = Batches(rows.counts, section.batch_size).equal
        extend_vectorized_map()
        try:
            states = [copy.state for copy in copies]
            stack = Stack(model, states, own_steps=not equal, own_rates=self.own_rates)
            self._use(stack, rows, watched, list(range(len(copies))))
        except (MemoryError, NotStackable):
            raise
        except Exception as error:
            # What TensorFlow cannot vectorise it tells in its own ways, while tracing.
            raise NotStackable(f"TensorFlow does not vectorise it: {first_line(error)}") from error

    def _use(self, stack: Stack, rows: Rows, watched: Rows | None, members: list[int]) -> None:
        """Make the program for a stack of some of the copies."""
        self.stack, self.members = stack, members
        seeds = [self.copies[at].seed for at in members]
        batches = Batches(rows.counts, self.section.batch_size)
        self.program = Program(stack, rows, watched, seeds, batches)
        with one_thread():
            self.program.trace()

    def fit(
        self,
        on_progress: OnProgress | None = None,
        checkpoint: Path | None = None,
        every: float = 300.0,
    ) -> list[CopyResult]:
        """Train all copies.

        Parameters
        ----------
        on_progress : callable, optional
        checkpoint : Path, optional
            Folder where the state of all copies is kept and looked for.
        every : float
            Seconds at most between two states within an epoch.

        Raises
        ------
        TrainingError
            If the loss or a weight of a copy stops being finite; the message names it.
        Interrupted
            If SIGINT or SIGTERM came.
        """
        from dlcli.training.signals import SignalWatcher

        epochs = self.section.epochs
        watcher = SignalWatcher()
        self.keeper = StackKeeper(checkpoint, every)
        self.notices = self.keeper.notices
        self.rates = np.zeros((len(self.copies), 1), np.float32)
        if self.own_rates:
            self.rates += float(self.model.optimizer.learning_rate)
        self.singles = [self._single(at) for at in range(len(self.copies))]
        members = self.keeper.members(len(self.copies))
        if members != self.members:
            self._shrink(members)
        self.keeper.restore(self.stack, self.singles, self.rates)
        first, step = self.keeper.place
        reporter = ProgressReporter(on_progress, epochs, self.program.batches.steps)
        with watcher.listening(), one_thread():
            for epoch in range(first, epochs):
                self._epoch(epoch, step if epoch == first else 0, watcher, reporter)
                running = [at for at in self.members if self.singles[at].running]
                if not running:
                    break
                if 2 * len(running) <= len(self.members) and self._pays(epochs - epoch - 1):
                    self._shrink(running)
                if watcher.signum is not None or self.keeper.is_due(within=False):
                    self._keep(epoch + 1, 0)
                watcher.check()
        seconds = self._seconds() / len(self.singles)
        for single in self.singles:
            single.result.seconds = seconds
        return [CopyResult(single.final, single.result) for single in self.singles]

    def _seconds(self) -> float:
        return self.keeper.seconds + time.monotonic() - self.started

    def _keep(self, epoch: int, step: int, metrics: Sequence[Any] = ()) -> None:
        """Keep the state before a step of an epoch."""
        place = epoch, step
        stack, singles, rates = self.stack, self.singles, self.rates
        self.keeper.keep(place, self.members, stack, singles, rates, self._seconds(), metrics)

    def _single(self, at: int) -> Single:
        copy = self.copies[at]
        steps = self.program.batches.steps
        params = {"verbose": 0, "epochs": self.section.epochs, "steps": steps}
        rate = Rate(self.rates, at)
        return Single(self.model, copy.callbacks, lambda: self._read(at), rate, params)

    def _read(self, at: int) -> list[Array]:
        """Return the present weights of a copy; those of all are read once per epoch."""
        if self._weights is None:
            self._weights = self.stack.read()
        return self._weights[self.members.index(at)]

    def _pays(self, epochs_left: int) -> bool:
        """Tell whether half the copies or fewer should go on in a program of their own.

        No clock decides that: the last bits depend on it.
        """
        return epochs_left * self.program.batches.steps > SHRINKING_STEPS

    def _shrink(self, running: Sequence[int]) -> None:
        """Go on with the running copies alone."""
        kept = [self.members.index(at) for at in running]
        program = self.program
        watched = None if program.validation is None else program.validation.take(kept)
        self._weights = None
        self._use(self.stack.take(kept), program.rows.take(kept), watched, list(running))

    def _epoch(
        self,
        epoch: int,
        step: int,
        watcher: SignalWatcher,
        reporter: ProgressReporter,
    ) -> None:
        """Train an epoch from a step on; the callbacks of running copies see what it gave."""
        singles = self.singles
        running = [(place, at) for place, at in enumerate(self.members) if singles[at].running]
        for _, at in running:
            singles[at].begin(epoch)
        if self.own_rates:
            self.stack.optimizer.learning_rate.assign(self.rates[self.members])
        values = self._train(epoch, step, watcher, reporter)
        self._weights = None
        names = self.program.names
        logs = {at: dict(zip(names, map(float, values[:-1, place]), strict=True))
                for place, at in running}  # fmt: skip
        for place, at in running:
            self._check_finite(at, epoch, logs[at]["loss"], bool(values[-1, place]))
        for _, at in running:
            singles[at].end(epoch, logs[at], last=epoch + 1 == self.section.epochs)
        means = values[:-1, [place for place, _ in running]].mean(axis=1)
        reporter.epoch_end(epoch, dict(zip(names, map(float, means), strict=True)))

    def _train(
        self, epoch: int, step: int, watcher: SignalWatcher, reporter: ProgressReporter
    ) -> Array:
        """Run the program of an epoch, in calls so short that signals are heard between them."""
        import tensorflow as tf

        program = self.program
        order = program.order(tf.constant(epoch, tf.int64))
        metrics = self.keeper.metrics() if step else program.first_metrics
        full, stride = program.batches.full, self._stride()
        for start in range(step, full, stride):
            stop = min(start + stride, full)
            metrics = program.steps(order, tf.constant(start), tf.constant(stop), metrics)
            if stop < full:
                if watcher.signum is not None or self.keeper.is_due(within=True):
                    self._keep(epoch, stop, metrics)
                watcher.check()
            reporter.step_end(epoch, stop)
        values: Array = program.finish(order, metrics).numpy()
        return values

    def _stride(self) -> int:
        """Return how many steps run in one call."""
        batches = self.program.batches
        rows = batches.batch_size * self.stack.count
        return choose_steps_per_execution(self.model, max(1, batches.full), rows)

    def _check_finite(self, at: int, epoch: int, loss: float, weights_finite: bool) -> None:
        what = "" if np.isfinite(loss) else f"the loss is {loss}"
        if not what and not weights_finite:
            what = "a weight is not finite"
        if what:
            raise TrainingError(
                f"{self.copies[at].name}: training diverged in epoch {epoch + 1}: {what}",
                hint="try a smaller learning rate, or scale the inputs with `preprocess`",
            )
