"""The result of training on one fold, and how it is stored and read again."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, NonNegativeFloat, NonNegativeInt

from dlcli.errors import Interrupted, plural
from dlcli.training.checkpoint import State, read_state, write_state
from dlcli.training.training_state import (
    Checkpoint,
    StoredValues,
    TrainingState,
    checked_values,
    unsuitable,
)
from dlcli.types import Array

if TYPE_CHECKING:
    from dlcli.network.scores import ScoredOutputs
    from dlcli.training.fit import FitResult
    from dlcli.training.progress import OnProgress
    from dlcli.training.session import Session

DONE = "done"


@dataclass(frozen=True)
class FoldOutcome:
    """Result of training on one fold.

    Parameters
    ----------
    epochs : int
    seconds : float
        Duration of the fit; an equal share if the folds were trained together.
    metrics : dict
        Measured on the test rows of the fold.
    outputs : ndarray of float32, shape (n, units)
        Outputs for the test rows.
    history : dict
        Loss and metrics of each epoch, by their names in Keras; empty if an earlier dlcli has
        stored the outcome.
    """

    epochs: int
    seconds: float
    metrics: dict[str, float]
    outputs: Array
    history: dict[str, list[float]] = field(default_factory=dict)

    @classmethod
    def of(cls, fitted: FitResult, scored: ScoredOutputs) -> FoldOutcome:
        """Return the outcome of a fit."""
        metrics = {name: float(value) for name, value in scored.scores.metrics.items()}
        return cls(fitted.epochs, fitted.seconds, metrics, scored.outputs, fitted.history)

    def to_state(self) -> State:
        """Return the content of a checkpoint file."""
        values = {
            "epochs": self.epochs, "seconds": self.seconds, "metrics": self.metrics,
            "history": self.history,
        }  # fmt: skip
        return State({DONE: values}, {"outputs": [self.outputs]})

    @classmethod
    def from_state(cls, state: State, folder: Path, rows: int) -> FoldOutcome:
        """Check the content of a checkpoint file.

        Parameters
        ----------
        state : State
        folder : Path
            For messages.
        rows : int
            Test rows of the fold.

        Raises
        ------
        ModelFileError
            If it is not the outcome of this fold.
        """
        values = checked_values(_OutcomeValues, state.values, folder).done
        outputs = state.arrays.get("outputs", ())
        if len(outputs) != 1 or outputs[0].dtype.str != "<f4" or outputs[0].ndim != 2:
            raise unsuitable(folder, "it has no outputs")
        if len(outputs[0]) != rows:
            raise unsuitable(folder, f"{len(outputs[0])} outputs for {plural(rows, 'test row')}")
        return cls(values.epochs, values.seconds, values.metrics, outputs[0], values.history)


class _Outcome(StoredValues):
    epochs: NonNegativeInt
    seconds: NonNegativeFloat
    metrics: dict[str, float]
    history: dict[str, list[float]] = Field(default={})


class _OutcomeValues(StoredValues):
    done: _Outcome


def fold_checkpoint(folder: Path | None, number: int) -> Path | None:
    """Return the checkpoint folder of a fold, counted from 1."""
    return folder and folder / f"fold-{number}"


def train_fold(
    session: Session, on_progress: OnProgress | None = None, checkpoint: Path | None = None
) -> FoldOutcome:
    """Train on one fold and score its test rows; the preprocessed rows are freed.

    Parameters
    ----------
    session : Session
        Warnings about damaged checkpoints are added to its notices.
    on_progress : callable, optional
    checkpoint : Path, optional
        Folder where the state of this fold is written and looked for.

    Raises
    ------
    Interrupted
        If SIGINT or SIGTERM arrived.
    ModelFileError
        If the checkpoint belongs to another training.
    """
    if checkpoint is None:
        return _train(session, on_progress, None)
    stored, damages = read_state(checkpoint)
    session.notices += damages
    state = None
    if stored is not None:
        if DONE in stored.values:
            session.release()
            return FoldOutcome.from_state(stored, checkpoint, len(session.split.test))
        state = TrainingState.from_state(stored, checkpoint)
    outcome = _train(session, on_progress, Checkpoint(checkpoint, state=state))
    write_state(checkpoint, outcome.to_state())
    return outcome


def _train(
    session: Session, on_progress: OnProgress | None, checkpoint: Checkpoint | None
) -> FoldOutcome:
    try:
        session.prepare_model()
        fitted = session.fit(checkpoint=checkpoint, on_progress=on_progress)
        session.release()
        if fitted.signum is not None:
            raise Interrupted(fitted.signum)
        return FoldOutcome.of(fitted, session.score(["test"])["test"])
    finally:
        session.release()
