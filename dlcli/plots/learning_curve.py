"""Plot scores against the number of training rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from dlcli.errors import DlcliError
from dlcli.parser_messages import first_problem
from dlcli.plots.canvas import GREY, check_plot_path, colours, single_axes
from dlcli.plots.names import legend_label
from dlcli.runs.finding import find_run
from dlcli.runs.metrics import LearningCurveMetrics
from dlcli.runs.records import read_record

POINTS = 200


@dataclass(frozen=True)
class LearningCurve:
    """The learning curve of one run.

    Parameters
    ----------
    label : str
        In the legend.
    metrics : LearningCurveMetrics
    """

    label: str
    metrics: LearningCurveMetrics


def read_learning_curve(run: Path, label: str) -> LearningCurve:
    """Read the learning curve of a run of `dlcli learning-curve`.

    Raises
    ------
    DlcliError
        If it has no ``metrics.json``, or it is damaged.
    """
    path = run / "metrics.json"
    try:
        metrics = LearningCurveMetrics.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DlcliError(f"cannot read {path}: {error.strerror}") from None
    except ValidationError as error:
        raise DlcliError(f"{path} is damaged: {first_problem(error)}") from None
    return LearningCurve(label, metrics)


def are_learning_curves(paths: Sequence[Path]) -> bool:
    """Return whether all paths are runs of `dlcli learning-curve`."""
    runs = [find_run(path) for path in paths]
    return all(run is not None and read_record(run).kind == "learning-curve" for run in runs)


def read_curve(path: Path) -> LearningCurve:
    """Read the learning curve of a run, or of the newest of a folder; its path is the label."""
    return read_learning_curve(find_run(path) or path, str(path))


def draw_learning_curves(path: Path, curves: Sequence[LearningCurve]) -> None:
    """Plot scores, fitted curves and what twice the rows would give.

    Parameters
    ----------
    path : Path
        Ends in ``.png``, ``.svg`` or ``.pdf``.
    curves : sequence of LearningCurve
        At least one; of the same metric.

    Raises
    ------
    DlcliError
        If their metrics differ.
    """
    check_plot_path(path)
    if len({curve.metrics.metric for curve in curves}) > 1:
        raise DlcliError("accuracy and RMSE do not fit in one plot", hint="plot the runs apart")
    first = curves[0].metrics
    name = f"RMSE ({first.unit})" if first.unit else "RMSE"
    with single_axes(path, (7.0, 4.6)) as axes:
        for curve, colour in zip(curves, colours(len(curves)), strict=True):
            _draw_curve(axes, curve, colour, dots=len(curves) == 1)
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter("{x:.0f}")
        ticks = sorted({round(size.rows) for curve in curves for size in curve.metrics.sizes})
        ticks = [*ticks, *(curve.metrics.twice.rows for curve in curves)]
        if len(curves) == 1:
            axes.set_xticks(ticks, list(map(str, ticks)))
        axes.set(xlabel="training rows", ylabel="accuracy" if first.metric == "accuracy" else name)
        axes.set_title("scores of all folds, and 2 × the rows")
        axes.grid(alpha=0.3)
        axes.legend()


def _draw_curve(axes: Any, curve: LearningCurve, colour: str, *, dots: bool) -> None:
    metrics, twice, law = curve.metrics, curve.metrics.twice, curve.metrics.power_law
    rows = np.array([size.rows for size in metrics.sizes])
    style: dict[str, Any] = {"fmt": "o", "capsize": 4, "linewidth": 1.6, "color": colour}
    means, stds = zip(*((size.mean, size.std) for size in metrics.sizes), strict=True)
    axes.errorbar(rows, means, yerr=stds, label=legend_label(curve.label), zorder=3, **style)
    for size in metrics.sizes if dots else ():
        places = [size.rows * 1.06] * len(size.scores)
        axes.scatter(places, size.scores, s=16, color=colour, alpha=0.3, linewidths=0)
    line = np.geomspace(rows[0], twice.rows, POINTS)
    errors = law.floor + law.scale * line**-law.exponent
    values = 1 - errors if metrics.metric == "accuracy" else errors
    axes.plot(line, values, color=colour if not dots else GREY, linestyle="--", linewidth=1.2)
    spread = [[max(0.0, twice.score - twice.low)], [max(0.0, twice.high - twice.score)]]
    style = {**style, "fmt": "D", "markerfacecolor": "white"}
    axes.errorbar([twice.rows], [twice.score], yerr=spread, label="expected (95 %)", **style)
