"""Compare the network of a config with scikit-learn models on the same rows and inputs."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.config.callbacks import check_monitors
from dlcli.config.sections import Config
from dlcli.errors import DatasetError
from dlcli.experiments.baseline.comparison import ScoredModel, compare_models
from dlcli.experiments.baseline.fits import ModelFits
from dlcli.experiments.baseline.kept import keep_model, model_to_keep
from dlcli.experiments.baseline.models import models_for, with_settings
from dlcli.experiments.baseline.result import BaselineResult
from dlcli.experiments.baseline.scorer import Scorer
from dlcli.experiments.headline_score import headline_metric
from dlcli.experiments.inputs import ConfigLike, check_folds, config_with_data
from dlcli.experiments.search.workers import Workers
from dlcli.experiments.seeds import seed_list
from dlcli.files import write_csv, write_json
from dlcli.plots import results as plots
from dlcli.preparation.folds import prepare_folds
from dlcli.preparation.prepare import Prepared, prepare
from dlcli.preparation.split import Split, split_rows
from dlcli.runs.description import describe_run
from dlcli.runs.directory import RunDirectory
from dlcli.runs.scored_rows import record_scoring
from dlcli.training.folds.engines import Engine, EngineChoice, FoldEngine
from dlcli.training.session import open_sessions

if TYPE_CHECKING:
    import pandas as pd

    from dlcli.datasets.dataset import Dataset
    from dlcli.training.progress import OnProgress


def baseline(
    config: ConfigLike,
    *,
    data: pd.DataFrame | str | os.PathLike[str] | None = None,
    folds: int | None = None,
    split: bool = False,
    seeds: int | Sequence[int] = 1,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    keep: str | None = None,
    runs: str | os.PathLike[str] = "runs",
    sample: bool = False,
    engine: EngineChoice = "auto",
    jobs: int = 1,
    ray: bool | str = False,
    on_start: Callable[[Config, Dataset, list[str]], None] | None = None,
    on_engine: Callable[[Engine], None] | None = None,
    on_fold: Callable[[str, int, int], None] | None = None,
    on_model: Callable[[ScoredModel], None] | None = None,
    on_progress: OnProgress | None = None,
    download_bar: bool = False,
) -> BaselineResult:
    """Compare the network of a config with scikit-learn models.

    Parameters
    ----------
    config : Config, str, path or mapping
        As `load_config` takes it.
    data : DataFrame or path, optional
        In place of the data that the config names. A DataFrame is saved below `runs`, without
        its index, and read like a CSV.
    folds : int, optional
        Number of folds. Default: the config's ``kfold.folds``; if the data have official test
        rows, the models are compared on those instead.
    split : bool
        Whether to compare on the test rows of `train` instead of over folds.
    seeds : int or sequence of int
        Number of seeds of the network, from that of the config on, or the seeds themselves. A
        fold then has the mean score over the seeds.
    settings : mapping, optional
        Arguments of the scikit-learn models by their short names: ``knn``, ``bayes``,
        ``logistic``, ``linear``, ``svm``, ``tree``, ``forest`` and ``boosting``, as in
        ``{"knn": {"n_neighbors": 3}}``.
    keep : str, optional
        Short name of a model that is fitted on the training rows of `train` and saved as
        ``model.onnx``, with which `predict` and `evaluate` work.
    runs : path
        Folder of all runs; the results are saved in ``runs/<name>/<number>``.
    sample : bool
        Whether to use a small sample instead of the data set.
    engine : {"auto", "stacked", "serial"}
        How the folds of the network are trained; see `dlcli.kfold`.
    jobs : int
        Number of processes that fit the models, and train folds that are not trained together.
    ray : bool or str
        Address of a Ray cluster that does so, or True; see `dlcli.sweep`.
    on_start : callable, optional
        Called once before the first fold with the resolved config, the data set and notices.
    on_engine : callable, optional
        Called once before the first fold with the `Engine` that trains the folds; not for a
        single split.
    on_fold : callable, optional
        Called before each fold with the name of the model, the number of the fold, and the
        number of folds.
    on_model : callable, optional
        Called with a `ScoredModel` when a model has been scored; the network is the first.
    on_progress : callable, optional
        Called with a `Progress` during the training of the network.
    download_bar : bool
        Whether to show a download's progress on standard error.

    Returns
    -------
    BaselineResult

    Raises
    ------
    ConfigError, DatasetError
        Before anything is written, for example if the split has no test rows.
    TrainingError
        If a training diverges.
    Interrupted, KeyboardInterrupt
        If a signal arrives; the run directory is removed.
    WriteError
        If the disk is full.
    """
    check_folds(folds, engine)
    workers = Workers.of(jobs, None, ray)
    runs = Path(runs)
    config = config_with_data(config, data, runs)
    if split and folds is not None:
        raise ValueError("folds and split exclude each other")
    prepared = prepare(config, sample=sample, progress=download_bar)
    started = time.monotonic()
    models = with_settings(models_for(prepared.dataset), settings or {})
    to_keep = None if keep is None else model_to_keep(keep, models, prepared)
    of_train = prepared
    prepared, splits = _split(prepared, folds, one=split)
    first, *others = (_with_seed(prepared, seed) for seed in seed_list(seeds, config.seed))
    trainer = FoldEngine(open_sessions(first, splits), engine, jobs)
    config, dataset = prepared.config, prepared.dataset
    record = describe_run(
        "baseline", config, dataset, folds=len(splits), engine=trainer.engine.record()
    )
    run = RunDirectory.create(runs, config, record)
    if on_start is not None:
        on_start(config, dataset, [*prepared.notices])
    if on_engine is not None and len(splits) > 1:
        on_engine(replace(trainer.engine, cluster=bool(ray)))
    scorer = Scorer(trainer, on_fold or _no_callback, on_model or _no_callback)
    fits = ModelFits(trainer.sessions)
    open_executor = partial(workers.executor_of, dataset.x, fits.fit)
    # A Ray that is started here ends with the executor that was opened first.
    with run.finishing(), closing(open_executor(fits.job)) as executor:
        engines = (FoldEngine(open_sessions(other, splits), engine, jobs) for other in others)
        network = scorer.score_network(on_progress, engines, open_executor if ray else None)
        scored = scorer.score_models(models, executor)
        looks = record_scoring(run, [split.test for split in splits])
        prepared = replace(prepared, notices=(*prepared.notices, *looks))
        result = _result(run.path, prepared, splits, network, scored, started)
        if to_keep is not None:
            path, notice = keep_model(run, to_keep, of_train)
            notices = (*result.notices, *filter(None, [notice]))
            result = replace(result, kept=path, notices=notices)
        _write(result)
    return result


def _with_seed(prepared: Prepared, seed: int) -> Prepared:
    """Return prepared data with another seed of the network, and the same split."""
    config = prepared.config
    if seed == config.seed:
        return prepared
    split = config.split.model_copy(update={"seed": config.split_seed})
    return replace(prepared, config=config.model_copy(update={"seed": seed, "split": split}))


def _no_callback(*_: Any) -> None:
    """Default callback: do nothing."""


def _split(prepared: Prepared, folds: int | None, *, one: bool) -> tuple[Prepared, list[Split]]:
    """Return the folds of `kfold` or the split of `train`, and the config resolved for them."""
    config, dataset = prepared.config, prepared.dataset
    official = dataset.parts is not None and bool((dataset.parts == 2).any())
    if one or (official and folds is None):
        splits = [split_rows(dataset, config.split, config.split_seed)]
        if not len(splits[0].test):
            raise DatasetError(
                f"{dataset.name}: the split has no test rows to compare on",
                hint="compare over folds, without --split, or set a share as `split: {test: 0.2}`",
            )
    else:
        prepared, splits = prepare_folds(prepared, folds)
    check_monitors(prepared.config, validation=len(splits[0].validation) > 0)
    if config.fit.class_weight is not None:
        notice = (
            "fit.class_weight applies to the network only; the other models weight all rows equally"
        )
        prepared = replace(prepared, notices=(*prepared.notices, notice))
    return prepared, splits


def _result(
    path: Path,
    prepared: Prepared,
    splits: Sequence[Split],
    network: ScoredModel,
    models: Sequence[ScoredModel],
    started: float,
) -> BaselineResult:
    target = prepared.dataset.target
    metric = headline_metric(target)
    comparisons = compare_models(
        network,
        models,
        higher_is_better=metric == "accuracy",
        train_rows=float(np.mean([len(split.train) for split in splits])),
        test_rows=float(np.mean([len(split.test) for split in splits])),
    )
    return BaselineResult(
        path=path,
        metric=metric,
        unit=target.unit,
        folds=len(splits),
        network=network,
        models=comparisons,
        notices=prepared.notices,
        seconds=time.monotonic() - started,
        config=prepared.config,
        sampled=prepared.dataset.sampled,
    )


def _write(result: BaselineResult) -> None:
    """Write ``baselines.csv``, ``metrics.json`` and the picture."""
    models = [result.network, *(row.model for row in result.models)]
    write_csv(
        result.path / "baselines.csv",
        ["model", "fold", "score", "fit_seconds"],
        (
            [model.name, fold, score, round(seconds, 4)]
            for model in models
            for fold, (score, seconds) in enumerate(
                zip(model.scores, model.seconds, strict=True), 1
            )
        ),
    )
    write_json(result.path / "metrics.json", result.to_json())
    mark = " (sample)" if result.sampled else ""
    rows = f"{result.folds} folds" if result.folds > 1 else "test rows"
    plots.draw_comparison(
        result.path / "baselines.png",
        {model.name: model.scores for model in models if not math.isnan(model.mean)},
        next((row.model.name for row in result.models if row.model.trivial), None),
        f"{result.config.name}{mark}, {rows}",
        result.metric_with_unit,
    )
