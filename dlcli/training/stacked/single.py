"""One copy of the stack, as Keras's callbacks see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dlcli.training.fit import FitResult
from dlcli.types import Array


class Rate:
    """Stands for the optimizer of one copy: it has a learning rate and nothing else.

    Parameters
    ----------
    rates : ndarray of float32, shape (copies, 1)
        Of all copies; changed in place.
    at : int
        Which of them.
    """

    def __init__(self, rates: Array, at: int) -> None:
        self.rates, self.at = rates, at

    @property
    def learning_rate(self) -> Any:
        """The rate, as Keras's own optimizers have it."""
        return self.rates[self.at, 0]

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self.rates[self.at, 0] = value


class Single:
    """Stands for the model of one copy, and calls its callbacks.

    Parameters
    ----------
    model : keras.Sequential
        What is copied.
    callbacks : sequence of keras.callbacks.Callback
    read : callable
        Returns the present weights of the copy.
    rate : Rate
    params : dict
        What Keras tells callbacks of a fit.
    """

    def __init__(
        self,
        model: Any,
        callbacks: Sequence[Any],
        read: Callable[[], list[Array]],
        rate: Rate,
        params: dict[str, Any],
    ) -> None:
        self.metrics = model.metrics  # EarlyStopping asks them which direction is better
        self.optimizer = rate
        self.stop_training = False
        self.result = FitResult()
        self.running = True
        self.final: list[Array] = []
        self.callbacks, self._read = callbacks, read
        for callback in callbacks:
            callback.set_params(params)
            callback.set_model(self)
            callback.on_train_begin()

    def get_weights(self) -> list[Array]:
        """Return the present weights."""
        return self._read()

    def set_weights(self, weights: list[Array]) -> None:
        """Take other weights as the last ones; callbacks do so when the training ends."""
        self.final = weights

    def plain(self) -> dict[str, Any]:
        """Return what is kept of it, but for arrays and callbacks."""
        return {
            "running": self.running,
            "stop_training": self.stop_training,
            "history": self.result.history,
            "epochs": self.result.epochs,
        }

    def restore(self, plain: dict[str, Any], final: list[Array]) -> None:
        """Take back what `plain` gave, and the last weights of a copy that has ended."""
        self.running, self.stop_training = plain["running"], plain["stop_training"]
        self.result.history, self.result.epochs = plain["history"], plain["epochs"]
        self.final = final

    def begin(self, epoch: int) -> None:
        """Tell the callbacks that an epoch begins."""
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch, {})

    def end(self, epoch: int, logs: dict[str, float], *, last: bool) -> None:
        """Tell the callbacks what an epoch gave, and note it."""
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, logs)
        for name, value in logs.items():
            self.result.history.setdefault(name, []).append(float(value))
        self.result.epochs = epoch + 1
        if not (self.stop_training or last):
            return
        self.running = False
        self.final = self._read()
        for callback in self.callbacks:
            callback.on_train_end(logs)
