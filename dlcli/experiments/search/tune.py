"""Search for better values of a config, and score the best on rows that no trial has seen."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dlcli.config.sections import Config
from dlcli.config.tune import SearchRange, TuneConfig
from dlcli.config.yaml_text import dump
from dlcli.errors import DlcliError, plural
from dlcli.experiments.inputs import ConfigLike, config_with_data
from dlcli.experiments.resume import open_run
from dlcli.experiments.search.nested import OnTrials, Searches
from dlcli.experiments.search.samplers import check_packages
from dlcli.experiments.search.searching import (
    Search,
    SearchPlan,
    check_ranges,
    search_plan,
    search_rows,
)
from dlcli.experiments.search.sharing import open_search
from dlcli.experiments.search.study import import_optuna
from dlcli.experiments.search.trials import TrialResult, write_trials
from dlcli.experiments.search.tune_result import TuneResult
from dlcli.experiments.search.variants import Variants
from dlcli.experiments.search.workers import Workers
from dlcli.experiments.train_result import TrainResult
from dlcli.experiments.training_run import train_inside
from dlcli.experiments.unfinished import resumable_record
from dlcli.files import write_json, write_text
from dlcli.plots.sweep import SweepPoints, draw_search
from dlcli.preparation.prepare import Prepared, prepare
from dlcli.preparation.split import Split
from dlcli.runs.description import describe_run
from dlcli.runs.directory import RunDirectory
from dlcli.runs.records import SearchRecord
from dlcli.training.data_notices import data_notices
from dlcli.training.network_check import check_network
from dlcli.training.session import Session, open_session
from dlcli.training.trials.trainers import TrialPlan, TrialTrainers

if TYPE_CHECKING:
    import pandas as pd

    from dlcli.datasets.dataset import Dataset
    from dlcli.training.progress import OnProgress

BEST = "best"
FOLDS = 5


def tune(
    config: ConfigLike,
    *,
    data: pd.DataFrame | str | os.PathLike[str] | None = None,
    nested: bool = False,
    runs: str | os.PathLike[str] = "runs",
    sample: bool = False,
    jobs: int | None = None,
    threads: int | None = None,
    ray: bool | str = False,
    shared: bool = False,
    resume: str | os.PathLike[str] | None = None,
    force: bool = False,
    on_start: Callable[[Config, Dataset, list[str]], None] | None = None,
    on_search: Callable[[str, int], None] | None = None,
    on_trials: OnTrials | None = None,
    on_progress: OnProgress | None = None,
    download_bar: bool = False,
) -> TuneResult:
    """Search for better values of a config, by its section ``tune``.

    The trials are compared by validation rows, or by folds of the rows that are not test rows. The
    best one is trained once more, and scored on the test rows, which no trial has seen.

    Parameters
    ----------
    config : Config, str, path or mapping
        As `load_config` takes it.
    data : DataFrame or path, optional
        In place of the data that the config names. A DataFrame is saved below `runs`, without
        its index, and read like a CSV.
    nested : bool
        Whether to estimate the score of the whole procedure too, by a search of its own in the
        training rows of each of ``kfold.folds`` outer folds.
    runs : path
        Folder of all runs; the results are saved in ``runs/<name>/<number>``.
    sample : bool
        Whether to use a small sample instead of the data set.
    jobs : int, optional
        Number of processes that train, each with ``threads``. Default: this process trains.
    threads : int, optional
        Threads of each process that trains; the last bits of the results depend on it. Default:
        the processors, divided by `jobs`; 1 with `ray`.
    ray : bool or str
        Address of a Ray cluster that trains, or True for that in ``RAY_ADDRESS``, without which one
        is started on this machine.
    shared : bool
        Whether other processes train too that resume the same run, also with `shared`; the run
        directory is on a file system that all of them see.
    resume : path, optional
        Run directory of an unfinished search of this config. No trial is lost or repeated.
    force : bool
        Whether to resume even if data, versions or machine differ; the differences are recorded.
    on_start : callable, optional
        Called once before the first training with the resolved config, the data set and notices.
    on_search : callable, optional
        Called at the beginning of each search with its name and its number of trials.
    on_trials : callable, optional
        Called with the trials of a batch and how they are compared.
    on_progress : callable, optional
        Called with a `Progress` during a training, or all together.
    download_bar : bool
        Whether to show a download's progress on standard error.

    Returns
    -------
    TuneResult

    Raises
    ------
    ConfigError, DatasetError, DlcliError
        Before anything is written, also if a range contains values that are not allowed, or Optuna
        is not installed.
    AlreadyFinished
        If the run to resume has finished.
    Interrupted
        If a signal arrives; the run can be resumed.
    WriteError
        If the disk is full.
    """
    runs = Path(runs)
    config = config_with_data(config, data, runs)
    section = _section(config)
    import_optuna()
    check_packages(section)
    resume, recorded = Path(resume) if resume is not None else None, None
    if resume is not None:
        earlier = resumable_record(resume, "tune", config, shared=shared)
        recorded, sample = earlier.search or SearchRecord(), earlier.sample
        nested = recorded.nested
    workers = Workers.of(jobs, threads, ray, recorded, shared=shared)
    workers.limit_threads()
    started = time.monotonic()
    prepared = prepare(config, sample=sample, progress=download_bar)
    session = open_session(prepared)
    check_network(session)
    config, dataset, split = prepared.config, prepared.dataset, session.split
    check_ranges(Variants(config, dataset), section)
    outer = _outer_splits(prepared, split) if nested else []
    plans = [
        search_plan(prepared, section, search_rows(prepared, rows, section.folds))
        for rows in [split, *outer]
    ]
    notices = _notices(session, section, plans[0])
    record = describe_run(
        "tune", config, dataset, search=SearchRecord(nested=nested, **workers.record())
    )
    # The searches, and the outer folds in which the best of each is scored.
    outer_plans = [TrialPlan([fold], ("test",)) for fold in outer]
    trainers = TrialTrainers(prepared, [*(plan.trials for plan in plans), *outer_plans])
    reopen = partial(open_run, runs, config, record, resume, force=force)
    opened = open_search(resume, workers, trainers, record, on_progress, reopen, force=force)
    run = opened.run
    notices += opened.notices
    if on_start is not None:
        on_start(config, dataset, notices)
    with run.failing(), workers.open(trainers, run.path) as executor:
        searches = Searches(trainers, executor, plans, run.path, on_search, on_trials, on_progress)
        result = _search(run, searches, prepared, notices, started)
        _write(result, section.search)
        run.finish("finished")
    run.remove_checkpoint()
    return result


def _search(
    run: RunDirectory,
    searches: Searches,
    prepared: Prepared,
    notices: Sequence[str],
    started: float,
) -> TuneResult:
    """Run all searches, and train the best trial of that in all rows."""
    nested = [searches.nested_fold(number) for number in range(1, len(searches.plans))]
    search = searches.open(0, "")
    trials = search.run()
    final = _train_best(run, prepared, search, trials)
    return TuneResult(
        path=run.path,
        notices=tuple(notices),
        seconds=time.monotonic() - started,
        config=prepared.config,
        sampled=prepared.dataset.sampled,
        trials=tuple(trials),
        measure=search.measure,
        folds=searches.plans[0].rows.folds,
        importances=search.study.importances(),
        final=final,
        nested=tuple(nested),
    )


def _section(config: Config) -> TuneConfig:
    if config.tune is None:
        raise DlcliError(
            f"{config.name} has no section tune, which says what to vary",
            hint="`tune: {search: {optimizer.learning_rate: {log: [1e-4, 0.1]}}}`",
        )
    if config.split.validates_on_test:
        raise DlcliError(
            "`split: {validation: test}` leaves no rows that no trial has seen",
            hint="set a share, as in `split: {validation: 0.2}`",
        )
    return config.tune


def _notices(session: Session, section: TuneConfig, plan: SearchPlan) -> list[str]:
    """Return what a user should know before the search."""
    config = session.prepared.config
    notices = data_notices([session])
    if config.kfold.epochs is not None and plan.rows.folds > 1:
        epochs = plural(config.fit.epochs, "epoch")
        notices.append(f"`kfold.epochs` is for `dlcli kfold`; each fold of a trial has {epochs}")
    if section.sampler == "grid" and section.most_trials < section.combinations:
        tried = f"{section.most_trials} of the {section.combinations:,} combinations"
        notices.append(f"sampler: grid tries {tried}; `tune.trials` sets how many")
    return notices


def _outer_splits(prepared: Prepared, split: Split) -> list[Split]:
    """Return the outer folds of a nested cross-validation, within the rows but the test rows."""
    folds = prepared.config.kfold.folds
    return search_rows(prepared, split, folds).splits


def _train_best(
    run: RunDirectory, prepared: Prepared, search: Search, trials: list[TrialResult]
) -> TrainResult | None:
    """Write the config of the best trial, train it, and score it on the test rows."""
    best = search.measure.best(trials)
    if best is None:
        return None
    config = search.variants.config_of(best.values, prepared.config.seed)
    config = config.attach(prepared.config.name, config.document, config.warnings)
    write_text(run.path / f"{BEST}.yaml", dump(config.plain()))
    return train_inside(run, BEST, Prepared(config, prepared.dataset, ()))


def _write(result: TuneResult, search: Mapping[str, SearchRange]) -> None:
    """Write ``trials.csv``, ``metrics.json`` and a picture."""
    write_trials(result.path / "trials.csv", result.trials)
    write_json(result.path / "metrics.json", result.to_json())
    if result.best is None:
        return
    points = [
        SweepPoints(
            trial.values, tuple(trial.scores(result.measure).values()), trial.std(result.measure)
        )
        for trial in result.trials
    ]
    mark = " (sample)" if result.sampled else ""
    rows = "out of fold" if result.folds > 1 else "validation rows"
    title = f"{result.config.name}{mark}, {rows}"
    draw_search(
        result.path / "search.png", points, result.importances, result.measure.metric, title,
        larger_is_better=result.measure.larger_is_better,
        log={key: "log" in item.kind for key, item in search.items() if item.kind != "choice"},
    )  # fmt: skip
