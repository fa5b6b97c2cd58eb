"""The option ``--mlflow``: log a training to MLflow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlcli.cli.terminal import print_notes
from dlcli.errors import DlcliError, Interrupted, TrainingError, WriteError

if TYPE_CHECKING:
    from dlcli.exports.mlflow_tracking import MlflowTracker
    from dlcli.training.progress import OnProgress, Progress

Mlflow = Annotated[
    str | None,
    typer.Option(
        "--mlflow",
        metavar="URI",
        help="Log parameters, metrics, pictures and the model to MLflow, as in "
        "sqlite:///mlflow.db or http://localhost:5000. Default: nothing is sent anywhere.",
        show_default=False,
    ),
]


class Tracking:
    """What a training tells MLflow, if it is asked for."""

    def __init__(self, tracker: MlflowTracker | None) -> None:
        self.tracker = tracker

    def on_progress(self, display: OnProgress | None) -> OnProgress | None:
        """Return what takes the progress: a display, MLflow, or both."""
        tracker = self.tracker
        if tracker is None or display is None:
            return tracker or display

        def both(progress: Progress) -> None:
            display(progress)
            tracker(progress)

        return both

    def finish(self, run: Path, model: Path | None, signum: int | None) -> None:
        """Log a run directory, and print what could not be logged."""
        if self.tracker is not None:
            print_notes(self.tracker.finish(run, model, "KILLED" if signum else "FINISHED"))


@contextmanager
def tracking(uri: str | None, name: str) -> Iterator[Tracking]:
    """Open the store of MLflow before a training, and note there if the training fails."""
    if uri is None:
        yield Tracking(None)
        return
    from dlcli.exports.mlflow_tracking import MlflowTracker

    tracker = MlflowTracker(uri, name)
    try:
        yield Tracking(tracker)
    except Interrupted:
        tracker.fail("KILLED")
        raise
    except BaseException as error:
        # Other errors of the user are found before the first epoch.
        if isinstance(error, DlcliError) and not isinstance(error, TrainingError | WriteError):
            tracker.remove()
        else:
            tracker.fail("FAILED")
        raise
