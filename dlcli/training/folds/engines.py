"""Train folds together in one program, or one after the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dlcli.errors import DlcliError
from dlcli.machine import cpu_count
from dlcli.network.building import make_callbacks
from dlcli.network.cost import batch_seconds
from dlcli.runs.records import EngineRecord
from dlcli.training.folds.outcome import FoldOutcome, fold_checkpoint, train_fold
from dlcli.training.folds.workers import train_in_processes
from dlcli.training.progress import OnProgress, progress_of_fold
from dlcli.training.session import Session
from dlcli.training.stacked import ROWS_BYTES, Copy, NotStackable, StackedFit, stacking_obstacle
from dlcli.work.executor import Executor, Job, OpenExecutor
from dlcli.work.processes import Processes, most_workers

EngineChoice = Literal["auto", "stacked", "serial"]
# Time for processes to finish a step and save their state.
SAVE_SECONDS = 20.0
# A step that computes longer than this is no faster in one program.
LONG_STEP = 1e-3
FLOAT_BYTES = 4


@dataclass(frozen=True)
class Engine:
    """How the folds of a run are trained.

    Parameters
    ----------
    name : {"stacked", "serial"}
    folds : int
    reason : str
        Why the folds are not trained together.
    jobs : int
        Number of processes.
    requested : {"auto", "stacked", "serial"}
        The ``engine`` argument.
    cluster : bool
        Whether folds that are not trained together are trained on a Ray cluster.
    """

    name: Literal["stacked", "serial"]
    folds: int
    reason: str = ""
    jobs: int = 1
    requested: EngineChoice = "auto"
    cluster: bool = False

    def __str__(self) -> str:
        """Return one line for the terminal."""
        if self.name == "stacked":
            return f"training {self.folds} folds together in one program"
        if self.cluster:
            return f"training folds on a Ray cluster ({self.reason})"
        if self.jobs > 1:
            return f"training folds in {self.jobs} processes ({self.reason})"
        return f"training folds one after the other ({self.reason})"

    def record(self) -> EngineRecord:
        """Return the part of ``run.json`` that describes the engine."""
        return EngineRecord(
            name=self.name, requested=self.requested, reason=self.reason, jobs=self.jobs
        )


class FoldEngine:
    """Train all folds with the engine that suits the model, and score each.

    Parameters
    ----------
    sessions : sequence of Session
        One per fold, sharing one model.
    choice : {"auto", "stacked", "serial"}
        The requested engine.
    jobs : int
        Largest number of processes for folds that are not trained together.
    recorded : EngineRecord, optional
        The engine of the run that is resumed; it replaces `choice` and `jobs`. What was chosen
        counts, since the bits depend on it, and not what was requested.

    Raises
    ------
    DlcliError
        If ``"stacked"`` was requested and the folds cannot be trained together.
    """

    def __init__(
        self,
        sessions: Sequence[Session],
        choice: EngineChoice,
        jobs: int = 1,
        recorded: EngineRecord | None = None,
    ) -> None:
        self.sessions = sessions
        self._stacked: StackedFit | None = None
        sessions[0].prepare_model()
        requested, reason = choice, "--engine serial"
        if recorded is not None:
            requested, reason = recorded.requested, recorded.reason
            choice, jobs = recorded.name, recorded.jobs
        if choice != "serial":
            try:
                self._stacked = _stack(sessions, must_be_faster=choice == "auto")
                reason = ""
            except NotStackable as obstacle:
                reason = str(obstacle)
        if reason and choice == "stacked":
            hint = "leave out --engine stacked; one after the other gives the same result"
            if recorded is not None:
                hint = "the run began in one program; start it again without --resume"
            raise DlcliError(f"the folds cannot be trained in one program: {reason}", hint=hint)
        name: Literal["stacked", "serial"] = "serial" if self._stacked is None else "stacked"
        jobs = self._affordable(jobs) if self._stacked is None else 1
        self.engine = Engine(name, len(sessions), reason, jobs, requested)
        # The last bits depend on the number of threads, which must follow from the run's record.
        self.threads = max(1, cpu_count() // self.engine.jobs)

    def _affordable(self, jobs: int) -> int:
        """Return the number of processes: at most one per fold, and as memory allows."""
        first = self.sessions[0]
        values = math.prod(first.model.input_shape[1:]) * len(first.prepared.dataset)
        return min(jobs, len(self.sessions), most_workers(FLOAT_BYTES * values))

    @property
    def notices(self) -> list[str]:
        """Warnings about the checkpoints that were found."""
        notices = [notice for session in self.sessions for notice in session.notices]
        return [*notices, *(self._stacked.notices if self._stacked else ())]

    def run(
        self,
        on_progress: OnProgress | None,
        checkpoint: Path | None = None,
        open_executor: OpenExecutor | None = None,
    ) -> Iterator[FoldOutcome]:
        """Train all folds.

        Parameters
        ----------
        on_progress : callable, optional
        checkpoint : Path, optional
            Folder where states are written and looked for.
        open_executor : callable, optional
            Where folds are trained that do not train together. Default: in this process, or in
            `jobs` processes.

        Yields
        ------
        FoldOutcome
            Of each fold in turn.

        Raises
        ------
        Interrupted
            If SIGINT or SIGTERM arrived; folds that train together have yielded nothing then.
        """
        if self._stacked is None and (open_executor is not None or self.engine.jobs > 1):
            self.sessions[0].release()  # a worker process computes them again
            yield from train_in_processes(
                self.sessions,
                open_executor or self._processes,
                checkpoint,
                on_progress,
            )
        elif self._stacked is None:
            for number, session in enumerate(self.sessions, 1):
                report = progress_of_fold(on_progress, number)
                yield train_fold(session, report, fold_checkpoint(checkpoint, number))
        else:
            results = self._stacked.run(on_progress, checkpoint and checkpoint / "stack")
            for session, result in zip(self.sessions, results, strict=True):
                session.model.set_weights(result.weights)
                yield FoldOutcome.of(result.fitted, session.score(["test"])["test"])
                session.release()

    def _processes(self, job: Callable[[int], Job]) -> Executor:
        return Processes(job(self.threads), self.engine.jobs, SAVE_SECONDS)


def _stack(sessions: Sequence[Session], *, must_be_faster: bool) -> StackedFit:
    """Build the program that trains all folds together.

    Parameters
    ----------
    sessions : sequence of Session
        The model of the first is prepared.
    must_be_faster : bool
        Whether it must also be faster than training the folds one after the other.

    Raises
    ------
    NotStackable
        If they cannot be trained together, or need not be.
    """
    config, models = sessions[0].prepared.config, sessions[0].models
    model = models.model
    if len(sessions) == 1:
        raise NotStackable("there is one split only")
    reason = stacking_obstacle(model, make_callbacks(config, None))
    if reason is not None:
        raise NotStackable(reason)
    if must_be_faster and batch_seconds(model, config.fit.batch_size) > LONG_STEP:
        raise NotStackable("the model is so large that one program saves no time")
    shape = tuple(model.input_shape[1:])
    values = math.prod(shape) * sum(len(session.split.train) for session in sessions)
    if FLOAT_BYTES * values > ROWS_BYTES:
        raise NotStackable("the rows of all folds together are large")
    if any(session.preprocessor.input_shape != shape for session in sessions):
        raise NotStackable("the folds' inputs differ in width")
    state = models.initial_values[: len(model.variables)]
    try:
        copies = [
            Copy(
                f"fold {number}", session.fit_data(), config.seed, state,
                make_callbacks(config, None), session.target_preprocessor.constants,
            )
            for number, session in enumerate(sessions, 1)
        ]  # fmt: skip
        return StackedFit(model, copies, config.fit)
    finally:
        for session in sessions:
            session.release()
