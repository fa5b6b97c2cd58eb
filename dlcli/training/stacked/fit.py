"""Train copies of one model together: the loop over the epochs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from dlcli.config.sections import FitConfig
from dlcli.errors import divergence
from dlcli.network.cost import choose_steps_per_execution
from dlcli.network.variables import assign_values, read_values
from dlcli.training.progress import OnProgress, ProgressReporter
from dlcli.training.stacked.checkpoint import StackedCheckpointer, StackedState
from dlcli.training.stacked.copies import Copy, CopyProxy, CopyResult, LearningRateProxy
from dlcli.training.stacked.copy_step import Tensors
from dlcli.training.stacked.kept_stacks import KeptStacks
from dlcli.training.stacked.vectorized import single_threaded
from dlcli.training.training_state import unsuitable
from dlcli.types import Array

# Continuing with half the copies or fewer saves more time than tracing their program takes, if
# this many steps are left.
SHRINKING_STEPS = 20_000
# Takes the number of an epoch, from 0, and the values measured in it by the number of the copy;
# returns the copies to give up.
Prune: TypeAlias = Callable[[int, Mapping[int, Mapping[str, float]]], Iterable[int]]


class StackedFit:
    """Train copies of a model in one program.

    Parameters
    ----------
    model : keras.Sequential
        Compiled; neither its weights nor its optimizer change.
    copies : sequence of Copy
    section : FitConfig
    stacks : KeptStacks, optional
        Makes the stacks. Default: new ones, of which none is kept.

    Attributes
    ----------
    stack : Stack
        The copies that are trained at present. A copy that has ended stays in it, and is trained on
        without effect, until it pays to continue with the others alone.
    notices : list of str
        Warnings about damaged checkpoints.

    Raises
    ------
    NotStackable
        If the program cannot be built.
    """

    def __init__(
        self,
        model: Any,
        copies: Sequence[Copy],
        section: FitConfig,
        stacks: KeptStacks | None = None,
    ) -> None:
        self._started = time.monotonic()
        self.model, self.copies, self.section = model, copies, section
        self.notices: list[str] = []
        self._weights: list[list[Array]] | None = None
        # Everything that can raise `NotStackable` happens here, before any training: the caller can
        # still train the copies one after the other.
        self._stacks = stacks or KeptStacks()
        self.stack = self._stacks.of(model, copies, section)
        self.own_rates = self.stack.variables.own_rates

    def run(
        self,
        on_progress: OnProgress | None = None,
        checkpoint: Path | None = None,
        every: float = 300.0,
        *,
        keep_going: bool = False,
        prune: Prune | None = None,
    ) -> list[CopyResult]:
        """Train all copies.

        Parameters
        ----------
        on_progress : callable, optional
        checkpoint : Path, optional
            Folder where the state of all copies is saved and looked for.
        every : float
            Longest time in seconds between two checkpoints within an epoch.
        keep_going : bool
            Whether to train the others on when the loss or a weight of a copy is no longer finite.
        prune : callable, optional
            Chooses copies to give up after an epoch; cannot be combined with `checkpoint`.

        Raises
        ------
        TrainingError
            If the loss or a weight of a copy is no longer finite, unless `keep_going`; the message
            names the copy.
        Interrupted
            If SIGINT or SIGTERM arrived.
        ModelFileError
            If the checkpoint belongs to another training.
        """
        from dlcli.training.signals import SignalWatcher

        epochs = self.section.epochs
        self._keep_going, self._prune = keep_going, prune
        self._watcher = watcher = SignalWatcher()
        self.rates = np.zeros((len(self.copies), 1), np.float32)
        if self.own_rates:
            rates = self.stack.variables.hyperparameters.learning_rates
            own = float(self.model.optimizer.learning_rate)
            self.rates += own if rates is None else rates[:, np.newaxis]
        self.proxies = [self._proxy(index) for index in range(len(self.copies))]
        self.checkpointer = StackedCheckpointer(checkpoint, every)
        self.notices = self.checkpointer.notices
        self._earlier_seconds = 0.0
        first_epoch, step, metrics = self._restore()
        self._reporter = ProgressReporter(on_progress, epochs, self.stack.program.plan.steps)
        with watcher.listening(), single_threaded():
            for epoch in range(first_epoch, epochs):
                self._run_epoch(epoch, step, metrics)
                step, metrics = 0, None
                running = [index for index in self.stack.members if self.proxies[index].running]
                if not running:
                    break
                # The stack shrinks before it is saved, so that a resumed training has the same
                # copies in each epoch, and thereby the same last bits.
                if 2 * len(running) <= len(self.stack.members) and self._pays(epochs - epoch - 1):
                    self._shrink(running)
                if watcher.signum is not None or self.checkpointer.is_due(within_epoch=False):
                    self._save(epoch + 1, 0)
                watcher.check()
        seconds = self._seconds() / len(self.proxies)
        for proxy in self.proxies:
            proxy.result.seconds = seconds
        return [
            CopyResult(proxy.final_weights, proxy.result, proxy.failure) for proxy in self.proxies
        ]

    def _seconds(self) -> float:
        return self._earlier_seconds + time.monotonic() - self._started

    def _proxy(self, index: int) -> CopyProxy:
        """Return the stand-in for the model of a copy; its callbacks begin the training."""
        params = {
            "verbose": 0,
            "epochs": self.section.epochs,
            "steps": self.stack.program.plan.steps,
        }
        callbacks = self.copies[index].callbacks
        optimizer = LearningRateProxy(self.rates, index)
        return CopyProxy(
            self.model, callbacks, lambda: self._read_weights(index), optimizer, params
        )

    def _read_weights(self, index: int) -> list[Array]:
        """Return the present weights of a copy; those of all are read once per epoch."""
        if self._weights is None:
            self._weights = self.stack.variables.read_weights()
        return self._weights[self.stack.members.index(index)]

    def _pays(self, epochs_left: int) -> bool:
        """Return whether half the copies or fewer should go on in a program of their own.

        The number of copies in a program changes the last bits. Therefore steps are counted: a
        measured time would make results differ between runs.
        """
        return epochs_left * self.stack.program.plan.steps > SHRINKING_STEPS

    def _shrink(self, running: Sequence[int]) -> None:
        """Continue with the running copies alone."""
        self._weights = None
        self.stack = self._stacks.subset(self.stack, running)

    def _run_epoch(self, epoch: int, step: int, metrics: Tensors | None) -> None:
        """Train an epoch from a step on, and call the callbacks of the running copies."""
        running = [
            (position, index)
            for position, index in enumerate(self.stack.members)
            if self.proxies[index].running
        ]
        for _, index in running:
            self.proxies[index].begin_epoch(epoch)
        if self.own_rates:
            # Callbacks have changed the array, at the end of the last epoch or the beginning of
            # this one.
            self.stack.variables.optimizer.learning_rate.assign(self.rates[self.stack.members])
        values = self._train(epoch, step, metrics)
        self._weights = None
        names = self.stack.program.names
        logs = {
            index: dict(zip(names, map(float, values[:-1, position]), strict=True))
            for position, index in running
        }
        for position, index in running:
            self._check_finite(index, epoch, logs[index]["loss"], bool(values[-1, position]))
        last = epoch + 1 == self.section.epochs
        running = [pair for pair in running if self.proxies[pair[1]].running]
        for _, index in running:
            self.proxies[index].end_epoch(epoch, logs[index], last=last)
        if self._prune is not None and not last:
            finite = {index: logs[index] for _, index in running}
            for index in self._prune(epoch, finite):
                self.proxies[index].give_up("pruned")
        if not running:
            return
        means = values[:-1, [position for position, _ in running]].mean(axis=1)
        mean_logs = dict(zip(names, map(float, means), strict=True))
        self._reporter.epoch_end(epoch, mean_logs, copies=logs)

    def _train(self, epoch: int, step: int, metrics: Tensors | None) -> Array:
        """Run the program of an epoch, in calls short enough to react to signals between them.

        An interrupted epoch is resumed from the step and the metrics that were saved: the order of
        rows follows from the seed and the epoch, and everything else is in the variables.
        """
        import tensorflow as tf

        program, full_steps = self.stack.program, self.stack.program.plan.full_steps
        order = program.order(tf.constant(epoch, tf.int64))
        metrics = program.initial_metrics if metrics is None else metrics
        stride = self._steps_per_call()
        for start in range(step, full_steps, stride):
            stop = min(start + stride, full_steps)
            metrics = program.steps(order, tf.constant(start), tf.constant(stop), metrics)
            # After the last full step, one call finishes the epoch.
            if stop < full_steps:
                if self._watcher.signum is not None or self.checkpointer.is_due(within_epoch=True):
                    self._save(epoch, stop, metrics)
                self._watcher.check()
            self._reporter.step_end(epoch, stop)
        values: Array = program.finish(order, metrics).numpy()
        return values

    def _steps_per_call(self) -> int:
        plan = self.stack.program.plan
        rows = plan.batch_size * self.stack.variables.count
        return choose_steps_per_execution(self.model, max(1, plan.full_steps), rows)

    def _check_finite(self, index: int, epoch: int, loss: float, weights_finite: bool) -> None:
        if not np.isfinite(loss) or not weights_finite:
            reason = "a weight is not finite" if np.isfinite(loss) else f"the loss is {loss}"
            if not self._keep_going:
                raise divergence(epoch, reason, f"{self.copies[index].name}: ")
            self.proxies[index].give_up(f"diverged in epoch {epoch + 1}: {reason}")

    def _save(self, epoch: int, step: int, metrics: Tensors = ()) -> None:
        """Save the state before a step of an epoch."""
        self.checkpointer.save(
            lambda: StackedState(
                epoch,
                step,
                self._seconds(),
                self.stack.members,
                [proxy.state() for proxy in self.proxies],
                read_values(self.stack.variables.variables),
                self.rates,
                [metric.numpy() for metric in metrics],
            )
        )

    def _restore(self) -> tuple[int, int, Tensors | None]:
        """Restore the saved state; return epoch, step and metrics with which to begin."""
        state, folder = self.checkpointer.state, self.checkpointer.folder
        if state is None or folder is None:
            return 0, 0, None
        try:
            state.check(len(self.copies), self.stack.members, self.section.epochs)
            # The saved variables have a row for each of these copies.
            if state.members != self.stack.members:
                self._shrink(state.members)
            metrics = state.metrics_within(
                self.stack.program.plan, self.stack.program.initial_metrics
            )
            assign_values(self.stack.variables.variables, state.variables)
            for proxy, copy_state in zip(self.proxies, state.copies, strict=True):
                proxy.restore(copy_state)
        except ValueError as error:
            raise unsuitable(folder, error) from None
        self.rates[...] = state.learning_rates
        self._earlier_seconds = state.seconds
        return state.epoch, state.step, metrics
