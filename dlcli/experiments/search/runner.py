"""Train trials, and keep what is done, so that a killed search repeats nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

from pydantic import ValidationError

from dlcli.errors import DlcliError, first_line
from dlcli.experiments.search.trials import TrainingScore, TrialResult
from dlcli.experiments.search.variants import Values, Variants
from dlcli.training.progress import OnProgress, Progress
from dlcli.training.trials.trainer import Piece
from dlcli.training.trials.trainers import TrialTrainers
from dlcli.training.trials.transport import StoredOutcome
from dlcli.training.trials.trial import Training, TrainingOutcome
from dlcli.work.executor import Executor

OUTCOMES = "outcomes.jsonl"
Key = tuple[int, int, int]  # trial, seed, split


class _OutcomeLine(StoredOutcome):
    """A line of the file of outcomes."""

    trial: int
    seed: int
    split: int


class OutcomeFile:
    """The outcomes of finished trainings, a line of JSON each.

    A line that a killed process wrote by half is dropped.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / OUTCOMES

    def read(self) -> dict[Key, TrainingOutcome]:
        """Return the outcomes by trial, seed and split."""
        if not self.path.exists():
            return {}
        outcomes: dict[Key, TrainingOutcome] = {}
        valid = 0
        data = self.path.read_bytes()
        for line in data.splitlines(keepends=True):
            try:
                stored = _OutcomeLine.model_validate_json(line)
            except ValidationError:
                break
            if not line.endswith(b"\n"):
                break
            valid += len(line)
            key = stored.trial, stored.seed, stored.split
            outcomes[key] = stored.outcome()
        if valid < len(data):
            os.truncate(self.path, valid)
        return outcomes

    def add(self, outcomes: Sequence[tuple[Key, TrainingOutcome]]) -> None:
        """Append outcomes, and wait until they are on the disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lines = []
        for (trial, seed, split), outcome in outcomes:
            values = {"trial": trial, "seed": seed, "split": split, **asdict(outcome)}
            lines.append(json.dumps(values) + "\n")
        with self.path.open("a", encoding="utf-8") as file:
            file.write("".join(lines))
            file.flush()
            os.fsync(file.fileno())


class TrialRunner:
    """Train trials of a config on the splits of a plan.

    Parameters
    ----------
    trainers : TrialTrainers
    plan : int
        Number of the plan.
    executor : Executor
        Trains the pieces of `trainers`.
    variants : Variants
    seeds : sequence of int
    folder : Path
        Where outcomes are kept, and looked for.
    part_names : mapping
        Names in the results of the parts of the rows that are scored.
    keep_going : bool
        Whether values that are not allowed together are the failure of a trial, and not an error.
    on_progress : callable, optional
    on_trained : callable, optional
        Called with the number of further trainings that are done.
    """

    def __init__(
        self,
        trainers: TrialTrainers,
        plan: int,
        executor: Executor,
        variants: Variants,
        seeds: Sequence[int],
        folder: Path,
        *,
        part_names: Mapping[str, str] | None = None,
        keep_going: bool = False,
        on_progress: OnProgress | None = None,
        on_trained: Callable[[int], None] | None = None,
    ) -> None:
        self.trainers, self.plan, self.executor = trainers, plan, executor
        self.variants, self.seeds = variants, seeds
        self.splits = trainers.plans[plan].splits
        self.part_names, self.keep_going = part_names or {}, keep_going
        self.file = OutcomeFile(folder)
        self.done = self.file.read()
        self.on_progress, self.on_trained = on_progress, on_trained

    def trainings(self, numbers: Sequence[int], values: Sequence[Values]) -> list[Training]:
        """Return the trainings of some trials; their configs are checked.

        Raises
        ------
        ConfigError, DlcliError
            If a value is not allowed, unless `keep_going`.
        """
        trainings = []
        for number, own in zip(numbers, values, strict=True):
            try:
                trainings += self._trainings_of(number, own)
            except DlcliError as error:
                if not self.keep_going:
                    raise
                failure = TrainingOutcome(0, 0.0, {}, first_line(error))
                self.done |= dict.fromkeys(self._keys_of(number), failure)
        return trainings

    def _trainings_of(self, number: int, values: Values) -> list[Training]:
        configs = [self.variants.config_of(values, seed) for seed in self.seeds]
        splits = range(len(self.splits))
        return [Training(number, config, split) for config in configs for split in splits]

    def run(self, numbers: Sequence[int], values: Sequence[Values]) -> list[TrialResult]:
        """Train the trials that are not done.

        Parameters
        ----------
        numbers : sequence of int
            Numbers of the trials, from 1.
        values : sequence of mapping
            Their values by key.

        Raises
        ------
        ConfigError, DlcliError
            Before any training, if a value is not allowed, unless `keep_going`.
        Interrupted
            If SIGINT or SIGTERM arrived; what is done is kept.
        """
        pieces = self.trainers.trainer(self.plan).pieces(self.trainings(numbers, values))
        # All or none of a piece: copies that train together have their last bits in common.
        absent = [piece for piece in pieces if not all(key in self.done for key in _keys(piece))]
        left = sum(len(piece.trainings) for piece in absent)
        self._count(sum(len(piece.trainings) for piece in pieces) - left)
        items = [(self.plan, piece) for piece in absent]
        with closing(self.executor.run(items, self._report)) as results:
            for index, outcomes in results:
                self._keep(absent[index], outcomes)
        return [
            TrialResult(number, own, tuple(self._scores_of(number)))
            for number, own in zip(numbers, values, strict=True)
        ]

    def _keep(self, piece: Piece, outcomes: Sequence[TrainingOutcome]) -> None:
        """Write the outcomes of a piece."""
        named = list(zip(_keys(piece), map(self._renamed, outcomes), strict=True))
        self.file.add(named)
        self.done |= named
        self._count(len(named))

    def _count(self, trainings: int) -> None:
        if self.on_trained is not None and trainings:
            self.on_trained(trainings)

    def _report(self, _: int, progress: Progress) -> None:
        if self.on_progress is not None:
            self.on_progress(progress)

    def _renamed(self, outcome: TrainingOutcome) -> TrainingOutcome:
        names = self.part_names
        metrics = {names.get(part, part): values for part, values in outcome.metrics.items()}
        return replace(outcome, metrics=metrics)

    def _scores_of(self, number: int) -> list[TrainingScore]:
        folds = len(self.splits) > 1
        return [
            TrainingScore(key[1], key[2] + 1 if folds else 0, self.done[key])
            for key in self._keys_of(number)
        ]

    def _keys_of(self, number: int) -> list[Key]:
        splits = range(len(self.splits))
        return [(number, seed, split) for seed in self.seeds for split in splits]


def _keys(piece: Piece) -> list[Key]:
    return [(training.trial, training.seed, training.split) for training in piece.trainings]
