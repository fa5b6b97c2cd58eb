"""State of all copies: what a checkpoint holds, checked when it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import NonNegativeFloat, NonNegativeInt

from dlcli.training.checkpoint import SaveSchedule, State, arrays_below, read_state, write_state
from dlcli.training.stacked.data import BatchPlan
from dlcli.training.training_state import StoredValues, checked_values, unsuitable
from dlcli.types import Array


class _CopyValues(StoredValues):
    running: bool
    stop_training: bool
    history: dict[str, list[float]]
    epochs: NonNegativeInt
    callbacks: list[dict[str, Any]]


class _StackedValues(StoredValues):
    epoch: NonNegativeInt
    step: NonNegativeInt
    seconds: NonNegativeFloat
    members: list[NonNegativeInt]
    copies: list[_CopyValues]


@dataclass(frozen=True)
class CopyState:
    """State of one copy, without its variables.

    Parameters
    ----------
    running, stop_training : bool
    history : dict
        One list per metric, one value per epoch.
    epochs : int
        Epochs that have ended.
    callbacks : list of dict
        Plain fields of each callback.
    callback_arrays : mapping
        Lists of arrays of the callbacks, by name.
    final_weights : sequence of ndarray
        Empty while the copy is running.
    """

    running: bool
    stop_training: bool
    history: dict[str, list[float]]
    epochs: int
    callbacks: list[dict[str, Any]]
    callback_arrays: Mapping[str, Sequence[Array]]
    final_weights: Sequence[Array]


@dataclass(frozen=True)
class StackedState:
    """State of all copies before a step of an epoch.

    Parameters
    ----------
    epoch, step : int
        From 0.
    seconds : float
        Duration so far.
    members : sequence of int
        Indices of the copies in the stack; the training of the others has ended.
    copies : sequence of CopyState
    variables : sequence of ndarray
        Values of ``StackedVariables.variables``.
    learning_rates : ndarray of float32, shape (copies, 1)
    metrics : sequence of ndarray
        Values of the metrics' variables; empty at the start of an epoch.
    """

    epoch: int
    step: int
    seconds: float
    members: list[int]
    copies: Sequence[CopyState]
    variables: Sequence[Array]
    learning_rates: Array
    metrics: Sequence[Array]

    def check(self, count: int, members: Sequence[int], epochs: int) -> None:
        """Compare the state with the training that is resumed.

        Parameters
        ----------
        count : int
            Number of copies.
        members : sequence of int
            Indices of all copies.
        epochs : int

        Raises
        ------
        ValueError
            If it is the state of another training.
        """
        if len(self.copies) != count:
            raise ValueError(f"{len(self.copies)} copies, not {count}")
        if not self.members or not set(self.members) <= set(members):
            raise ValueError(f"copies {self.members} of {count}")
        if self.learning_rates.shape != (count, 1):
            raise ValueError(f"learning rates of shape {self.learning_rates.shape}")
        if self.epoch + bool(self.step) > epochs:
            raise ValueError(f"epoch {self.epoch + 1}, step {self.step} of {epochs} epochs")

    def metrics_within(self, plan: BatchPlan, initial: Sequence[Any]) -> tuple[Any, ...] | None:
        """Return the metrics' variables as tensors; None at the start of an epoch.

        Raises
        ------
        ValueError
            If the step or the metrics are those of another training.
        """
        import tensorflow as tf

        if not self.step:
            return None
        if self.step >= plan.full_steps:
            raise ValueError(f"step {self.step} of {plan.full_steps} full steps per epoch")
        # The program was traced for these types; TensorFlow's error about others names no file.
        kinds = [(tuple(metric.shape), metric.dtype.as_numpy_dtype) for metric in initial]
        if [(metric.shape, metric.dtype) for metric in self.metrics] != kinds:
            raise ValueError("the metrics are those of another model")
        return tuple(map(tf.constant, self.metrics))

    def to_state(self) -> State:
        """Return the content of a checkpoint file."""
        values = {
            "epoch": self.epoch,
            "step": self.step,
            "seconds": self.seconds,
            "members": self.members,
            "copies": [
                {name: getattr(copy, name) for name in _CopyValues.model_fields}
                for copy in self.copies
            ],
        }
        arrays = {
            "stack": self.variables,
            "rates": [self.learning_rates],
            "metrics": self.metrics,
        }
        for index, copy in enumerate(self.copies):
            arrays[f"copy{index}.final"] = copy.final_weights
            for name, items in copy.callback_arrays.items():
                arrays[f"copy{index}.{name}"] = items
        return State(values, arrays)

    @classmethod
    def from_state(cls, state: State, folder: Path) -> StackedState:
        """Check the content of a checkpoint file.

        Parameters
        ----------
        state : State
        folder : Path
            For messages.

        Raises
        ------
        ModelFileError
            If it is not the state of copies.
        """
        values = checked_values(_StackedValues, state.values, folder)
        arrays = dict(state.arrays)
        try:
            variables, (learning_rates,), metrics = map(arrays.pop, ("stack", "rates", "metrics"))
            copies = []
            for index, copy in enumerate(values.copies):
                # Popped first: the other arrays below this prefix belong to the callbacks.
                final_weights = arrays.pop(f"copy{index}.final")
                callback_arrays = arrays_below(arrays, f"copy{index}.")
                copies.append(
                    CopyState(
                        **dict(copy), callback_arrays=callback_arrays, final_weights=final_weights
                    )
                )
        except KeyError as error:
            raise unsuitable(folder, f"it has no arrays {error}") from None
        except ValueError:
            raise unsuitable(folder, "it has no learning rates") from None
        return cls(
            values.epoch, values.step, values.seconds, values.members,
            copies, variables, learning_rates, metrics,
        )  # fmt: skip


class StackedCheckpointer:
    """Save the state of all copies when it is due, and read the last one.

    Parameters
    ----------
    folder : Path or None
        None: nothing is saved.
    every : float
        Longest time in seconds between two checkpoints within an epoch.

    Attributes
    ----------
    state : StackedState or None
        The state from which to resume.
    notices : list of str
        Warnings about damaged checkpoints.
    """

    def __init__(self, folder: Path | None, every: float) -> None:
        self.folder, self.every = folder, every
        self.state: StackedState | None = None
        self.notices: list[str] = []
        self._schedule = SaveSchedule()
        if folder is not None:
            stored, self.notices = read_state(folder)
            self.state = None if stored is None else StackedState.from_state(stored, folder)

    def is_due(self, *, within_epoch: bool) -> bool:
        """Return whether a state should be saved now."""
        seconds = self.every if within_epoch else None
        return self.folder is not None and self._schedule.is_due(seconds)

    def save(self, current_state: Callable[[], StackedState]) -> None:
        """Save the state that a function returns."""
        if self.folder is not None:
            with self._schedule.timed():
                write_state(self.folder, current_state().to_state())
