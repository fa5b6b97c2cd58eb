"""Train folds in several processes, each of which trains one fold after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from dlcli.preparation.prepare import Prepared
from dlcli.preparation.preprocessor import Preprocessor
from dlcli.preparation.split import Split
from dlcli.training.folds.outcome import FoldOutcome, fold_checkpoint, train_fold
from dlcli.training.progress import OnProgress, Progress
from dlcli.training.session import Session, open_sessions
from dlcli.training.worker_start import WorkerStart
from dlcli.work.executor import Function, Job, OpenExecutor, Report, in_order


@dataclass(frozen=True)
class FoldData:
    """What all folds have in common: data, splits, what was fitted so far, and a folder."""

    prepared: Prepared
    splits: list[Split]
    preprocessors: list[Preprocessor | None]
    checkpoint: Path | None


def train_in_processes(
    sessions: Sequence[Session],
    open_executor: OpenExecutor,
    checkpoint: Path | None,
    on_progress: OnProgress | None,
) -> Iterator[FoldOutcome]:
    """Train folds; see `dlcli.training.folds.engines.FoldEngine.run`.

    Parameters
    ----------
    sessions : sequence of Session
        One per fold.
    open_executor : callable
    checkpoint : Path, optional
        Folder where states are saved and looked for.
    on_progress : callable, optional

    Yields
    ------
    FoldOutcome
        Of each fold in turn.
    """
    prepared = replace(sessions[0].prepared, notices=())
    data = FoldData(
        prepared,
        [session.split for session in sessions],
        [vars(session).get("preprocessor") for session in sessions],
        checkpoint,
    )

    def job(threads: int) -> Job:
        return Job(WorkerStart.of(prepared.config, threads), open_folds, data)

    def report(fold: int, progress: Progress) -> None:
        if on_progress is not None:
            on_progress(replace(progress, fold=fold + 1))

    with closing(open_executor(job)) as executor:
        yield from in_order(executor.run(range(len(sessions)), report))


def open_folds(data: FoldData) -> Function:
    """Return the function that trains a fold by its number, from 0."""
    sessions = open_sessions(data.prepared, data.splits)
    for session, preprocessor in zip(sessions, data.preprocessors, strict=True):
        if preprocessor is not None:
            session.preprocessor = preprocessor

    def train(fold: int, report: Report) -> FoldOutcome:
        return train_fold(sessions[fold], report, fold_checkpoint(data.checkpoint, fold + 1))

    return train
