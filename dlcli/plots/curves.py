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
    legend_label,
    use_log_scale,
)
from dlcli.runs.finding import find_run
from dlcli.runs.labels import run_labels
from dlcli.runs.records import read_record
from dlcli.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_RUNS = 20
EPOCH = "epoch"


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
    """

    path: Path
    name: str
    values: Mapping[str, Array]
    label: str = ""

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
    path = run / "history.csv"
    if not path.is_file() and record.kind != "train":
        kind = "a cross-validation" if record.kind == "kfold" else f"a run of `dlcli {record.kind}`"
        raise DlcliError(
            f"{name} is {kind}, which saves no learning curves over epochs",
            hint="plot a run of `dlcli train`",
        )
    if not path.is_file():
        raise DlcliError(f"{name} has no history.csv: its first epoch did not end")
    return Curves(run, record.config, _read_history(path, name))


def _read_history(path: Path, name: str) -> dict[str, Array]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise DlcliError(f"{name}: history.csv has no epochs")
    try:
        return {
            column: np.array([float(row[column] or "nan") for row in rows])
            for column in rows[0]
            if column and column != EPOCH
        }
    except (TypeError, ValueError) as error:
        raise DlcliError(f"{name}: history.csv is damaged: {error}") from None


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
    legend_rows = math.ceil((len(curves) + 2) / legend_columns)
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


def _add_legend(fig: Figure, curves: Sequence[Curves], columns: int) -> None:
    """Add a legend of runs, best epochs and line styles below all axes."""
    from matplotlib.lines import Line2D

    handles = []
    for curve, colour in zip(curves, colours(len(curves)), strict=True):
        best = f" (best: epoch {curve.best_epoch})" if curve.best_epoch else ""
        label = legend_label(curve.label) + best
        marker = "o" if curve.best_epoch else ""
        handles.append(Line2D([], [], color=colour, marker=marker, label=label))
    handles.append(Line2D([], [], color=GREY, label="training"))
    if any(key.startswith("val_") for curve in curves for key in curve.values):
        handles.append(Line2D([], [], color=GREY, linestyle="--", label="validation"))
    fig.legend(handles=handles, loc="outside lower center", ncols=min(columns, len(handles)))
