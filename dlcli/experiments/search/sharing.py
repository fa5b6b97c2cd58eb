"""Train for a search that another process drives, as long as it does."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from dlcli.errors import AlreadyFinished, DlcliError
from dlcli.experiments.resume import OpenRun
from dlcli.experiments.search.workers import Workers
from dlcli.files import is_locked
from dlcli.runs.differences import environment_differences
from dlcli.runs.records import RunRecord, read_record
from dlcli.training.progress import OnProgress
from dlcli.training.trials.trainers import TrialTrainers
from dlcli.work.shared_folder import POLL_SECONDS, SharedFolder
from dlcli.work.signals import SignalListener


def open_search(
    run: Path | None,
    workers: Workers,
    trainers: TrialTrainers,
    current: RunRecord,
    on_progress: OnProgress | None,
    open_run: Callable[[], OpenRun],
    *,
    force: bool,
) -> OpenRun:
    """Open the run of a search to drive it.

    If it is shared and another process drives it, train its pieces until none does.

    Parameters
    ----------
    run : Path or None
        The run to resume.
    workers : Workers
    trainers : TrialTrainers
        Those that the process has which drives the run.
    current : RunRecord
        The record of a new run here.
    on_progress : callable, optional
    open_run : callable
        Begins or reopens the run.
    force : bool
        Whether to train in another environment too.

    Raises
    ------
    AlreadyFinished
        If the process that drives it has finished the run.
    DlcliError
        If data, versions or machine differ, or the run does not share its trainings.
    Interrupted
        If SIGINT or SIGTERM arrived; another process trains the piece then.
    """
    if run is None or workers.executor != "shared":
        return open_run()
    while True:
        if is_locked(run):
            _check(run, current, force=force)
            _help(run, workers.shared_folder(trainers, run), on_progress)
        try:
            return open_run()
        except AlreadyFinished:
            raise
        except DlcliError:
            if not is_locked(run):  # else another process was faster
                raise


def _check(run: Path, current: RunRecord, *, force: bool) -> None:
    record = read_record(run)
    if record.search is None or record.search.executor != "shared":
        raise DlcliError(
            f"{run} does not share its trainings", hint="start the search with --shared"
        )
    different = environment_differences(record, current)
    if different and not force:
        lines = "".join(f"\n  {line}" for line in different)
        raise DlcliError(f"{run}: this process would train to other bits{lines}")


def _help(run: Path, folder: SharedFolder, on_progress: OnProgress | None) -> None:
    """Train pieces as long as another process drives the run."""
    listener = SignalListener()
    while is_locked(run):
        with listener.listening():
            listener.check()
            if not folder.help_with(on_progress or (lambda _: None)):
                time.sleep(POLL_SECONDS)
