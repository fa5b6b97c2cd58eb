"""The result of training on one fold, and how it is stored and read again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dlcli.errors import Interrupted
from dlcli.training.checkpoint import Checkpoint, State, read_state, write_state
from dlcli.types import Array

if TYPE_CHECKING:
    from dlcli.network.scores import Scored
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
    """

    epochs: int
    seconds: float
    metrics: dict[str, float]
    outputs: Array

    @classmethod
    def of(cls, fitted: FitResult, scored: Scored) -> FoldOutcome:
        """Return the outcome of a fit."""
        metrics = {name: float(value) for name, value in scored.scores.metrics.items()}
        return cls(fitted.epochs, fitted.seconds, metrics, scored.outputs)

    def state(self) -> State:
        """Return what is stored of it."""
        values = {"epochs": self.epochs, "seconds": self.seconds, "metrics": self.metrics}
        return State({DONE: values}, {"outputs": [self.outputs]})

    @classmethod
    def from_state(cls, state: State) -> FoldOutcome:
        """Return the outcome that was stored."""
        return cls(**state.values[DONE], outputs=state.arrays["outputs"][0])


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
    """
    if checkpoint is None:
        return _train(session, on_progress, None)
    state, damages = read_state(checkpoint)
    session.notices += damages
    if state is not None and DONE in state.values:
        return FoldOutcome.from_state(state)
    outcome = _train(session, on_progress, Checkpoint(checkpoint, state=state))
    write_state(checkpoint, outcome.state())
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
