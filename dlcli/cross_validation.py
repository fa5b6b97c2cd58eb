"""k-fold cross-validation: every row is predicted once by a model that has not seen it.

The module cannot be called ``kfold``, as the design has it: importing a submodule would put it
in the place of the function ``dlcli.kfold``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli import plots
from dlcli.artifacts import RunDirectory, write_csv, write_json
from dlcli.config import Config
from dlcli.fold_training import FoldTrainer
from dlcli.preparation import Prepared, describe_data, prepare
from dlcli.scoring import Scores, score_outputs
from dlcli.split import Fold, make_folds
from dlcli.targets import decode, output_kind, probabilities

if TYPE_CHECKING:
    from dlcli.callbacks import OnProgress
    from dlcli.datasets import Dataset

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class FoldResult:
    """One round.

    Parameters
    ----------
    fold : int
        From 1.
    rows : int
        Rows tested.
    epochs : int
        Epochs that were run.
    seconds : float
        Of the fit.
    metrics : mapping
        On the rows of this fold.
    """

    fold: int
    rows: int
    epochs: int
    seconds: float
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Summary:
    """A metric over the folds.

    Parameters
    ----------
    mean : float
    std : float
        Of the sample (n - 1).
    low, high : float
        95 % confidence interval of the mean, by Student's t. The training sets of the folds
        overlap, so it is somewhat too narrow (Bengio and Grandvalet, 2004, JMLR 5).
    """

    mean: float
    std: float
    low: float
    high: float


@dataclass(frozen=True)
class KfoldResult:
    """What a cross-validation gave.

    Parameters
    ----------
    path : Path
        The run directory.
    folds : tuple of FoldResult
    summaries : mapping
        A `Summary` per metric.
    scores : Scores
        Of all out-of-fold predictions together.
    notices : tuple of str
    seconds : float
        Of everything after the data were read.
    config : Config
        Resolved.
    interrupted : int or None
        The signal that stopped it; the folds before are complete.
    sampled : bool
        Whether the data were generated.
    """

    path: Path
    folds: tuple[FoldResult, ...]
    summaries: Mapping[str, Summary]
    scores: Scores
    notices: tuple[str, ...]
    seconds: float
    config: Config
    interrupted: int | None = None
    sampled: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            "sample": self.sampled,
            "folds": [
                {"fold": f.fold, "rows": f.rows, "epochs": f.epochs, **f.metrics}
                for f in self.folds
            ],
            "summary": {
                name: {"mean": s.mean, "std": s.std, "ci95": [s.low, s.high]}
                for name, s in self.summaries.items()
            },
            "out_of_fold": self.scores.to_json(),
        }


def kfold(
    config: Config,
    *,
    folds: int | None = None,
    runs: Path = Path("runs"),
    sample: bool = False,
    on_start: Callable[[Config, Dataset, list[str]], None] | None = None,
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
    on_start : callable, optional
        Called once, before the first fold, with the resolved config, the data set and notices.
    on_fold : callable, optional
        Called with a `FoldResult` after each.
    on_progress : callable, optional
        Called with a `dlcli.callbacks.Progress` within a fold.
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
    """
    prepared = prepare(config, sample=sample, progress=download_bar)
    started = time.monotonic()
    config, dataset = _with_fold_epochs(prepared.config), prepared.dataset
    prepared = Prepared(config, dataset, prepared.notices)
    made = make_folds(dataset, config.split, folds or config.kfold.folds, config.seed)
    notices = [*prepared.notices, *_left_out(dataset)]
    trainer = FoldTrainer(prepared)
    trainer.prepare(made[0])
    about = {"data": describe_data(dataset), "sample": dataset.sampled, "folds": len(made)}
    run = RunDirectory(runs, config, "kfold", about)
    if on_start is not None:
        on_start(config, dataset, notices)
    results: list[FoldResult] = []
    outputs: dict[int, Array] = {}
    signum = None
    try:
        for number, fold in enumerate(made):
            fitted, scored = trainer.run(fold, on_progress)
            if fitted.signum is not None:
                signum = fitted.signum
                break
            outputs[number] = scored.outputs
            metrics = scored.scores.metrics
            results.append(
                FoldResult(number + 1, len(fold.test), fitted.epochs, fitted.seconds, metrics)
            )
            if on_fold is not None:
                on_fold(results[-1])
    except BaseException as error:
        run.finish("failed", error=f"{type(error).__name__}: {error}")
        raise
    if not results:
        run.discard()
        raise KeyboardInterrupt
    return _finish(run, prepared, made, results, outputs, notices, started, signum)


