"""Run a k-fold cross-validation: each row is predicted once, by a model not trained on it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dlcli.config.callbacks import check_monitors
from dlcli.config.metric_bounds import metric_bounds
from dlcli.config.sections import Config
from dlcli.errors import Interrupted
from dlcli.experiments.inputs import ConfigLike, check_folds, config_with_data
from dlcli.experiments.kfold_files import write_folds
from dlcli.experiments.kfold_result import FoldResult, KfoldResult, OutOfFoldPredictions
from dlcli.experiments.resume import open_run
from dlcli.experiments.statistics import summarize_metric
from dlcli.experiments.unfinished import resumable_record
from dlcli.experiments.weak_scores import weak_score_notice
from dlcli.network.building import make_callbacks
from dlcli.network.scores import score_outputs
from dlcli.plots.canvas import import_in_background
from dlcli.plots.fonts import font_notices
from dlcli.preparation.folds import prepare_folds, resolve_folds
from dlcli.preparation.prepare import prepare
from dlcli.preparation.split import Split
from dlcli.preparation.targets import output_kind
from dlcli.runs.description import describe_run
from dlcli.runs.scored_rows import record_scoring
from dlcli.training.callback_state import check_resumable
from dlcli.training.data_notices import data_notices
from dlcli.training.folds.engines import Engine, EngineChoice, FoldEngine
from dlcli.training.folds.outcome import FoldOutcome
from dlcli.training.network_check import check_network
from dlcli.training.notebook import progress_or_notebook
from dlcli.training.session import open_sessions

if TYPE_CHECKING:
    import pandas as pd

    from dlcli.datasets.dataset import Dataset
    from dlcli.training.progress import OnProgress


def kfold(
    config: ConfigLike,
    *,
    data: pd.DataFrame | str | os.PathLike[str] | None = None,
    folds: int | None = None,
    runs: str | os.PathLike[str] = "runs",
    sample: bool = False,
    engine: EngineChoice = "auto",
    jobs: int = 1,
    resume: str | os.PathLike[str] | None = None,
    force: bool = False,
    on_start: Callable[[Config, Dataset, list[str]], None] | None = None,
    on_engine: Callable[[Engine], None] | None = None,
    on_fold: Callable[[FoldResult], None] | None = None,
    on_progress: OnProgress | None = None,
    download_bar: bool = False,
) -> KfoldResult:
    """Cross-validate the model of a config.

    Parameters
    ----------
    config : Config, str, path or mapping
        As `load_config` takes it.
    data : DataFrame or path, optional
        In place of the data that the config names. A DataFrame is saved below `runs`, without
        its index, and read like a CSV.
    folds : int, optional
        Number of folds. Default: the config's ``kfold.folds``.
    runs : path
        Folder of all runs; the results are saved in ``runs/<name>/<number>``.
    sample : bool
        Whether to use a small sample instead of the data set.
    engine : {"auto", "stacked", "serial"}
        ``"stacked"`` trains all folds together in one program, ``"serial"`` one after the other.
        ``"auto"`` chooses ``"stacked"`` if the model allows it and it saves time.
    jobs : int
        Number of processes for folds that are not trained together. With more than one, a
        script needs ``if __name__ == "__main__"``.
    resume : path, optional
        Run directory of an unfinished cross-validation of this config. It continues with its own
        `sample`, `engine` and `jobs`, and ends with the bits of an uninterrupted run.
    force : bool
        Whether to resume even if data, versions or machine differ; the differences are recorded.
    on_start : callable, optional
        Called once before the first fold with the resolved config, the data set and notices.
    on_engine : callable, optional
        Called once before the first fold with the `Engine` that trains the folds.
    on_fold : callable, optional
        Called with a `FoldResult` when a fold has been scored.
    on_progress : callable, optional
        Called with a `Progress` during the training of a fold, or of all folds together. By
        default a Jupyter notebook shows it in a table.
    download_bar : bool
        Whether to show a download's progress on standard error.

    Returns
    -------
    KfoldResult

    Raises
    ------
    ConfigError, DatasetError
        Before anything is written, for example if a class has fewer rows than there are folds.
    DlcliError
        If the run cannot be resumed, or its folds cannot be trained with `engine`.
    AlreadyFinished
        If the run to resume has finished.
    TrainingError
        If a training diverges.
    Interrupted
        If a signal arrives before a fold has been scored; the run can be resumed. After that,
        the signal is in the result.
    WriteError
        If the disk is full.
    """
    check_folds(folds, engine)
    on_progress = progress_or_notebook(on_progress)
    runs = Path(runs)
    config = config_with_data(config, data, runs)
    resume = Path(resume) if resume is not None else None
    recorded = None
    if resume is not None:
        earlier = resumable_record(resume, "kfold", resolve_folds(config, folds))
        sample, recorded = earlier.sample, earlier.engine
    prepared = prepare(config, sample=sample, progress=download_bar)
    started = time.monotonic()
    prepared, splits = prepare_folds(prepared, folds)
    config, dataset = prepared.config, prepared.dataset
    sessions = open_sessions(prepared, splits)
    check_network(sessions[0])
    notices = data_notices(sessions) + _notices_of_train_alone(config)
    check_monitors(config, validation=len(splits[0].validation) > 0)
    check_resumable(make_callbacks(config, None))
    trainer = FoldEngine(sessions, engine, jobs, recorded)
    record = describe_run(
        "kfold", config, dataset, folds=len(splits), engine=trainer.engine.record()
    )
    opened = open_run(runs, config, record, resume, force=force)
    run = opened.run
    notices += opened.notices
    if on_start is not None:
        on_start(config, dataset, notices)
    if on_engine is not None:
        on_engine(trainer.engine)
    out_of_fold = OutOfFoldPredictions(dataset)
    # TensorFlow compiles the folds' program meanwhile, in C++. (Tracing one model is Python's own
    # work, which such a thread delays: `train` imports matplotlib when it draws.)
    import_in_background("scipy.special")  # for the intervals
    with run.failing():
        outcomes = trainer.run(on_progress, run.checkpoint)
        signum = _collect(outcomes, splits, out_of_fold, on_fold)
        notices += trainer.notices
        if signum is None:
            notices += record_scoring(run, [split.test for split in splits])
        seconds = time.monotonic() - started
        result = _result(run.path, config, out_of_fold, notices, seconds, signum)
        write_folds(run.path, result, out_of_fold, output_kind(dataset.target, config.loss))
        result = replace(result, notices=(*result.notices, *font_notices()))
        run.finish("finished" if signum is None else "interrupted")
    if signum is None:
        run.remove_checkpoint()
    return result


def _notices_of_train_alone(config: Config) -> list[str]:
    """Return a notice for each setting that `dlcli train` alone follows."""
    present = {
        "`thresholds: tune` is for `dlcli train`; the folds use 0.5": config.thresholds == "tune",
        "`calibrate` is for `dlcli train`; the folds are not calibrated": config.calibrate,
        "`weight_history` is for `dlcli train`; the folds keep no weights": config.weight_history,
    }
    return [notice for notice, is_set in present.items() if is_set]


def _collect(
    outcomes: Iterable[FoldOutcome],
    splits: Sequence[Split],
    out_of_fold: OutOfFoldPredictions,
    on_fold: Callable[[FoldResult], None] | None,
) -> int | None:
    """Collect the folds as they are trained.

    Returns
    -------
    int or None
        The signal that stopped the training after at least one fold; None if all are trained.
    """
    try:
        for number, (split, outcome) in enumerate(zip(splits, outcomes, strict=True), 1):
            out_of_fold.add(number, split, outcome)
            if on_fold is not None:
                on_fold(out_of_fold.results[-1])
    except Interrupted as interrupted:
        if not out_of_fold.results:
            raise
        return interrupted.signum
    return None


def _result(
    path: Path,
    config: Config,
    out_of_fold: OutOfFoldPredictions,
    notices: list[str],
    seconds: float,
    signum: int | None,
) -> KfoldResult:
    dataset, results = out_of_fold.dataset, out_of_fold.results
    rows, _, outputs = out_of_fold.in_order()
    kind = output_kind(dataset.target, config.loss)
    scores = score_outputs(outputs, dataset.y[rows], dataset.target, kind, {})
    weak = weak_score_notice(scores, "test rows of all folds")
    if weak is not None and not dataset.sampled:
        notices.append(weak)
    return KfoldResult(
        path=path,
        folds=tuple(results),
        summaries={
            name: summarize_metric(
                [fold.metrics[name] for fold in results],
                metric_bounds(name, config.metrics, config.loss),
            )
            for name in results[0].metrics
        },
        scores=scores,
        target=dataset.target,
        notices=tuple(notices),
        seconds=seconds,
        config=config,
        interrupted=signum,
        sampled=dataset.sampled,
    )
