"""Plots of predictions and scores: confusion matrix, predicted values, comparison of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.datasets.dataset import Target
from dlcli.plots.canvas import (
    BLUE,
    GREY,
    ORANGE,
    integer_ticks,
    name_with_unit,
    single_axes,
)
from dlcli.plots.names import shortened_names
from dlcli.text_width import text_width
from dlcli.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_CLASSES_WITH_SHARES = 6
MAX_CLASSES_WITH_LARGE_NAMES = 8
MAX_CLASSES_WITH_COUNTS = 20
MAX_CLASSES_WITH_NAMES = 60
MAX_STEPS = 120
MAX_NAME = 18  # width of a class's name


def draw_confusion(
    path: Path, matrix: Sequence[Sequence[int]], names: Sequence[str], title: str
) -> None:
    """Plot a confusion matrix: a row per true class, a column per predicted class.

    Parameters
    ----------
    path : Path
    matrix : sequence of sequences of int
        Shape (classes, classes).
    names : sequence of str
    title : str
    """
    size = min(12.0, max(4.4, 0.55 * len(names) + 2.2))
    with single_axes(path, (size, size)) as axes:
        confusion_matrix(axes, matrix, names)
        axes.set_title(title)


def confusion_matrix(axes: Axes, matrix: Sequence[Sequence[int]], names: Sequence[str]) -> None:
    """Plot a confusion matrix into axes, with the shares of the true class."""
    counts = np.asarray(matrix)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    # `imshow` would need far more memory: it holds the colours of all pixels in float64.
    edges = np.arange(len(names) + 1) - 0.5
    axes.pcolormesh(edges, edges, shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    axes.set(xlabel="predicted", ylabel="true")
    if len(names) <= MAX_CLASSES_WITH_NAMES:
        ticks = np.arange(len(names))
        labels = shortened_names(names, MAX_NAME)
        is_long = max(map(text_width, labels)) > 3 and len(names) > 3
        label: dict[str, Any] = {"rotation": 45, "ha": "right"} if is_long else {}
        size = 10 if len(names) <= MAX_CLASSES_WITH_LARGE_NAMES else 8
        axes.set_xticks(ticks, labels, fontsize=size, **label)
        axes.set_yticks(ticks, labels, fontsize=size)
    if len(names) > MAX_CLASSES_WITH_COUNTS:
        return
    has_shares = len(names) <= MAX_CLASSES_WITH_SHARES
    size = 9 if len(names) <= MAX_CLASSES_WITH_SHARES else 7
    for (row, column), count in np.ndenumerate(counts):
        if count:
            share = shares[row, column]
            colour = "white" if share > 0.5 else "black"
            text = f"{count}\n{100 * share:.0f} %" if has_shares else str(count)
            style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": size}
            axes.text(column, row, text, color=colour, **style)


def forecast_lines(axes: Axes, true: Array, predicted: Array, target: Target) -> int:
    """Plot the last values of a series and their one-step forecasts into axes.

    Parameters
    ----------
    axes : Axes
    true, predicted : ndarray, shape (n,)
        In chronological order.
    target : Target

    Returns
    -------
    int
        Number of values.
    """
    count = min(len(true), MAX_STEPS)
    steps = np.arange(len(true) - count + 1, len(true) + 1)
    axes.plot(steps, true[-count:], color=BLUE, label="measured")
    axes.plot(steps, predicted[-count:], color=ORANGE, linestyle="--", label="forecast")
    axes.set(xlabel="row", ylabel=name_with_unit(target))
    integer_ticks(axes.xaxis)
    axes.grid(alpha=0.3)
    axes.legend(loc="upper right", ncols=2)
    axes.margins(y=0.2)
    return count


def draw_predicted(path: Path, true: Array, predicted: Array, target: Target, title: str) -> None:
    """Plot predicted against true values, with the line on which they are equal.

    Parameters
    ----------
    path : Path
    true, predicted : ndarray, shape (n,)
    target : Target
    title : str
    """
    with single_axes(path, (5.2, 5.2)) as axes:
        scatter_predicted(axes, true, predicted, name_with_unit(target))
        axes.set_title(title)


def scatter_predicted(axes: Axes, true: Array, predicted: Array, name: str) -> None:
    """Plot predicted against true values into axes."""
    low = float(min(true.min(), predicted.min()))
    high = float(max(true.max(), predicted.max()))
    margin = 0.05 * (high - low or 1.0)
    diagonal = [low - margin, high + margin]
    axes.plot(diagonal, diagonal, color=GREY, linewidth=1)
    size = 36 if len(true) < 100 else 10
    axes.scatter(true, predicted, s=size, alpha=0.6, color=BLUE, edgecolors="none")
    axes.set(xlabel=f"true {name}", ylabel=f"predicted {name}", aspect="equal")
    axes.grid(alpha=0.3)


def draw_comparison(
    path: Path, scores: Mapping[str, Sequence[float]], trivial: str | None, title: str, label: str
) -> None:
    """Plot the scores of several models below each other; the first is highlighted.

    Parameters
    ----------
    path : Path
    scores : mapping
        Scores per fold of each model, from top to bottom. A dot is the mean, with ± one standard
        deviation; light dots are the folds.
    trivial : str or None
        Model whose mean is drawn as a dashed line.
    title : str
    label : str
        Name of the score, with its unit.
    """
    has_folds = any(len(values) > 1 for values in scores.values())
    with single_axes(path, (7.0, 1.5 + 0.42 * len(scores))) as axes:
        for row, (name, values) in enumerate(scores.items()):
            colour = ORANGE if row == 0 else BLUE
            mean, std = float(np.mean(values)), None
            if len(values) > 1:
                std = float(np.std(values, ddof=1))
                light: dict[str, Any] = {"color": colour, "alpha": 0.3, "linewidths": 0}
                axes.scatter(values, [row + 0.2] * len(values), s=20, zorder=2, **light)
            style: dict[str, Any] = {"fmt": "o", "markersize": 7, "capsize": 4, "linewidth": 1.8}
            axes.errorbar(mean, row, xerr=std, color=colour, zorder=3, **style)
            if name == trivial:
                axes.axvline(mean, color=GREY, linestyle="--", linewidth=1, zorder=1)
        axes.set_yticks(range(len(scores)), shortened_names(list(scores), 30))
        axes.get_yticklabels()[0].set_fontweight("bold")
        axes.set_ylim(len(scores) - 0.5, -0.5)
        axes.set(title=title, xlabel=f"{label}, mean ± standard deviation" if has_folds else label)
        axes.grid(alpha=0.3, axis="x")
