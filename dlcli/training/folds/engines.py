"""How folds are trained: all together in one program, or one after the other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dlcli.errors import DlcliError
from dlcli.network.backend import cpu_count
from dlcli.network.building import make_callbacks
from dlcli.network.cost import computing_seconds
from dlcli.preparation import Preprocessor
from dlcli.preparation.prepare import Prepared
from dlcli.preparation.split import Split
from dlcli.training.folds.trainer import FoldOutcome, FoldTrainer
from dlcli.training.folds.workers import FoldWorkers, fold_checkpoint, most_workers
from dlcli.training.stacked import ROWS_BYTES, Copy, NotStackable, Replicas, why_not

if TYPE_CHECKING:
    from dlcli.training.progress import OnProgress

EngineChoice = Literal["auto", "stacked", "serial"]
# A step that computes longer than this is no faster in one program.
LONG_STEP = 1e-3


@dataclass(frozen=True)
class Engine:
    """The way that was chosen.

    Parameters
    ----------
    name : {"stacked", "serial"}
    folds : int
    reason : str
        Why the folds do not train together.
    jobs : int
        How many processes train them.
    """

    name: Literal["stacked", "serial"]
    folds: int
    reason: str = ""
    jobs: int = 1

    def __str__(self) -> str:
        """Say it in a line."""
        if self.name == "stacked":
            return f"stacked: {self.folds} folds in one program"
        if self.jobs > 1:
            return f"fold by fold in {self.jobs} processes: {self.reason}"
        return f"fold by fold: {self.reason}"

    def to_json(self) -> dict[str, Any]:
        """Return what ``run.json`` keeps."""
        plain: dict[str, Any] = {"name": self.name}
        if self.reason:
            plain["reason"] = self.reason
        return {**plain, "jobs": self.jobs} if self.jobs > 1 else plain


class FoldEngine:
    """Trains folds in the way that applies, and scores each.

    Parameters
    ----------
    trainer : FoldTrainer
    folds : sequence of Split
    choice : {"auto", "stacked", "serial"}
        What was asked for.
    jobs : int
        How many processes may train what cannot train together.

    Raises
    ------
    DlcliError
        If the folds cannot train together, and that was asked for.
    """

    def __init__(
        self,
        trainer: FoldTrainer,
        folds: Sequence[Split],
        choice: EngineChoice,
        jobs: int = 1,
    ) -> None:
        self.trainer, self.folds = trainer, folds
        self._replicas: Replicas | None = None
        self._preprocessors: list[Preprocessor] = []
        trainer.prepare(folds[0])
        reason = "as asked for"
        if choice != "serial":
            try:
                self._stack(must_pay=choice == "auto")
                reason = ""
            except NotStackable as obstacle:
                reason = str(obstacle)
        if reason and choice == "stacked":
            raise DlcliError(
                f"the folds cannot be trained in one program: {reason}",
                hint="leave out --engine stacked; fold by fold the result is the same",
            )
        name: Literal["stacked", "serial"] = "serial" if reason else "stacked"
        self.engine = Engine(name, len(folds), reason, self._affordable(jobs) if reason else 1)
        # The last digits show it, so that it has to follow from what the run records.
        self.threads = max(1, cpu_count() // self.engine.jobs)

    def _affordable(self, jobs: int) -> int:
        """Return how many processes to start: no more than there are folds, and memory."""
        values = math.prod(self.trainer.model.input_shape[1:]) * len(self.trainer.dataset)
        return min(jobs, len(self.folds), most_workers(4 * values))

    def _stack(self, *, must_pay: bool) -> None:
        """Make the program of all folds."""
        trainer, config = self.trainer, self.trainer.config
        if len(self.folds) == 1:
            raise NotStackable("there is one split only")
        reason = why_not(trainer.model, make_callbacks(config, None))
        if reason is not None:
            raise NotStackable(reason)
        if must_pay and computing_seconds(trainer.model, config.fit.batch_size) > LONG_STEP:
            raise NotStackable("the model is so large that one program saves no time")
        values = math.prod(trainer.model.input_shape[1:]) * sum(len(f.train) for f in self.folds)
        if 4 * values > ROWS_BYTES:
            raise NotStackable("the rows of all folds together are large")
        copies = []
        for number, fold in enumerate(self.folds, 1):
            model = trainer.model
            preprocessor, _ = trainer.prepare(fold)
            if trainer.model is not model:
                raise NotStackable("the folds' inputs differ in width")
            state = trainer.first_state[: len(model.variables)]
            data = trainer.data(fold, preprocessor)
            callbacks = make_callbacks(config, None)
            copies.append(Copy(f"fold {number}", data, config.seed, state, callbacks))
            self._preprocessors.append(preprocessor)
        self._replicas = Replicas(trainer.model, copies, config.fit)

    @property
    def notices(self) -> list[str]:
        """What a user should know of states that were found."""
        return [*self.trainer.notices, *(self._replicas.notices if self._replicas else ())]

    def run(
        self, on_progress: OnProgress | None, checkpoint: Path | None = None
    ) -> Iterator[FoldOutcome]:
        """Train all folds.

        Parameters
        ----------
        on_progress : callable, optional
        checkpoint : Path, optional
            Folder where states are kept and looked for.

        Yields
        ------
        FoldOutcome
            Of each fold in turn.

        Raises
        ------
        Interrupted
            If SIGINT or SIGTERM came; of folds that train together none has been given then.
        """
        if self.engine.jobs > 1:
            trainer = self.trainer
            prepared = Prepared(trainer.config, trainer.dataset, ())
            workers = FoldWorkers(prepared, self.folds, self.engine.jobs, self.threads, checkpoint)
            yield from workers.run(on_progress)
            return
        if self._replicas is None:
            for number, fold in enumerate(self.folds, 1):
                yield self.trainer.run(fold, on_progress, fold_checkpoint(checkpoint, number))
            return
        results = self._replicas.fit(on_progress, checkpoint and checkpoint / "stack")
        for fold, preprocessor, result in zip(
            self.folds, self._preprocessors, results, strict=True
        ):
            self.trainer.model.set_weights(result.weights)
            yield FoldOutcome.of(result.fitted, self.trainer.score(fold, preprocessor))
