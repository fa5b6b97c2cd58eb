"""A config's network beside scikit-learn's models, on the same rows and the same inputs.

The module cannot be called ``baseline``: importing a submodule of that name would put it in the
place of the function ``dlcli.baseline``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dlcli.config import Config
from dlcli.config.checks import check_monitors
from dlcli.errors import DatasetError, Interrupted
from dlcli.experiments.baseline.comparison import Comparison, ScoredModel, compare_models, describe
from dlcli.experiments.baseline.estimators import models_for
from dlcli.experiments.baseline.scorer import Scorer
from dlcli.files import write_csv, write_json
from dlcli.plots import results as plots
from dlcli.preparation.prepare import Prepared, prepare
from dlcli.preparation.split import Split, excluded_test_rows, make_folds, resolve_folds, split_rows
from dlcli.runs.description import describe_run
from dlcli.runs.directory import RunDirectory
from dlcli.training.folds.engines import Engine, EngineChoice, FoldEngine
from dlcli.training.session import open_sessions

if TYPE_CHECKING:
    from dlcli.datasets import Dataset
    from dlcli.training.progress import OnProgress


@dataclass(frozen=True)
class BaselineResult:
    """What a comparison gave.

    Parameters
    ----------
    path : Path
        The run directory.
    metric : {"accuracy", "rmse"}
    unit : str
        Of RMSE, where the target has one.
    folds : int
        1 for a single split.
    network : ScoredModel
    models : tuple of Comparison
        The best first.
    notices : tuple of str
    seconds : float
        Of everything after the data were read.
    config : Config
        Resolved.
    sampled : bool
        Whether the data were generated.
    """

    path: Path
    metric: Literal["accuracy", "rmse"]
    unit: str
    folds: int
    network: ScoredModel
    models: tuple[Comparison, ...]
    notices: tuple[str, ...]
    seconds: float
    config: Config
    sampled: bool = False

    @property
    def unbeaten(self) -> ScoredModel | None:
        """The majority class or the mean, if the network does not beat it."""
        for row in self.models:
            gain = row.difference if self.metric == "accuracy" else -row.difference
            if row.model.trivial and not gain > 0:
                return row.model
        return None

    @property
    def test(self) -> str | None:
        """Name of the significance test."""
        if self.folds > 1:
            return "corrected resampled t-test"
        return "McNemar's exact test" if self.metric == "accuracy" else None

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            "sample": self.sampled,
            "metric": self.metric,
            "unit": self.unit,
            "folds": self.folds,
            "test": self.test,
            "network": describe(self.network),
            "models": [row.to_json() for row in self.models],
        }


def baseline(
    config: Config,
    *,
    folds: int | None = None,
    split: bool = False,
    runs: Path = Path("runs"),
    sample: bool = False,
    engine: EngineChoice = "auto",
    on_start: Callable[[Config, Dataset, list[str]], None] | None = None,
    on_engine: Callable[[Engine], None] | None = None,
    on_fold: Callable[[str, int, int], None] | None = None,
    on_model: Callable[[ScoredModel], None] | None = None,
    on_progress: OnProgress | None = None,
    download_bar: bool = False,
) -> BaselineResult:
    """Compare the network of a config with scikit-learn's models.

    Parameters
    ----------
    config : Config
    folds : int, optional
        Default: the config's ``kfold.folds``, or the one split of `train` where the data have
        official test rows.
    split : bool
        Whether to compare on the test rows of the one split instead of over folds.
    runs : Path
        Folder of all runs.
    sample : bool
        Whether to use a generated sample instead of the data set.
    engine : {"auto", "stacked", "serial"}
        How the folds of the network are trained, as `dlcli.kfold` has it.
    on_start : callable, optional
        Called once, before the first fold, with the resolved config, the data set and notices.
    on_engine : callable, optional
        Called once, before the first of several folds, with the `Engine` that trains them.
    on_fold : callable, optional
        Called with the name of a model, the number of the fold that begins, and their count.
    on_model : callable, optional
        Called with a `ScoredModel` as soon as it has its scores; the network is the first.
    on_progress : callable, optional
        Called with a `dlcli.training.progress.Progress` while the network is trained.
    download_bar : bool
        Whether a download shows a bar on standard error.

    Returns
    -------
    BaselineResult

    Raises
    ------
    ConfigError, DatasetError
        Before anything is written; among them a split without test rows.
    TrainingError
        If a training diverges.
    Interrupted, KeyboardInterrupt
        If a signal stops it; nothing is kept then.
    """
    if split and folds is not None:
        raise ValueError("folds and split exclude each other")
    prepared = prepare(config, sample=sample, progress=download_bar)
    started = time.monotonic()
    prepared, made = _divide(prepared, folds, split)
    engines = FoldEngine(open_sessions(prepared, made), engine)
    dataset = prepared.dataset
    engine_record = engines.engine.record()
    record = describe_run(
        "baseline", prepared.config, dataset, folds=len(made), engine=engine_record
    )
    run = RunDirectory.create(runs, prepared.config, record)
    if on_start is not None:
        on_start(prepared.config, dataset, [*prepared.notices])
    if on_engine is not None and len(made) > 1:
        on_engine(engines.engine)
    scorer = Scorer(engines, on_fold or _ignore, on_model or _ignore)
    try:
        with run.failing():
            network = scorer.network(on_progress)
            models = [scorer.model(model) for model in models_for(dataset)]
            result = _result(run.path, prepared, made, network, models, started)
            _write(result)
    except (KeyboardInterrupt, Interrupted):
        run.remove()
        raise
    run.finish("finished")
    return result


def _ignore(*_: Any) -> None:
    """Take what nobody asked for."""


def _divide(prepared: Prepared, folds: int | None, split: bool) -> tuple[Prepared, list[Split]]:
    """Return the folds of ``kfold``, or the one split of ``train``, with the config for them."""
    config, dataset = prepared.config, prepared.dataset
    notices = [*prepared.notices]
    official = dataset.parts is not None and bool((dataset.parts == 2).any())
    if split or (official and folds is None):
        made = [split_rows(dataset, config.split, config.seed)]
        if not len(made[0].test):
            raise DatasetError(
                f"{dataset.name}: the split has no test rows to compare on",
                hint="compare over folds, without --split, or set a share as `split: {test: 0.2}`",
            )
    else:
        config = resolve_folds(config, folds)
        made = make_folds(dataset, config.split, config.kfold.folds, config.seed)
        notices += excluded_test_rows(dataset)
    check_monitors(config, validation=len(made[0].validation) > 0)
    if config.fit.class_weight is not None:
        notices.append("fit.class_weight is the network's alone; the models weigh all rows alike")
    return Prepared(config, dataset, tuple(notices)), made


def _result(
    path: Path,
    prepared: Prepared,
    folds: Sequence[Split],
    network: ScoredModel,
    models: Sequence[ScoredModel],
    started: float,
) -> BaselineResult:
    target = prepared.dataset.target
    metric: Literal["accuracy", "rmse"] = "accuracy" if target.class_names else "rmse"
    rows = compare_models(
        network,
        models,
        higher_is_better=metric == "accuracy",
        train_rows=float(np.mean([len(fold.train) for fold in folds])),
        test_rows=float(np.mean([len(fold.test) for fold in folds])),
    )
    return BaselineResult(
        path,
        metric,
        target.unit,
        len(folds),
        network,
        rows,
        prepared.notices,
        time.monotonic() - started,
        prepared.config,
        prepared.dataset.sampled,
    )


def _write(result: BaselineResult) -> None:
    """Write the table of folds, the metrics and the picture."""
    everyone = [result.network, *(row.model for row in result.models)]
    write_csv(
        result.path / "baselines.csv",
        ["model", "fold", "score", "fit_seconds"],
        (
            [one.name, fold, score, round(seconds, 4)]
            for one in everyone
            for fold, (score, seconds) in enumerate(zip(one.scores, one.seconds, strict=True), 1)
        ),
    )
    write_json(result.path / "metrics.json", result.to_json())
    mark = " (generated sample)" if result.sampled else ""
    where = f"{result.folds} folds" if result.folds > 1 else "test rows"
    unit = f" in {result.unit}" if result.unit else ""
    plots.draw_comparison(
        result.path / "baselines.png",
        {one.name: one.scores for one in everyone if one.mean == one.mean},
        next((row.model.name for row in result.models if row.model.trivial), None),
        f"{result.config.name}{mark}, {where}",
        "accuracy" if result.metric == "accuracy" else f"RMSE{unit}",
    )
