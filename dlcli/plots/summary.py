"""The results of a training in one picture: learning curves, and predictions for held-out rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.plots.canvas import (
    BLUE,
    GREY,
    ORANGE,
    figure,
    format_epoch_axes,
    integer_ticks,
    name_with_unit,
    use_log_scale,
)
from dlcli.plots.names import shortened_names
from dlcli.plots.results import (
    MAX_CLASSES_WITH_LARGE_NAMES,
    MAX_NAME,
    confusion_matrix,
    forecast_lines,
    scatter_predicted,
)
from dlcli.preparation.targets import Output, decode, probabilities

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dlcli.datasets.dataset import Target
    from dlcli.network.scores import Scores
    from dlcli.types import Array

    Panel = Callable[[Axes], None]

MAX_CURVES = 2  # metrics beside the loss
MAX_CLASS_BARS = 20
# Rows for which a share of right predictions says something, and points of such rows.
CALIBRATION_ROWS, MIN_CALIBRATION_BINS, MAX_CALIBRATION_BINS = 25, 4, 10
PANEL_WIDTH, PANEL_HEIGHT = 4.4, 3.5
# A curve is flat if its second half changes by less than this share of the whole change.
FLAT_SHARE, FLAT_RATIO = 0.05, 10.0


@dataclass(frozen=True)
class HeldOut:
    """Predictions for held-out rows.

    Parameters
    ----------
    part : str
        ``test``, ``validation`` or ``train``.
    y : ndarray, shape (n,)
    outputs : ndarray of float32, shape (n, units)
    scores : Scores
    target : Target
    kind : {"value", "probability", "logit", "score"}
        Of the outputs.
    is_series : bool
        Whether the rows are steps of a time series.
    """

    part: str
    y: Array
    outputs: Array
    scores: Scores
    target: Target
    kind: Output
    is_series: bool


def draw_results(
    path: Path,
    history: Mapping[str, Sequence[float]],
    best_epoch: int,
    held_out: HeldOut,
    title: str,
) -> None:
    """Plot learning curves, predictions, and where they are wrong.

    Parameters
    ----------
    path : Path
    history : mapping
        A list for each key of Keras's logs, with a value per epoch.
    best_epoch : int
        Whose weights were restored; 0 for the last ones.
    held_out : HeldOut
    title : str
    """
    panels = [*_curves(history, best_epoch), *_predictions(held_out)]
    counts = _panels_per_row(len(panels))
    columns = math.lcm(*counts)
    more = _space_for_classes(held_out.target)
    size = ((PANEL_WIDTH + more) * max(counts), (PANEL_HEIGHT + more) * len(counts) + 0.5)
    with figure(path, size) as fig:
        fig.suptitle(f"{title}; predictions for the {held_out.part} rows", fontsize=13)
        grid = fig.add_gridspec(len(counts), columns)
        remaining = iter(panels)
        for row, count in enumerate(counts):
            width = columns // count
            for at in range(count):
                axes = fig.add_subplot(grid[row, at * width : (at + 1) * width])
                next(remaining)(axes)
                axes.title.set_fontsize(11)


def _panels_per_row(panels: int) -> list[int]:
    """Return the number of panels in each row, so that no place stays empty."""
    if panels <= 3:
        return [panels]
    return [math.ceil(panels / 2), panels // 2]


def _space_for_classes(target: Target) -> float:
    """Return by how many inches panels are larger, so that the names of many classes fit."""
    classes = 0 if target.is_several else len(target.class_names)
    return min(0.9, 0.15 * max(0, classes - MAX_CLASSES_WITH_LARGE_NAMES))


def _curves(history: Mapping[str, Sequence[float]], best_epoch: int) -> list[Panel]:
    names = [name for name in history if f"val_{name}" in history or not name.startswith("val_")]
    names = [name for name in names if history[name] and name != "learning_rate"]
    names.sort(key=lambda name: name != "loss")  # the loss first
    return [partial(_draw_curve, history, best_epoch, name) for name in names[: MAX_CURVES + 1]]


def _draw_curve(
    history: Mapping[str, Sequence[float]], best_epoch: int, name: str, axes: Axes
) -> None:
    """Draw a metric over the epochs, on a logarithmic axis where it would be flat."""
    training, validation = history[name], history.get(f"val_{name}")
    epochs = np.arange(1, len(training) + 1)
    marker = "o" if len(training) < 3 else None
    axes.plot(epochs, training, color=BLUE, label="training", marker=marker)
    if validation:
        axes.plot(epochs, validation, color=ORANGE, linestyle="--", label="validation")
    if not best_epoch and validation and np.isfinite(history.get("val_loss", [math.nan])).any():
        best_epoch = int(np.nanargmin(history["val_loss"])) + 1
    if best_epoch and len(training) > 2:
        label = f"best epoch: {best_epoch}"
        axes.axvline(best_epoch, color=GREY, linestyle=":", linewidth=1.4, label=label)
    format_epoch_axes(axes, name, "")
    if all(map(_is_flat, (training, validation or training))):
        use_log_scale(axes)
    if validation or best_epoch:
        axes.legend(fontsize=9)


def _is_flat(values: Sequence[float]) -> bool:
    """Return whether most of a curve would be a horizontal line that hides its changes."""
    curve = np.asarray(values, float)
    if len(curve) < 6 or not np.isfinite(curve).all() or curve.min() <= 0:
        return False
    late = np.ptp(curve[len(curve) // 2 :])
    return bool(curve.max() > FLAT_RATIO * curve.min() and late < FLAT_SHARE * np.ptp(curve))


def _predictions(held_out: HeldOut) -> list[Panel]:
    """Return the panels of the predictions; several targets have pictures of their own."""
    target = held_out.target
    if target.is_several:
        return []
    if target.task == "classification":
        names = list(target.class_names)
        panels: list[Panel] = [partial(_draw_confusion, held_out.scores.confusion, names)]
        if len(names) <= MAX_CLASS_BARS:
            panels.append(partial(_draw_classes, held_out.scores))
        has_rows = len(held_out.y) >= MIN_CALIBRATION_BINS * CALIBRATION_ROWS
        if held_out.kind != "score" and has_rows:
            panels.append(partial(_draw_calibration, held_out))
        return panels
    predicted = held_out.outputs[:, 0]
    residuals = partial(_draw_residuals, held_out.y - predicted, target)
    if held_out.is_series:
        return [partial(_draw_forecast, held_out.y, predicted, target), residuals]
    return [partial(_draw_predicted, held_out.y, predicted, target), residuals]


def _draw_confusion(matrix: Sequence[Sequence[int]], names: Sequence[str], axes: Axes) -> None:
    confusion_matrix(axes, matrix, names)
    axes.set_title("rows, and shares of the true class")


def _draw_classes(scores: Scores, axes: Axes) -> None:
    """Draw the recall and the precision of each class as bars."""
    at = np.arange(len(scores.classes))
    for offset, measure, colour in ((-0.2, "precision", BLUE), (0.2, "recall", ORANGE)):
        values = [getattr(item, measure) for item in scores.classes]
        axes.barh(at + offset, values, 0.38, color=colour, label=measure)
    size = 10 if len(at) <= MAX_CLASSES_WITH_LARGE_NAMES else 8
    names = shortened_names([item.name for item in scores.classes], MAX_NAME)
    rows = [item.support for item in scores.classes]
    labels = [f"{name} ({count})" for name, count in zip(names, rows, strict=True)]
    axes.set_yticks(at, labels, fontsize=size)
    axes.invert_yaxis()
    axes.set(title="classes (and their rows)", xlim=(0, 1))
    axes.grid(alpha=0.3, axis="x")
    axes.legend(fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=2)


def _draw_calibration(held_out: HeldOut, axes: Axes) -> None:
    """Draw how often predictions are right, over their probability."""
    confidence = probabilities(held_out.outputs, held_out.kind).max(axis=1)
    is_right = decode(held_out.outputs, held_out.kind) == held_out.y
    count = min(MAX_CALIBRATION_BINS, len(is_right) // CALIBRATION_ROWS)
    bins = np.array_split(np.argsort(confidence, kind="stable"), count)
    x = [confidence[rows].mean() for rows in bins]
    y = [is_right[rows].mean() for rows in bins]
    low = min(*x, *y, 0.95)
    axes.plot([low, 1], [low, 1], color=GREY, linewidth=1, label="as it should be")
    axes.plot(x, y, "o", color=BLUE, label=f"{len(is_right) // count} rows each")
    axes.set(title="calibration", xlabel="probability of the predicted class", ylabel="share right")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=9, loc="upper left")


def _draw_predicted(true: Array, predicted: Array, target: Target, axes: Axes) -> None:
    scatter_predicted(axes, true, predicted, name_with_unit(target))
    axes.set_title("predicted and true values")


def _draw_forecast(true: Array, predicted: Array, target: Target, axes: Axes) -> None:
    count = forecast_lines(axes, true, predicted, target)
    axes.set_title(f"the last {count} values and their forecasts")


def _draw_residuals(residuals: Array, target: Target, axes: Axes) -> None:
    """Draw how far predictions are from the true values, and on which side."""
    style: dict[str, Any] = {"color": BLUE, "edgecolor": "white", "linewidth": 0.5}
    axes.hist(residuals, bins=min(30, max(5, math.isqrt(len(residuals)))), **style)
    axes.axvline(0, color=GREY, linewidth=1)
    axes.set(title="residuals", xlabel=f"true - predicted {name_with_unit(target)}", ylabel="rows")
    integer_ticks(axes.yaxis)
