"""Copies of a model: what is trained, the result, and the stand-ins that callbacks see."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dlcli.training.batches import FitData
from dlcli.training.callback_state import callback_states, restore_callbacks
from dlcli.training.fit import FitResult
from dlcli.training.stacked.checkpoint import CopyState
from dlcli.types import Array


@dataclass(frozen=True)
class Copy:
    """One training of a model.

    Parameters
    ----------
    name : str
        For messages.
    data : FitData
    seed : int
        Seed of the order of rows.
    initial_values : list of ndarray
        Initial values of ``model.variables``.
    callbacks : sequence of keras.callbacks.Callback
        Callbacks of this copy; all copies have the same kinds.
    metric_constants : sequence of ndarray
        Values of the constants of the model's metrics for this copy; see
        `dlcli.network.target_metrics`.
    hyperparameters : mapping
        Numbers of this copy in place of the model's; see
        `dlcli.training.stacked.hyperparameters`.
    """

    name: str
    data: FitData
    seed: int
    initial_values: list[Array]
    callbacks: Sequence[Any] = ()
    metric_constants: Sequence[Array] = ()
    hyperparameters: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class CopyResult:
    """Result of one training.

    Parameters
    ----------
    weights : list of ndarray
        For ``model.set_weights``.
    fitted : FitResult
        Its `seconds` are an equal share of the time of all copies.
    failure : str
        Why the training was given up; empty if it was not.
    """

    weights: list[Array]
    fitted: FitResult
    failure: str = ""


class LearningRateProxy:
    """Optimizer of one copy, with a learning rate and nothing else.

    Parameters
    ----------
    rates : ndarray of float32, shape (copies, 1)
        Learning rates of all copies; changed in place.
    index : int
        Index of the copy.
    """

    def __init__(self, rates: Array, index: int) -> None:
        self.rates, self.index = rates, index

    @property
    def learning_rate(self) -> Any:
        """Learning rate of the copy; callbacks read and set it."""
        return self.rates[self.index, 0]

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self.rates[self.index, 0] = value


class CopyProxy:
    """Model of one copy, as far as callbacks use it, with the result of its training.

    Parameters
    ----------
    model : keras.Sequential
        The model that is copied.
    callbacks : sequence of keras.callbacks.Callback
    read_weights : callable
        Returns the current weights of the copy.
    optimizer : LearningRateProxy
    params : dict
        For ``Callback.set_params``.

    Attributes
    ----------
    running : bool
        Whether the copy is still being trained.
    final_weights : list of ndarray
        Weights at the end of its training; empty before.
    failure : str
        Why the training was given up; empty if it was not.
    """

    def __init__(
        self,
        model: Any,
        callbacks: Sequence[Any],
        read_weights: Callable[[], list[Array]],
        optimizer: LearningRateProxy,
        params: dict[str, Any],
    ) -> None:
        self.metrics = model.metrics  # EarlyStopping looks up which direction is better
        self.optimizer = optimizer
        self.stop_training = False
        self.result = FitResult()
        self.running = True
        self.final_weights: list[Array] = []
        self.failure = ""
        self.callbacks, self.get_weights = callbacks, read_weights
        self._weight_shapes = [tuple(weight.shape) for weight in model.weights]
        for callback in callbacks:
            callback.set_params(params)
            callback.set_model(self)
            callback.on_train_begin()

    def set_weights(self, weights: list[Array]) -> None:
        """Replace the final weights, as EarlyStopping does when it restores the best ones."""
        self.final_weights = weights

    def begin_epoch(self, epoch: int) -> None:
        """Call the callbacks at the start of an epoch."""
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch, {})

    def end_epoch(self, epoch: int, logs: dict[str, float], *, last: bool) -> None:
        """Record an epoch, and call the callbacks at its end and at the end of the training."""
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, logs)
        for name, value in logs.items():
            self.result.history.setdefault(name, []).append(float(value))
        self.result.epochs = epoch + 1
        if not (self.stop_training or last):
            return
        self.running = False
        # EarlyStopping may replace them in train-end, through `set_weights`.
        self.final_weights = self.get_weights()
        for callback in self.callbacks:
            callback.on_train_end(logs)

    def give_up(self, failure: str) -> None:
        """End the training without weights."""
        if self.running:
            self.running, self.failure = False, failure

    def state(self) -> CopyState:
        """Return the state of the copy, without its variables."""
        callbacks, arrays = callback_states(self.callbacks)
        return CopyState(
            self.running,
            self.stop_training,
            self.result.history,
            self.result.epochs,
            callbacks,
            arrays,
            self.final_weights,
        )

    def restore(self, state: CopyState) -> None:
        """Restore what `state` returned.

        Raises
        ------
        ValueError
            If it is the state of another training.
        """
        shapes = [] if state.running else self._weight_shapes
        if [array.shape for array in state.final_weights] != shapes:
            raise ValueError("the final weights of a copy are those of another model")
        restore_callbacks(self.callbacks, state.callbacks, state.callback_arrays)
        self.running, self.stop_training = state.running, state.stop_training
        self.result.history, self.result.epochs = state.history, state.epochs
        self.final_weights = list(state.final_weights)
