"""Keras callbacks that report, record and stop."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.errors import divergence
from dlcli.files import write_csv
from dlcli.network import backend
from dlcli.training.progress import ProgressReporter

Logs = Mapping[str, Any] | None
Callback: Any = backend.import_keras().callbacks.Callback


class EpochCounter(Callback):
    """Set the variable from which the data pipeline reads the number of the epoch."""

    def __init__(self, variable: Any) -> None:
        super().__init__()
        self.variable = variable

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.variable.assign(epoch)


class ProgressCallback(Callback):
    """Pass the steps and epochs of a fit to a `ProgressReporter`."""

    def __init__(self, reporter: ProgressReporter) -> None:
        super().__init__()
        self.reporter = reporter

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self.reporter.step_end(self.epoch, batch + 1, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        rate = float(self.model.optimizer.learning_rate)
        self.reporter.epoch_end(epoch, logs, learning_rate=rate)


class HistoryFile(Callback):
    """Write a row to a CSV file at the end of each epoch.

    Parameters
    ----------
    path : Path
    history : keras.callbacks.History
        Precedes this callback; its earlier epochs, of a resumed training, are written first.
    """

    def __init__(self, path: Path, history: Any) -> None:
        super().__init__()
        self.path, self.history = path, history
        self.is_complete = False

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.is_complete:
            with self.path.open("a", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerow(self._row(epoch))
        else:
            self._write_all()

    def on_train_end(self, logs: Logs = None) -> None:
        if not self.is_complete:  # a resumed training that had ended
            self._write_all()

    def _write_all(self) -> None:
        rows = map(self._row, range(len(self.history.epoch)))
        write_csv(self.path, ["epoch", *self.history.history], rows)
        self.is_complete = True

    def _row(self, epoch: int) -> list[Any]:
        values = (value[epoch] for value in self.history.history.values())
        return [epoch + 1, *(repr(float(value)) for value in values)]


class BestWeights(Callback):
    """Remember the weights of the epoch with the smallest loss, in case of an interruption.

    Parameters
    ----------
    monitor : str
        ``"val_loss"``, or ``"loss"`` without validation rows.
    """

    def __init__(self, monitor: str) -> None:
        super().__init__()
        self.monitor = monitor

    def on_train_begin(self, logs: Logs = None) -> None:
        self.best = math.inf
        self.epoch = 0
        self.weights: list[Any] | None = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        value = float((logs or {}).get(self.monitor, math.nan))
        if value < self.best:
            self.best, self.epoch = value, epoch + 1
            self.weights = self.model.get_weights()

    def restore(self, callbacks: Sequence[Any]) -> int:
        """Restore the best weights; those of an ``EarlyStopping`` that would, if there is one.

        Returns
        -------
        int
            Their epoch, from 1; 0 if no epoch has ended.
        """
        for callback in callbacks:
            if (
                getattr(callback, "restore_best_weights", False)
                and callback.best_weights is not None
            ):
                self.model.set_weights(callback.best_weights)
                return int(callback.best_epoch) + 1
        if self.weights is not None:
            self.model.set_weights(self.weights)
        return self.epoch


class FiniteGuard(Callback):
    """Stop a training that has diverged.

    The loss is not enough: oneDNN's fused kernels compute plausible outputs from NaN weights.

    Raises
    ------
    TrainingError
        At the end of an epoch, if the loss or a weight is not finite.
    """

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        loss = float((logs or {}).get("loss", 0.0))
        if not math.isfinite(loss):
            reason = f"the loss is {loss}"
        elif not all(np.isfinite(weights).all() for weights in self.model.get_weights()):
            reason = "a weight is not finite"
        else:
            return
        raise divergence(epoch, reason)


def restored_epoch(callbacks: Sequence[Any]) -> int:
    """Return the epoch, from 1, whose weights ``EarlyStopping`` has restored; 0 if none."""
    for callback in callbacks:
        if type(callback).__name__ == "EarlyStopping" and callback.restore_best_weights:
            return int(callback.best_epoch) + 1 if callback.best_weights is not None else 0
    return 0
