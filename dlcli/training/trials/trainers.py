"""The trainers of a command that trains trials on several sets of splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dlcli.preparation.prepare import Prepared
from dlcli.preparation.split import Split
from dlcli.training.trials.halving import Halving
from dlcli.training.trials.trainer import Piece, TrialTrainer
from dlcli.training.trials.trial import TrainingOutcome
from dlcli.training.worker_start import WorkerStart
from dlcli.work.executor import Function, Job, Report


@dataclass(frozen=True)
class TrialPlan:
    """On which rows some trials are trained, and how they are pruned.

    Parameters
    ----------
    splits : sequence of Split
        The folds, or a single split.
    parts : tuple of str
        Parts of the rows that are scored.
    halving : Halving, optional
    """

    splits: Sequence[Split]
    parts: tuple[str, ...]
    halving: Halving | None = None


class TrialTrainers:
    """Train pieces of several plans; only the trainer of the latest plan is kept.

    Parameters
    ----------
    prepared : Prepared
    plans : sequence of TrialPlan
    """

    def __init__(self, prepared: Prepared, plans: Sequence[TrialPlan]) -> None:
        self.prepared, self.plans = prepared, plans
        self._latest: tuple[int, TrialTrainer] | None = None

    def trainer(self, number: int) -> TrialTrainer:
        """Return the trainer of a plan, by its number from 0."""
        if self._latest is None or self._latest[0] != number:
            plan = self.plans[number]
            trainer = TrialTrainer(self.prepared, plan.splits, plan.parts, halving=plan.halving)
            self._latest = number, trainer
        return self._latest[1]

    def train(self, item: tuple[int, Piece], report: Report) -> list[TrainingOutcome]:
        """Train a piece of a plan.

        Parameters
        ----------
        item : tuple
            Number of the plan, and the piece.
        report : callable
            Called with a `Progress`.
        """
        number, piece = item
        trainer = self.trainer(number)
        trainer.on_progress = report
        return trainer.run(piece)

    def job(self, threads: int) -> Job:
        """Return what another process needs to train pieces."""
        prepared = replace(self.prepared, notices=())
        start = WorkerStart.of(prepared.config, threads)
        return Job(start, open_trials, (prepared, tuple(self.plans)))


def open_trials(data: tuple[Prepared, Sequence[TrialPlan]]) -> Function:
    """Return the function that trains pieces."""
    trainers = TrialTrainers(*data)

    def train(item: tuple[int, Piece], report: Report) -> list[TrainingOutcome]:
        # The metrics of each copy would be hundreds of numbers for every epoch.
        return trainers.train(item, lambda progress: report(replace(progress, copies={})))

    return train
