"""Search in some rows of a data set: ask for trials, train them, tell their scores."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dlcli.config.metrics import better_when, logged_keys
from dlcli.config.sections import Config
from dlcli.config.tune import TuneConfig
from dlcli.errors import DlcliError
from dlcli.experiments.search.runner import TrialRunner
from dlcli.experiments.search.study import Study
from dlcli.experiments.search.trials import Measure, TrialResult, choose_measure, named_measure
from dlcli.experiments.search.variants import Variants, text_of
from dlcli.network.scores import COMPUTED_SCORES
from dlcli.preparation.folds import make_folds
from dlcli.preparation.prepare import Prepared
from dlcli.preparation.split import TEST, Split
from dlcli.training.progress import OnProgress
from dlcli.training.trials.halving import Halving
from dlcli.training.trials.trainers import TrialPlan, TrialTrainers
from dlcli.work.executor import Executor

FOLDS = 5
VALIDATION = "validation"


@dataclass(frozen=True)
class SearchRows:
    """The rows in which trials are trained and scored.

    Parameters
    ----------
    splits : list of Split
        One, or a split for each fold.
    scored : {"validation", "test"}
        The part of each split whose scores count: test rows of a fold, or validation rows.
    """

    splits: list[Split]
    scored: str

    @property
    def folds(self) -> int:
        """Number of folds; 1 for a single split."""
        return len(self.splits)


def search_rows(prepared: Prepared, split: Split, folds: int | None) -> SearchRows:
    """Return the splits of a search within the training and validation rows of a split.

    Parameters
    ----------
    prepared : Prepared
    split : Split
        Its test rows are in no split of the search.
    folds : int or None
        None takes the validation rows of `split`, or if it has none 5 folds.
    """
    if folds is None and len(split.validation):
        return SearchRows([replace(split, test=split.test[:0])], "validation")
    config, dataset = prepared.config, prepared.dataset
    parts = np.full(len(dataset), TEST, np.int8)
    parts[split.train] = parts[split.validation] = 0
    inner = replace(dataset, parts=parts)
    count = FOLDS if folds is None else folds
    return SearchRows(make_folds(inner, config.split, count, config.split_seed), "test")


@dataclass(frozen=True)
class SearchPlan:
    """What a search trains, and by what it compares.

    Parameters
    ----------
    section : TuneConfig
    rows : SearchRows
    measure : Measure
    trials : TrialPlan
    """

    section: TuneConfig
    rows: SearchRows
    measure: Measure
    trials: TrialPlan


def search_plan(prepared: Prepared, section: TuneConfig, rows: SearchRows) -> SearchPlan:
    """Return the plan of a search in some rows.

    Raises
    ------
    DlcliError
        If the metric is not measured.
    """
    measure = _measure(prepared, section)
    halving = _halving(prepared.config, section, rows, measure)
    return SearchPlan(section, rows, measure, TrialPlan(rows.splits, (rows.scored,), halving))


class Search:
    """A search in some rows.

    Parameters
    ----------
    trainers : TrialTrainers
    number : int
        Of the plan among those of `trainers`.
    executor : Executor
    plan : SearchPlan
    folder : Path
        Where the study and the finished trainings are kept, and looked for.
    seed : int
        Of the choice of values.
    on_trials : callable, optional
        Called with the trials of a batch when their scores are known.
    on_progress : callable, optional
    """

    def __init__(
        self,
        trainers: TrialTrainers,
        number: int,
        executor: Executor,
        plan: SearchPlan,
        folder: Path,
        seed: int,
        *,
        on_trials: Callable[[list[TrialResult], Measure], None] | None = None,
        on_progress: OnProgress | None = None,
    ) -> None:
        prepared = trainers.prepared
        self.section, self.measure, self.on_trials = plan.section, plan.measure, on_trials
        self.variants = Variants(prepared.config, prepared.dataset)
        self.runner = TrialRunner(
            trainers,
            number,
            executor,
            self.variants,
            [prepared.config.seed],
            folder / "checkpoint",
            part_names={plan.rows.scored: VALIDATION},
            keep_going=True,
            on_progress=on_progress,
        )
        self.study = Study(
            folder, plan.section, seed, larger_is_better=self.measure.larger_is_better
        )
        self.trials: list[TrialResult] = []
        self._by_values: dict[str, TrialResult] = {}

    def run(self) -> list[TrialResult]:
        """Train all trials that are not done, and return them.

        Raises
        ------
        DlcliError
            If the metric is not measured.
        Interrupted
            If SIGINT or SIGTERM arrived; what is done is kept.
        """
        # Trials are asked for together, and told together. The number does not depend on the
        # machine: a search gives the same trials everywhere.
        batch, most = self.section.batch, self.section.most_trials
        for first in range(0, most, batch):
            count = min(batch, most - first)
            trials = self._run_batch(first, count)
            self.study.tell(first, trials, self.measure)
            self.trials += trials
            if self.on_trials is not None:
                self.on_trials(trials, self.measure)
        return self.trials

    def _run_batch(self, first: int, count: int) -> list[TrialResult]:
        """Train a batch of trials; values that were tried before are not trained again."""
        values = self.study.ask(first, count)
        keys = [json.dumps(own, sort_keys=True) for own in values]
        new: dict[str, int] = {}
        for number, key in enumerate(keys, first + 1):
            if key not in self._by_values:
                new.setdefault(key, number)
        trained = self.runner.run(
            list(new.values()), [values[number - first - 1] for number in new.values()]
        )
        self._by_values |= zip(new, trained, strict=True)
        self._check_measured(trained)
        return [
            replace(self._by_values[key], number=number)
            for number, key in enumerate(keys, first + 1)
        ]

    def _check_measured(self, trials: list[TrialResult]) -> None:
        outcomes = [training.outcome for trial in trials for training in trial.trainings]
        measured = next((o.metrics[VALIDATION] for o in outcomes if o.metrics), None)
        if measured is not None:  # metrics of one's own may have names of their own
            _check_name(self.measure.metric, measured)


def _measure(prepared: Prepared, section: TuneConfig) -> Measure:
    """Return by what trials are compared."""
    config, target = prepared.config, prepared.dataset.target
    if section.metric is None:
        return choose_measure(config, target, VALIDATION)
    if all(better_when(metric) is not None for metric in config.metrics):  # all are Keras's
        keys = logged_keys(config.metrics, validation=False)
        _check_name(section.metric, dict.fromkeys([*keys, *COMPUTED_SCORES[target.task]]))
    return named_measure(config, section.metric, VALIDATION)


def _check_name(metric: str, measured: Iterable[str]) -> None:
    if metric not in measured:
        names = ", ".join(measured)
        raise DlcliError(f"tune.metric: {metric!r} is not measured; {names} are")


def check_ranges(variants: Variants, section: TuneConfig) -> None:
    """Check the extreme values of every key, one key at a time.

    Raises
    ------
    DlcliError
        If a key does not exist or must not vary, or a value is not allowed.
    """
    for key, item in section.search.items():
        for value in item.extremes():
            try:
                variants.config_of({key: value}, variants.config.seed)
            except DlcliError as error:
                message = str(error).removeprefix(f"{key}={text_of(value)}: ")
                raise DlcliError(f"tune.search.{key}: {text_of(value)}: {message}") from None


def _halving(
    config: Config, section: TuneConfig, rows: SearchRows, measure: Measure
) -> Halving | None:
    """Return the pruning, which needs validation rows in every epoch."""
    if not section.prune or not len(rows.splits[0].validation):
        return None
    name = f"val_{measure.metric}"
    if name in logged_keys(config.metrics, validation=True):
        return Halving(name, measure.larger_is_better)
    return Halving("val_loss", larger_is_better=False)
