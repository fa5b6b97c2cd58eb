"""The searches of a run: that in all rows, and those in the outer folds of a cross-validation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dlcli.experiments.search.searching import Search, SearchPlan
from dlcli.experiments.search.trials import Measure, TrialResult
from dlcli.experiments.search.tune_result import NestedFold
from dlcli.experiments.search.variants import Values
from dlcli.training.progress import OnProgress
from dlcli.training.trials.trainers import TrialTrainers
from dlcli.training.trials.trial import Training
from dlcli.work.executor import Executor

OnTrials = Callable[[list[TrialResult], Measure], None]


@dataclass(frozen=True)
class Searches:
    """The search of a run, and those in the outer folds of a nested cross-validation.

    Parameters
    ----------
    trainers : TrialTrainers
        Of the plans of all searches, and then of a plan for each outer fold.
    executor : Executor
    plans : list of SearchPlan
        Of the search of the run, and of that in each outer fold.
    folder : Path
        The run directory.
    on_search, on_trials, on_progress : callable, optional
    """

    trainers: TrialTrainers
    executor: Executor
    plans: list[SearchPlan]
    folder: Path
    on_search: Callable[[str, int], None] | None
    on_trials: OnTrials | None
    on_progress: OnProgress | None

    def open(self, number: int, name: str) -> Search:
        """Return a search by the number of its plan; `name` is that of its folder."""
        plan, folder = self.plans[number], self.folder / name
        folder.mkdir(exist_ok=True)
        if self.on_search is not None:
            self.on_search(name, plan.section.most_trials)
        return Search(
            self.trainers, number, self.executor, plan, folder,
            self.trainers.prepared.config.seed + number,
            on_trials=self.on_trials, on_progress=self.on_progress,
        )  # fmt: skip

    def nested_fold(self, number: int) -> NestedFold:
        """Search in the training rows of an outer fold, and score its best trial on the others."""
        search = self.open(number, f"fold-{number}")
        best = search.measure.best(search.run())
        if best is None:
            return NestedFold(number, {}, float("nan"), float("nan"))
        score = _score_on(search, best.values, len(self.plans) - 1 + number)
        return NestedFold(number, best.values, best.mean(search.measure), score)


def _score_on(search: Search, values: Values, plan: int) -> float:
    """Train the config of a trial on the split of a plan, and return the score on its test rows."""
    trainers, executor = search.runner.trainers, search.runner.executor
    config = search.variants.config_of(values, trainers.prepared.config.seed)
    pieces = trainers.trainer(plan).pieces([Training(0, config)])
    ((_, (outcome,)),) = executor.run([(plan, piece) for piece in pieces])
    return float(outcome.metrics.get("test", {}).get(search.measure.metric, float("nan")))
