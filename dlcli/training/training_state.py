"""State of one training: what a checkpoint holds, checked when it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, NonNegativeInt, ValidationError

from dlcli.errors import ModelFileError
from dlcli.parser_messages import first_problem
from dlcli.training.checkpoint import State
from dlcli.types import Array

ARRAYS = ("model", "optimizer", "metrics")


class StoredValues(BaseModel):
    """Base class of the plain values in a checkpoint."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


Values = TypeVar("Values", bound=StoredValues)


def checked_values(kind: type[Values], values: Any, folder: Path) -> Values:
    """Check the plain values of a checkpoint.

    Raises
    ------
    ModelFileError
        If they are not those of `kind`.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise unsuitable(folder, first_problem(error)) from None


def unsuitable(folder: Path, reason: object) -> ModelFileError:
    """Return the error for a checkpoint that is intact but belongs to another training."""
    return ModelFileError(
        f"the checkpoint in {folder} does not fit: {reason}", hint=f"remove {folder} to start over"
    )


class _TrainingValues(StoredValues):
    epoch: NonNegativeInt
    step: NonNegativeInt
    stopped: bool
    seconds: NonNegativeFloat
    callbacks: list[dict[str, Any]]


@dataclass(frozen=True)
class TrainingState:
    """State of a training before a step of an epoch.

    Parameters
    ----------
    epoch, step : int
        From 0.
    stopped : bool
        Whether a callback has ended the training.
    seconds : float
        Duration so far.
    callbacks : sequence of dict
        Plain fields of each callback, from `callback_states`.
    callback_arrays : mapping
        Lists of arrays of the callbacks, by name.
    model, optimizer, metrics : sequence of ndarray
        Values of their variables; the metrics' only within an epoch.
    """

    epoch: int
    step: int
    stopped: bool
    seconds: float
    callbacks: list[dict[str, Any]]
    callback_arrays: Mapping[str, Sequence[Array]]
    model: Sequence[Array]
    optimizer: Sequence[Array]
    metrics: Sequence[Array]

    def to_state(self) -> State:
        """Return the content of a checkpoint file."""
        values = {name: getattr(self, name) for name in _TrainingValues.model_fields}
        arrays = {name: getattr(self, name) for name in ARRAYS}
        return State(values, {**self.callback_arrays, **arrays})

    @classmethod
    def from_state(cls, state: State, folder: Path) -> TrainingState:
        """Check the content of a checkpoint file.

        Parameters
        ----------
        state : State
        folder : Path
            For messages.

        Raises
        ------
        ModelFileError
            If it is not the state of a training.
        """
        values = checked_values(_TrainingValues, state.values, folder)
        if absent := [name for name in ARRAYS if name not in state.arrays]:
            raise unsuitable(folder, f"it has no arrays {absent[0]!r}")
        others = {name: item for name, item in state.arrays.items() if name not in ARRAYS}
        model, optimizer, metrics = (state.arrays[name] for name in ARRAYS)
        return cls(
            **dict(values),
            callback_arrays=others,
            model=model,
            optimizer=optimizer,
            metrics=metrics,
        )


@dataclass(frozen=True)
class Checkpoint:
    """Where and how often the state of a training is saved.

    Parameters
    ----------
    folder : Path
    every : float
        Longest time in seconds between two checkpoints within an epoch.
    state : TrainingState, optional
        State from which to resume.
    """

    folder: Path
    every: float = 300.0
    state: TrainingState | None = None
