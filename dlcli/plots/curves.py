"""Learning curves of several runs in one figure."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.errors import DlcliError, unknown
from dlcli.plots.canvas import (
    GREY,
    check_plot_path,
    colours,
    figure,
    format_epoch_axes,
    use_log_scale,
)
from dlcli.plots.fitting import add_legend
from dlcli.plots.names import legend_label
from dlcli.runs.finding import find_run
from dlcli.runs.labels import run_labels
from dlcli.runs.records import read_record
from dlcli.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_RUNS = 20
EPOCH, FOLD = "epoch", "fold"
FOLD_HISTORY = "fold_history.csv"


@dataclass(frozen=True)
class Curves:
    """Loss and metrics of each epoch of one run.

    Parameters
    ----------
    path : Path
        The run directory.
    name : str
        Name of the config.
    values : mapping
        A float64 array of shape (epochs,) for each key of Keras's logs; NaN where it is missing.
    label : str
        Label of the run in the legend.
    folds : sequence of mapping
        The values of each fold of a cross-validation; `values` are their means. NaN where a fold
        had ended.
    """

    path: Path
    name: str
    values: Mapping[str, Array]
    label: str = ""
    folds: Sequence[Mapping[str, Array]] = ()

    @property
    def metrics(self) -> list[str]:
        """Names of loss and metrics, without those of the validation rows."""
        return [key for key in self.values if not key.startswith("val_")]

    @property
    def best_epoch(self) -> int:
        """Epoch, from 1, with the lowest validation loss, or lowest loss; 0 if there is none."""
        losses = self.values.get("val_loss", self.values.get("loss", np.empty(0)))
        return int(np.nanargmin(losses)) + 1 if np.isfinite(losses).any() else 0


def read_curves(paths: Sequence[Path]) -> list[Curves]:
    """Read the learning curves of runs and label them distinctly.

    Parameters
    ----------
    paths : sequence of Path
        Run directories, ``…/latest``, or folders of numbered runs. Repeated ones are read once.

    Raises
    ------
    DlcliError
        If a path is not a run, or a run has no learning curves.
    """
    curves: dict[Path, Curves] = {}
    for path in paths:
        run = find_run(path)
        if run is None:
            raise DlcliError(f"no run in {path}", hint="`dlcli runs` lists the runs of a folder")
        curves.setdefault(run.resolve(), _read_run(run, str(path)))
    return _labelled(list(curves.values()))


def _read_run(run: Path, name: str) -> Curves:
    """Read the curves of a run; error messages call it `name`."""
    record = read_record(run)
    path = run / (FOLD_HISTORY if record.kind == "kfold" else "history.csv")
    if path.is_file():
        folds = _read_history(path, name)
        values = folds[0] if record.kind != "kfold" else _means(folds)
        return Curves(run, record.config, values, folds=folds if record.kind == "kfold" else ())
    if record.kind == "train":
        raise DlcliError(f"{name} has no history.csv: its first epoch did not end")
    kind = f"a run of `dlcli {record.kind}`"
    if record.kind == "kfold":
        kind = "a cross-validation without fold_history.csv"
    raise DlcliError(
        f"{name} is {kind}, which saves no learning curves over epochs",
        hint="plot a run of `dlcli train` or `dlcli kfold`",
    )


def _read_history(path: Path, name: str) -> list[dict[str, Array]]:
    """Read the values of each epoch, of each fold if there are any."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise DlcliError(f"{name}: {path.name} has no epochs")
    folds: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        folds.setdefault(row.get(FOLD, ""), []).append(row)
    try:
        return [
            {
                column: np.array([float(row[column] or "nan") for row in fold])
                for column in rows[0]
                if column and column not in (EPOCH, FOLD)
            }
            for fold in folds.values()
        ]
    except (TypeError, ValueError) as error:
        raise DlcliError(f"{name}: {path.name} is damaged: {error}") from None


