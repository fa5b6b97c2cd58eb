"""Score a config with ever more of the training rows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dlcli.config.callbacks import check_monitors
from dlcli.config.sections import Config
from dlcli.errors import DatasetError, plural
from dlcli.experiments.headline_score import headline_metric, headline_score, predicted_values
from dlcli.experiments.inputs import ConfigLike, check_folds, config_with_data
from dlcli.experiments.learning_curve.power_law import fit_power_law, forecast
from dlcli.experiments.learning_curve.result import LearningCurveResult, SizeScores
from dlcli.files import write_csv, write_json
from dlcli.plots.learning_curve import draw_learning_curves, read_learning_curve
from dlcli.preparation.folds import prepare_folds
from dlcli.preparation.prepare import Prepared, prepare
from dlcli.preparation.split import Split
from dlcli.preparation.subsets import nested_subsets
from dlcli.preparation.targets import output_kind
from dlcli.runs.description import describe_run
from dlcli.runs.directory import RunDirectory
from dlcli.runs.scored_rows import record_scoring
from dlcli.training.data_notices import data_notices
from dlcli.training.folds.engines import Engine, EngineChoice, FoldEngine
from dlcli.training.network_check import check_network
from dlcli.training.session import Session, open_sessions
from dlcli.types import Array

if TYPE_CHECKING:
    import pandas as pd

    from dlcli.datasets.dataset import Dataset
    from dlcli.training.progress import OnProgress

SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
FOLDS = 5
# A curve has three unknowns.
LEAST_SIZES = 3
LEAST_ROWS = 4


def learning_curve(
    config: ConfigLike,
    *,
    data: pd.DataFrame | str | os.PathLike[str] | None = None,
    folds: int = FOLDS,
    runs: str | os.PathLike[str] = "runs",
    sample: bool = False,
    engine: EngineChoice = "auto",
    on_start: Callable[[Config, Dataset, list[str]], None] | None = None,
    on_engine: Callable[[Engine], None] | None = None,
    on_training: Callable[[int, int], None] | None = None,
    on_progress: OnProgress | None = None,
    download_bar: bool = False,
) -> LearningCurveResult:
    """Score a config with ever more of the training rows, and predict the score with twice as many.

    In each fold the model is trained on 1/16, 1/8, 1/4, 1/2 and all of the training rows, with the
    same number of weight updates, and scored on the same test rows.

    Parameters
    ----------
    config : Config, str, path or mapping
        As `load_config` takes it.
    data : DataFrame or path, optional
        In place of the data that the config names. A DataFrame is saved below `runs`, without
        its index, and read like a CSV.
    folds : int
        Number of folds.
    runs : path
        Folder of all runs; the results are saved in ``runs/<name>/<number>``.
    sample : bool
        Whether to use a small sample instead of the data set.
    engine : {"auto", "stacked", "serial"}
        How the copies of the model are trained; see `dlcli.kfold`.
    on_start : callable, optional
        Called once before the first training with the resolved config, the data set and notices.
    on_engine : callable, optional
        Called with the `Engine` of the trainings whose inputs have the same shape.
    on_training : callable, optional
        Called with the number of finished trainings, and of all.
    on_progress : callable, optional
        Called with a `Progress` during a training, or all together.
    download_bar : bool
        Whether to show a download's progress on standard error.

    Returns
    -------
    LearningCurveResult

    Raises
    ------
    ConfigError, DatasetError
        Before anything is written, for example if there are too few rows.
    TrainingError
        If a training diverges.
    Interrupted, KeyboardInterrupt
        If a signal arrives; the run directory is removed.
    WriteError
        If the disk is full.
    """
    check_folds(folds, engine)
    runs = Path(runs)
    prepared = prepare(config_with_data(config, data, runs), sample=sample, progress=download_bar)
    started = time.monotonic()
    prepared, splits = prepare_folds(prepared, folds)
    config, dataset = prepared.config, prepared.dataset
    shares = _shares(dataset, splits)
    sessions = _sessions(prepared, splits, shares)
    check_monitors(config, validation=len(splits[0].validation) > 0)
    check_network(sessions[0])
    notices = data_notices(sessions[:folds])
    run = RunDirectory.create(
        runs, config, describe_run("learning-curve", config, dataset, folds=folds)
    )
    if on_start is not None:
        on_start(config, dataset, notices)
    with run.finishing():
        scores = _train(sessions, engine, on_engine, on_training, on_progress)
        scores = scores.reshape(len(shares), folds)[::-1]
        notices += record_scoring(run, [split.test for split in splits])
        rows = np.array([len(session.split.train) for session in sessions])
        rows = rows.reshape(len(shares), folds).mean(axis=1)[::-1]
        seconds = time.monotonic() - started
        result = _result(run.path, prepared, rows, scores, notices, seconds)
        _write(result)
    return result


def _shares(dataset: Dataset, splits: Sequence[Split]) -> list[float]:
    """Return the shares of the training rows for which there are enough, the largest first."""
    least = max(LEAST_ROWS, len(dataset.target.class_names))
    fewest = min(len(split.train) for split in splits)
    shares = [share for share in SHARES if round(share * fewest) >= least]
    if len(shares) < LEAST_SIZES:
        raise DatasetError(
            f"{dataset.name}: {plural(fewest, 'training row')} in a fold are too few for a "
            f"learning curve; a quarter must be at least {least}",
            hint="use more folds, or more rows",
        )
    return shares[::-1]


def _sessions(
    prepared: Prepared, splits: Sequence[Split], shares: Sequence[float]
) -> list[Session]:
    """Return a session for each share and fold; all train for the same number of steps."""
    config, dataset = prepared.config, prepared.dataset
    stratify = config.split.stratify and dataset.target.task == "classification"
    by_fold = [
        nested_subsets(dataset, split, shares, config.split_seed, stratify=stratify)
        for split in splits
    ]
    subsets = [subset for of_share in zip(*by_fold, strict=True) for subset in of_share]
    sessions = open_sessions(prepared, subsets)
    for number, session in enumerate(sessions):
        session.repeat_training_rows(len(splits[number % len(splits)].train))
    return sessions


def _train(
    sessions: Sequence[Session],
    engine: EngineChoice,
    on_engine: Callable[[Engine], None] | None,
    on_training: Callable[[int, int], None] | None,
    on_progress: OnProgress | None,
) -> Array:
    """Train all sessions, together where their inputs have one shape; return their scores."""
    prepared = sessions[0].prepared
    target = prepared.dataset.target
    kind = output_kind(target, prepared.config.loss)
    shapes: dict[tuple[int, ...], list[int]] = {}
    # Subsets may lack a category, and then have fewer inputs.
    for number, session in enumerate(sessions):
        shapes.setdefault(session.preprocessor.input_shape, []).append(number)
    scores = np.empty(len(sessions))
    done = 0
    for numbers in shapes.values():
        trainer = FoldEngine([sessions[number] for number in numbers], engine)
        if on_engine is not None:
            on_engine(trainer.engine)
        for number, outcome in zip(numbers, trainer.run(on_progress), strict=True):
            predicted = predicted_values(outcome.outputs, kind, target)
            scores[number] = headline_score(sessions[number].y("test"), predicted, target)
            done += 1
            if on_training is not None:
                on_training(done, len(sessions))
    return scores


def _result(
    path: Path,
    prepared: Prepared,
    rows: Array,
    scores: Array,
    notices: Sequence[str],
    seconds: float,
) -> LearningCurveResult:
    target, config = prepared.dataset.target, prepared.config
    metric = headline_metric(target)
    errors = (1 - scores if metric == "accuracy" else scores).T
    return LearningCurveResult(
        path=path,
        metric=metric,
        unit=target.unit,
        folds=scores.shape[1],
        sizes=tuple(
            SizeScores(share, float(count), tuple(map(float, values)))
            for share, count, values in zip(SHARES[-len(rows) :], rows, scores, strict=True)
        ),
        power_law=fit_power_law(rows, errors),
        forecast=forecast(rows, errors, 2 * rows[-1], config.seed),
        notices=tuple(notices),
        seconds=seconds,
        config=config,
        sampled=prepared.dataset.sampled,
    )


def _write(result: LearningCurveResult) -> None:
    """Write ``learning_curve.csv``, ``metrics.json`` and the picture."""
    write_csv(
        result.path / "learning_curve.csv",
        ["rows", "share", "fold", result.metric],
        (
            [size.rows, size.share, fold, score]
            for size in result.sizes
            for fold, score in enumerate(size.scores, 1)
        ),
    )
    write_json(result.path / "metrics.json", result.to_json())
    mark = " (sample)" if result.sampled else ""
    curve = read_learning_curve(result.path, f"{result.config.name}{mark}")
    draw_learning_curves(result.path / "learning_curve.png", [curve])