def _with_fold_epochs(config: Config) -> Config:
    if config.kfold.epochs is None:
        return config
    section = config.fit.model_copy(update={"epochs": config.kfold.epochs})
    return config.model_copy(update={"fit": section}).attach(
        config.name, config.document, config.warnings
    )


def _left_out(dataset: Dataset) -> Iterator[str]:
    if dataset.parts is not None and (dataset.parts == 2).any():
        count = int((dataset.parts == 2).sum())
        yield f"the {count} official test rows stay out of the cross-validation"


def summarise(values: list[float]) -> Summary:
    """Return mean, standard deviation and 95 % confidence interval of fold scores.

    Parameters
    ----------
    values : list of float
        One per fold; with a single one the spread is NaN.
    """
    mean = float(np.mean(values))
    if len(values) < 2:
        return Summary(mean, math.nan, math.nan, math.nan)
    from scipy.stats import t

    std = float(np.std(values, ddof=1))
    half = float(t.ppf(0.975, len(values) - 1)) * std / math.sqrt(len(values))
    return Summary(mean, std, mean - half, mean + half)


def _finish(
    run: RunDirectory,
    prepared: Prepared,
    made: list[Fold],
    results: list[FoldResult],
    outputs: Mapping[int, Array],
    notices: list[str],
    started: float,
    signum: int | None,
) -> KfoldResult:
    dataset, config = prepared.dataset, prepared.config
    kind = output_kind(dataset.target, config.loss)
    names = list(results[0].metrics)
    tested = np.concatenate([made[number].test for number in outputs])
    together = np.concatenate(list(outputs.values()))
    fold_of = np.concatenate([np.full(len(made[n].test), n + 1) for n in outputs])
    scores = score_outputs(together, dataset.y[tested], dataset.target, kind, {})
    result = KfoldResult(
        run.path,
        tuple(results),
        {name: summarise([fold.metrics[name] for fold in results]) for name in names},
        scores,
        tuple(notices),
        time.monotonic() - started,
        config,
        signum,
        dataset.sampled,
    )
    write_csv(
        run.path / "folds.csv",
        ["fold", "rows", "epochs", "seconds", *names],
        (
            [f.fold, f.rows, f.epochs, round(f.seconds, 3), *(f.metrics[name] for name in names)]
            for f in results
        ),
    )
    _write_out_of_fold(run.path / "out_of_fold.csv", dataset, tested, together, fold_of, kind)
    write_json(run.path / "metrics.json", result.to_json())
    title = config.name + (" (generated sample)" if dataset.sampled else "")
    if dataset.target.task == "classification":
        classes = dataset.target.class_names
        plots.draw_confusion(
            run.path / "confusion.png", scores.confusion, classes, f"{title}, out of fold"
        )
    else:
        true = dataset.y[tested]
        plots.draw_predicted(
            run.path / "predicted.png",
            true,
            together[:, 0],
            dataset.target,
            f"{title}, out of fold",
        )
    run.finish("finished" if signum is None else "interrupted")
    return result


def _write_out_of_fold(
    path: Path, dataset: Dataset, rows: Array, outputs: Array, fold_of: Array, kind: Any
) -> None:
    """Write every row's prediction by the model that had not seen it, in the order of the data."""
    order = np.argsort(rows)
    names = dataset.target.class_names
    true = dataset.y[rows]
    if names:
        predicted = decode(outputs, kind)
        shares = probabilities(outputs, kind)
        header = ["row", "fold", "true", "prediction", *(f"p_{name}" for name in names)]
        lines = (
            [rows[i] + 1, fold_of[i], names[true[i]], names[predicted[i]], *map(_short, shares[i])]
            for i in order
        )
    else:
        header = ["row", "fold", "true", "prediction"]
        lines = ([rows[i] + 1, fold_of[i], true[i], _short(outputs[i, 0])] for i in order)
    write_csv(path, header, lines)


def _short(value: float) -> str:
    return f"{value:.7g}"
