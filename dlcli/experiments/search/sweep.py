"""Train a config with every combination of some values, each with several seeds."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.config.callbacks import check_monitors
from dlcli.config.sections import Config
from dlcli.config.yaml_text import dump
from dlcli.experiments.inputs import ConfigLike, check_folds, config_with_data
from dlcli.experiments.resume import open_run
from dlcli.experiments.search.plan import Plan, make_plan
from dlcli.experiments.search.result import SweepResult
from dlcli.experiments.search.runner import TrialRunner
from dlcli.experiments.search.sharing import open_search
from dlcli.experiments.search.trials import TrialResult, choose_measure, write_trials
from dlcli.experiments.search.variants import Variants
from dlcli.experiments.search.workers import Workers
from dlcli.experiments.seeds import seed_list
from dlcli.experiments.unfinished import resumable_record
from dlcli.files import write_json, write_text
from dlcli.plots.sweep import SweepPoints, draw_sweep
from dlcli.preparation.folds import prepare_folds, resolve_folds
from dlcli.preparation.prepare import Prepared, prepare
from dlcli.preparation.split import Split
from dlcli.runs.description import describe_run
from dlcli.runs.directory import RunDirectory
from dlcli.runs.records import SearchRecord
from dlcli.runs.scored_rows import record_scoring
from dlcli.training.data_notices import data_notices
from dlcli.training.network_check import check_network
from dlcli.training.session import open_session, open_sessions
from dlcli.training.trials.trainers import TrialPlan, TrialTrainers

if TYPE_CHECKING:
    import pandas as pd

    from dlcli.datasets.dataset import Dataset
    from dlcli.training.progress import OnProgress

BEST = "best.yaml"


def sweep(
    config: ConfigLike,
    over: Mapping[str, Sequence[Any]] | None = None,
    *,
    data: pd.DataFrame | str | os.PathLike[str] | None = None,
    seeds: int | Sequence[int] = 1,
    folds: int | None = None,
    runs: str | os.PathLike[str] = "runs",
    sample: bool = False,
    jobs: int | None = None,
    threads: int | None = None,
    ray: bool | str = False,
    shared: bool = False,
    resume: str | os.PathLike[str] | None = None,
    force: bool = False,
    on_start: Callable[[Config, Dataset, list[str]], None] | None = None,
    on_plan: Callable[[Plan], None] | None = None,
    on_trained: Callable[[int], None] | None = None,
    on_progress: OnProgress | None = None,
    download_bar: bool = False,
) -> SweepResult:
    """Train a config with every combination of some values, each with several seeds.

    Trainings whose models differ in their weights, rates, factors or widths alone are trained
    together in one program.

    Parameters
    ----------
    config : Config, str, path or mapping
        As `load_config` takes it.
    over : mapping, optional
        Values to combine, by key, as in ``{"model[0].Dense.units": [8, 16]}``. A layer with 0 units
        is left out. Default: nothing varies but the seed.
    data : DataFrame or path, optional
        In place of the data that the config names. A DataFrame is saved below `runs`, without
        its index, and read like a CSV.
    seeds : int or sequence of int
        Number of seeds, from that of the config on, or the seeds themselves. They change the
        initial weights, dropout and the order of the rows, and leave the split as it is.
    folds : int, optional
        Number of folds of a cross-validation. Default: the split of the config.
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
        Run directory of an unfinished sweep of this config. It continues with its own `over`,
        `seeds`, `folds` and `sample`; what is trained is not trained again.
    force : bool
        Whether to resume even if data, versions or machine differ; the differences are recorded.
    on_start : callable, optional
        Called once before the first training with the resolved config, the data set and notices.
    on_plan : callable, optional
        Called once before the first training with the `Plan`.
    on_trained : callable, optional
        Called with the number of further trainings that are done.
    on_progress : callable, optional
        Called with a `Progress` during a training, or all together.
    download_bar : bool
        Whether to show a download's progress on standard error.

    Returns
    -------
    SweepResult

    Raises
    ------
    ConfigError, DatasetError, DlcliError
        Before anything is written, also if one of the values is not allowed.
    AlreadyFinished
        If the run to resume has finished.
    Interrupted
        If a signal arrives; the run can be resumed.
    WriteError
        If the disk is full.
    """
    check_folds(folds, "auto")
    runs = Path(runs)
    config = config_with_data(config, data, runs)
    resume = Path(resume) if resume is not None else None
    over, seeds, search = dict(over or {}), seed_list(seeds, config.seed), None
    if resume is not None:
        earlier = resumable_record(resume, "sweep", shared=shared)
        search = earlier.search or SearchRecord()
        over, seeds, folds, sample = search.over, search.seeds, search.folds, earlier.sample
        resolved = config if folds is None else resolve_folds(config, folds)
        resumable_record(resume, "sweep", resolved, shared=shared)
    workers = Workers.of(jobs, threads, ray, search, shared=shared)
    workers.limit_threads()
    started = time.monotonic()
    prepared, splits, notices = _prepare(config, folds, sample=sample, download_bar=download_bar)
    config, dataset = prepared.config, prepared.dataset
    plan = make_plan(over, seeds, splits)
    variants = Variants(config, dataset)
    for point in plan.points:  # before anything is written
        variants.config_of(point, seeds[0])
    lists = {key: list(values) for key, values in over.items()}
    search = SearchRecord(over=lists, seeds=seeds, folds=folds, **workers.record())
    record = describe_run("sweep", config, dataset, search=search)
    trainers = TrialTrainers(prepared, [TrialPlan(splits, plan.parts)])
    reopen = partial(open_run, runs, config, record, resume, force=force)
    opened = open_search(resume, workers, trainers, record, on_progress, reopen, force=force)
    run = opened.run
    notices += opened.notices
    if on_start is not None:
        on_start(config, dataset, notices)
    if on_plan is not None:
        on_plan(plan)
    with run.failing(), workers.open(trainers, run.path) as executor:
        runner = TrialRunner(
            trainers, 0, executor, variants, seeds, run.checkpoint,
            on_progress=on_progress, on_trained=on_trained,
        )  # fmt: skip
        trials = runner.run(range(1, len(plan.points) + 1), plan.points)
        result = _result(run, prepared, plan, trials, notices, time.monotonic() - started)
        _write(result, variants)
        run.finish("finished")
    run.remove_checkpoint()
    return result


def _prepare(
    config: Config, folds: int | None, *, sample: bool, download_bar: bool
) -> tuple[Prepared, list[Split], list[str]]:
    """Return the data, their splits and notices."""
    prepared = prepare(config, sample=sample, progress=download_bar)
    if folds is None:
        sessions = [open_session(prepared)]
    else:
        prepared, splits = prepare_folds(prepared, folds)
        prepared = _without_fold_epochs(prepared)
        sessions = open_sessions(prepared, splits)
        check_monitors(prepared.config, validation=len(splits[0].validation) > 0)
    check_network(sessions[0])
    return prepared, [session.split for session in sessions], data_notices(sessions)


def _without_fold_epochs(prepared: Prepared) -> Prepared:
    """Drop ``kfold.epochs``, which ``fit.epochs`` has taken over, and which a trial may change."""
    config = prepared.config
    kfold = config.kfold.model_copy(update={"epochs": None})
    return replace(prepared, config=config.model_copy(update={"kfold": kfold}))


def _result(
    run: RunDirectory,
    prepared: Prepared,
    plan: Plan,
    trials: list[TrialResult],
    notices: list[str],
    seconds: float,
) -> SweepResult:
    config, dataset = prepared.config, prepared.dataset
    part = plan.parts[-1]
    if part == "test" and not len(plan.splits[0].test):
        part = "validation" if plan.has_validation else "train"
    measure = choose_measure(config, dataset.target, part, ordered=len(plan.points) > 1)
    if len(plan.points) > 1 and measure.part == "test":
        notices.append(
            "the trials are compared by their test rows, so the score of the best is too good; "
            "`dlcli tune` keeps rows that no trial has seen"
        )
    if measure.part == "test":
        notices += record_scoring(run, [split.test for split in plan.splits])
    return SweepResult(
        path=run.path,
        notices=tuple(notices),
        seconds=seconds,
        config=config,
        sampled=dataset.sampled,
        trials=tuple(trials),
        measure=measure,
        seeds=plan.seeds,
        folds=len(plan.splits),
    )


def _write(result: SweepResult, variants: Variants) -> None:
    """Write ``trials.csv``, ``metrics.json``, ``best.yaml`` and a picture."""
    write_trials(result.path / "trials.csv", result.trials)
    write_json(result.path / "metrics.json", result.to_json())
    measure, best = result.measure, result.best
    if best is not None and best.values:
        plain = variants.config_of(best.values, result.seeds[0]).plain()
        write_text(result.path / BEST, dump(plain))
    if best is None:
        return
    points = [
        SweepPoints(trial.values, tuple(trial.scores(measure).values()), trial.std(measure))
        for trial in result.trials
    ]
    mark = " (sample)" if result.sampled else ""
    rows = "out of fold" if result.folds > 1 else f"{measure.part} rows"
    title = f"{result.config.name}{mark}, {rows}"
    draw_sweep(result.path / "sweep.png", points, measure.metric, title)