def _means(folds: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """Return the means of the folds that were still trained in each epoch."""
    return {name: np.nanmean(stacked(folds, name), axis=0) for name in folds[0]}


def stacked(folds: Sequence[Mapping[str, Array]], name: str) -> Array:
    """Return the values of a metric as an array of shape (folds, epochs), with NaN at the end."""
    longest = max(len(fold[name]) for fold in folds)
    rows = [np.pad(fold[name], (0, longest - len(fold[name])), constant_values=np.nan)
            for fold in folds]  # fmt: skip
    return np.stack(rows)


def _labelled(curves: Sequence[Curves]) -> list[Curves]:
    """Label each run with what differs."""
    labels = run_labels([(curve.path, curve.name) for curve in curves])
    return [replace(curve, label=label) for curve, label in zip(curves, labels, strict=True)]


def choose_metrics(curves: Sequence[Curves], metrics: Sequence[str] = ()) -> list[str]:
    """Return the metrics to plot: the requested ones, or the loss and all that runs share.

    Parameters
    ----------
    curves : sequence of Curves
    metrics : sequence of str
        Requested metrics, ``loss`` included.

    Raises
    ------
    DlcliError
        If no run has a requested metric.
    """
    counts = Counter(name for curve in curves for name in curve.metrics)
    for name in metrics:
        if name not in counts:
            raise DlcliError(unknown("metric", name, counts))
    needed = min(2, len(curves))
    shared = [name for name, count in counts.items() if count >= needed or name == "loss"]
    shared.sort(key=lambda name: name != "loss")  # the loss first
    return list(dict.fromkeys(metrics)) or shared


def draw_curves(
    path: Path, curves: Sequence[Curves], *, metrics: Sequence[str] = (), log: bool = False
) -> None:
    """Plot loss and metrics over the epochs: an axes per metric, a colour per run.

    Parameters
    ----------
    path : Path
        Ends in ``.png``, ``.svg`` or ``.pdf``.
    curves : sequence of Curves
        At least one.
    metrics : sequence of str
        See `choose_metrics`.
    log : bool
        Whether the axis of the loss is logarithmic.

    Raises
    ------
    DlcliError
        If there are more than 20 runs, a metric is unknown, or ``log`` is set and a loss is not
        positive.
    """
    check_plot_path(path)
    if len(curves) > MAX_RUNS:
        raise DlcliError(f"{len(curves)} runs; a plot shows at most {MAX_RUNS}")
    names = choose_metrics(curves, metrics)
    if log:
        _check_positive(curves)
    columns = len(names) if len(names) <= 3 else 2 if len(names) == 4 else 3
    rows = math.ceil(len(names) / columns)
    legend_columns = 2 if columns == 1 else 3 if columns == 2 else 4
    legend_rows = math.ceil((len(curves) + 4) / legend_columns)
    size = (max(6.4, 5.0 * columns), 3.6 * rows + 0.25 * legend_rows + 0.2)
    with figure(path, size) as fig:
        for number, name in enumerate(names, 1):
            axes = fig.add_subplot(rows, columns, number)
            _draw_metric(axes, name, curves, log=log and name == "loss")
        _add_legend(fig, curves, legend_columns)


def _check_positive(curves: Sequence[Curves]) -> None:
    for curve in curves:
        for key in ("loss", "val_loss"):
            if (curve.values.get(key, np.ones(1)) <= 0).any():
                raise DlcliError(
                    f"{curve.label}: {key} is not positive in every epoch",
                    hint="leave out --log",
                )


def _draw_metric(axes: Axes, name: str, curves: Sequence[Curves], *, log: bool) -> None:
    """Draw a metric of all runs that have it."""
    for curve, colour in zip(curves, colours(len(curves)), strict=True):
        if name not in curve.values:
            continue
        training, validation = curve.values[name], curve.values.get(f"val_{name}")
        epochs = np.arange(1, len(training) + 1)
        line: dict[str, Any] = {"color": colour, "linewidth": 1.4}
        line["marker"] = "." if len(epochs) < 3 else ""
        axes.plot(epochs, training, **line)
        if curve.folds:
            shown = name if validation is None else f"val_{name}"
            _draw_folds(
                axes, stacked(curve.folds, shown), colour, "-" if validation is None else "--"
            )
        if validation is not None:
            axes.plot(epochs, validation, linestyle="--", **line)
        if best := curve.best_epoch:
            value = (training if validation is None else validation)[best - 1]
            axes.plot(
                [best], [value], "o", color=colour, markersize=7, markeredgecolor="white", zorder=3
            )
    format_epoch_axes(axes, name, name)
    if log:
        use_log_scale(axes)


def _draw_folds(axes: Axes, values: Array, colour: str, style: str) -> None:
    """Draw a thin line per fold, and shade a standard deviation on either side of their mean."""
    epochs = np.arange(1, values.shape[1] + 1)
    for fold in values:
        axes.plot(epochs, fold, style, color=colour, linewidth=0.6, alpha=0.35)
    mean, std = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    axes.fill_between(epochs, mean - std, mean + std, color=colour, alpha=0.15, linewidth=0)


def _add_legend(fig: Figure, curves: Sequence[Curves], columns: int) -> None:
    """Add a legend of runs, best epochs and line styles below all axes."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = []
    for curve, colour in zip(curves, colours(len(curves)), strict=True):
        best = f" (best: epoch {curve.best_epoch})" if curve.best_epoch else ""
        label = legend_label(curve.label) + best
        marker = "o" if curve.best_epoch else ""
        handles.append(Line2D([], [], color=colour, marker=marker, label=label))
    handles.append(Line2D([], [], color=GREY, label="training"))
    if any(key.startswith("val_") for curve in curves for key in curve.values):
        handles.append(Line2D([], [], color=GREY, linestyle="--", label="validation"))
    if any(curve.folds for curve in curves):
        handles.append(Line2D([], [], color=GREY, linewidth=0.6, alpha=0.5, label="each fold"))
        handles.append(Patch(color=GREY, alpha=0.2, label="mean ± std of the folds"))
    add_legend(fig, handles, columns)
