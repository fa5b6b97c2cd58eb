"""Learning curves of several runs in one picture."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dlcli.errors import DlcliError, unknown
from dlcli.plots.canvas import GREY, check_plot_path, colours, figure, legend_text
from dlcli.runs.listing import find_run
from dlcli.runs.records import read_record
from dlcli.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_RUNS = 20
EPOCH = "epoch"


@dataclass(frozen=True)
class Curves:
    """What was measured at the end of every epoch of one run.

    Parameters
    ----------
    path : Path
        The run directory.
    name : str
        The config's.
    values : mapping
        An array per key of Keras's logs, NaN where nothing was noted; an entry per epoch.
    label : str
        What a legend calls the run.
    """

    path: Path
    name: str
    values: Mapping[str, Array]
    label: str = ""

    @property
    def quantities(self) -> list[str]:
        """Loss and metrics, without their values on validation rows."""
        return [key for key in self.values if not key.startswith("val_")]

    @property
    def best_epoch(self) -> int:
        """The epoch, from 1, with the lowest validation loss, else the lowest loss; 0 if none."""
        losses = self.values.get("val_loss", self.values.get("loss", np.empty(0)))
        return int(np.nanargmin(losses)) + 1 if np.isfinite(losses).any() else 0


def read_curves(paths: Sequence[Path]) -> list[Curves]:
    """Read the curves of runs, each once, with labels that tell them apart.

    Parameters
    ----------
    paths : sequence of Path
        Run directories, ``…/latest``, or folders above numbered runs.

    Raises
    ------
    DlcliError
        If a path is no run, or a run has no curves.
    """
    found: dict[Path, Curves] = {}
    for path in paths:
        run = find_run(path)
        if run is None:
            raise DlcliError(f"no run in {path}", hint="`dlcli runs` lists those of a folder")
        found.setdefault(run.resolve(), _read(run, path))
    return _labelled(list(found.values()))


def _read(run: Path, given: Path) -> Curves:
    """Read one run; messages name it as it was `given`."""
    record = read_record(run)
    path = run / "history.csv"
    if not path.is_file() and record.kind == "kfold":
        raise DlcliError(
            f"{given} is a cross-validation, which keeps no learning curves",
            hint="plot a run of `dlcli train`",
        )
    if not path.is_file():
        raise DlcliError(f"{given} has no history.csv: none of its epochs has ended")
    values = _read_history(path, given)
    return Curves(run, record.config, values)


def _read_history(path: Path, given: Path) -> dict[str, Array]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise DlcliError(f"{given}: history.csv has no epochs")
    try:
        values = {
            name: np.array([float(row[name] or "nan") for row in rows])
            for name in rows[0]
            if name and name != EPOCH
        }
    except (TypeError, ValueError) as error:
        raise DlcliError(f"{given}: history.csv is damaged: {error}") from None
    return values


def _labelled(curves: Sequence[Curves]) -> list[Curves]:
    """Name every run by its config; by its number too where that is not enough, else by path."""
    names = Counter(curve.name for curve in curves)
    numbered = Counter((curve.name, curve.path.name) for curve in curves)
    labelled = []
    for curve in curves:
        label = curve.name
        if numbered[curve.name, curve.path.name] > 1:
            label = str(curve.path)
        elif names[curve.name] > 1:
            label = f"{curve.name} {curve.path.name}"
        labelled.append(Curves(curve.path, curve.name, curve.values, label))
    return labelled


def choose_quantities(curves: Sequence[Curves], metrics: Sequence[str] = ()) -> list[str]:
    """Return what is drawn: what was asked for, else the loss and all that runs share.

    Parameters
    ----------
    curves : sequence of Curves
    metrics : sequence of str
        ``loss`` is one of them.

    Raises
    ------
    DlcliError
        If no run has measured a metric that was asked for.
    """
    counts = Counter(name for curve in curves for name in curve.quantities)
    for name in metrics:
        if name not in counts:
            raise DlcliError(unknown("metric", name, counts))
    needed = min(2, len(curves))
    shared = [name for name, count in counts.items() if count >= needed or name == "loss"]
    shared.sort(key=lambda name: name != "loss")  # the loss comes first
    return list(dict.fromkeys(metrics)) or shared


def draw_curves(
    path: Path, curves: Sequence[Curves], *, metrics: Sequence[str] = (), log: bool = False
) -> None:
    """Draw loss and metrics over the epochs, one axes for each and a colour per run.

    Parameters
    ----------
    path : Path
        Ends in ``.png``, ``.svg`` or ``.pdf``.
    curves : sequence of Curves
        At least one.
    metrics : sequence of str
        See `choose_quantities`.
    log : bool
        Whether the axis of the loss is logarithmic.

    Raises
    ------
    DlcliError
        If something asked for cannot be shown.
    """
    check_plot_path(path)
    if len(curves) > MAX_RUNS:
        raise DlcliError(f"{len(curves)} runs are too many for a picture; at most {MAX_RUNS}")
    quantities = choose_quantities(curves, metrics)
    if log:
        _check_positive(curves)
    columns = len(quantities) if len(quantities) <= 3 else 2 if len(quantities) == 4 else 3
    rows = math.ceil(len(quantities) / columns)
    legend_rows = math.ceil((len(curves) + 2) / _legend_columns(columns))
    size = (max(6.4, 5.0 * columns), 3.6 * rows + 0.25 * legend_rows + 0.2)
    with figure(path, size) as drawn:
        for number, name in enumerate(quantities, 1):
            axes = drawn.add_subplot(rows, columns, number)
            _draw_quantity(axes, name, curves, log=log and name == "loss")
        _add_legend(drawn, curves, _legend_columns(columns))


def _legend_columns(columns: int) -> int:
    return 2 if columns == 1 else 3 if columns == 2 else 4


def _check_positive(curves: Sequence[Curves]) -> None:
    for curve in curves:
        for key in ("loss", "val_loss"):
            if (curve.values.get(key, np.ones(1)) <= 0).any():
                raise DlcliError(
                    f"{curve.label}: {key} is not above zero everywhere",
                    hint="leave out --log",
                )


def _draw_quantity(axes: Axes, name: str, curves: Sequence[Curves], *, log: bool) -> None:
    """Draw one quantity of all runs that have measured it."""
    from matplotlib.ticker import LogFormatter, MaxNLocator

    for curve, colour in zip(curves, colours(len(curves)), strict=True):
        if name not in curve.values:
            continue
        watched = curve.values.get(f"val_{name}")
        epochs = np.arange(1, len(curve.values[name]) + 1)
        mark = "." if len(epochs) < 3 else ""
        axes.plot(epochs, curve.values[name], color=colour, linewidth=1.4, marker=mark)
        if watched is not None:
            axes.plot(epochs, watched, color=colour, linewidth=1.4, marker=mark, linestyle="--")
        at = curve.best_epoch
        if at:
            value = (curve.values[name] if watched is None else watched)[at - 1]
            axes.plot(
                [at], [value], "o", color=colour, markersize=7, markeredgecolor="white", zorder=3
            )
    axes.set(title=name, xlabel="epoch", ylabel=name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    if log:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(LogFormatter())
        axes.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1.5, 0.8)))


def _add_legend(drawn: Figure, curves: Sequence[Curves], columns: int) -> None:
    """Name the runs with their best epochs, and what the lines mean, below all axes."""
    from matplotlib.lines import Line2D

    handles = []
    for curve, colour in zip(curves, colours(len(curves)), strict=True):
        best = f" (best: epoch {curve.best_epoch})" if curve.best_epoch else ""
        label = legend_text(curve.label) + best
        mark = "o" if curve.best_epoch else ""
        handles.append(Line2D([], [], color=colour, marker=mark, label=label))
    handles.append(Line2D([], [], color=GREY, label="training"))
    if any(key.startswith("val_") for curve in curves for key in curve.values):
        handles.append(Line2D([], [], color=GREY, linestyle="--", label="validation"))
    drawn.legend(handles=handles, loc="outside lower center", ncols=min(columns, len(handles)))
