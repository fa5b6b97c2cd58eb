"""k-fold cross-validation: every row is predicted once by a model that has not seen it.

The module cannot be called ``kfold``, as the design has it: importing a submodule would put it
in the place of the function ``dlcli.kfold``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dlcli.config import Config
from dlcli.config.checks import check_monitors
from dlcli.errors import Interrupted
from dlcli.experiments.kfold_files import write_folds
from dlcli.experiments.kfold_result import FoldResult, KfoldResult, OutOfFoldPredictions
from dlcli.experiments.resume import reopen_run, resumable_record
from dlcli.experiments.statistics import summarize_metric
from dlcli.network.building import make_callbacks
from dlcli.network.scores import score_outputs
from dlcli.preparation.prepare import Prepared, prepare
from dlcli.preparation.split import Split, excluded_test_rows, make_folds, resolve_folds
from dlcli.preparation.targets import output_kind
from dlcli.runs.description import describe_run
from dlcli.runs.directory import RunDirectory
from dlcli.training.callback_state import check_resumable
from dlcli.training.folds.engines import Engine, EngineChoice, FoldEngine
from dlcli.training.session import open_sessions, split_notices

if TYPE_CHECKING:
    from dlcli.datasets import Dataset
    from dlcli.training.progress import OnProgress


def kfold(
    config: Config,
    *,
    folds: int | None = None,
    runs: Path = Path("runs"),
    sample: bool = False,
    engine: EngineChoice = "auto",
    jobs: int = 1,
    resume: Path | None = None,
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
    config : Config
    folds : int, optional
        Default: the config's ``kfold.folds``.
    runs : Path
        Folder of all runs.
    sample : bool
        Whether to use a generated sample instead of the data set.
    engine : {"auto", "stacked", "serial"}
        Whether all folds train in one program, or one after the other; ``"auto"``: in one
        program where that is possible.
    jobs : int
        How many processes train folds that do not train together. With more than one, a script
        must keep its work under ``if __name__ == "__main__"``.
    resume : Path, optional
        A cross-validation of this config that did not finish; it goes on in its directory, with
        its own ``sample``, ``engine`` and ``jobs``, and gives the bits of one left alone.
    force : bool
        Whether to resume with other data or versions too; the run is marked.
    on_start : callable, optional
        Called once, before the first fold, with the resolved config, the data set and notices.
    on_engine : callable, optional
        Called once, before the first fold, with the `Engine` that trains the folds.
    on_fold : callable, optional
        Called with a `FoldResult` after each is scored.
    on_progress : callable, optional
        Called with a `dlcli.training.progress.Progress` within a fold, or for all of them together.
    download_bar : bool
        Whether a download shows a bar on standard error.

    Returns
    -------
    KfoldResult

    Raises
    ------
    ConfigError, DatasetError
        Before anything is written; among them a class with fewer rows than folds.
    TrainingError
        If a training diverges.
    Interrupted
        If a signal stops it before a fold is complete; the run can be resumed.
    WriteError
        If the disk is full.
    """
    recorded = None
    if resume is not None:
        earlier = resumable_record(resume, "kfold")
        sample, recorded = earlier.sample, earlier.engine
    prepared = prepare(config, sample=sample, progress=download_bar)
    started = time.monotonic()
    config, dataset = resolve_folds(prepared.config, folds), prepared.dataset
    prepared = Prepared(config, dataset, prepared.notices)
    made = make_folds(dataset, config.split, config.kfold.folds, config.seed)
    sessions = open_sessions(prepared, made)
    notices = [*prepared.notices, *excluded_test_rows(dataset), *split_notices(sessions)]
    check_monitors(config, validation=len(made[0].validation) > 0)
    check_resumable(make_callbacks(config, None))
    engines = FoldEngine(sessions, engine, jobs, recorded)
    engine_record = engines.engine.record()
    record = describe_run("kfold", config, dataset, folds=len(made), engine=engine_record)
    if resume is None:
        run = RunDirectory.create(runs, config, record)
    else:
        reopened = reopen_run(resume, config, record, force=force)
        run = reopened.run
        notices += reopened.notices
    if on_start is not None:
        on_start(config, dataset, notices)
    if on_engine is not None:
        on_engine(engines.engine)
    out_of_fold = OutOfFoldPredictions(dataset)
    with run.failing():
        signum = _train(engines, run, out_of_fold, made, on_fold, on_progress)
        notices += engines.notices
        seconds = time.monotonic() - started
        result = _result(run.path, config, out_of_fold, notices, seconds, signum)
        write_folds(run.path, result, out_of_fold, output_kind(dataset.target, config.loss))
        run.finish("finished" if signum is None else "interrupted")
    if signum is None:
        run.remove_checkpoint()
    return result


def _train(
    engines: FoldEngine,
    run: RunDirectory,
    out_of_fold: OutOfFoldPredictions,
    folds: Sequence[Split],
    on_fold: Callable[[FoldResult], None] | None,
    on_progress: OnProgress | None,
) -> int | None:
    """Train the folds; return the signal that stopped it, if some were done before."""
    try:
        for number, outcome in enumerate(engines.run(on_progress, run.checkpoint), 1):
            out_of_fold.add(number, folds[number - 1], outcome)
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
    dataset = out_of_fold.dataset
    rows, _, outputs = out_of_fold.in_order()
    kind = output_kind(dataset.target, config.loss)
    names = out_of_fold.results[0].metrics
    return KfoldResult(
        path,
        tuple(out_of_fold.results),
        {
            name: summarize_metric([fold.metrics[name] for fold in out_of_fold.results], name)
            for name in names
        },
        score_outputs(outputs, dataset.y[rows], dataset.target, kind, {}),
        dataset.target,
        tuple(notices),
        seconds,
        config,
        signum,
        dataset.sampled,
    )
