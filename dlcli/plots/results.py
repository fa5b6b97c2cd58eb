"""Plots of the results of a run: learning curves, confusion matrix, predictions, comparison."""

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
    format_epoch_axes,
    name_with_unit,
    single_axes,
)
from dlcli.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_CLASSES_WITH_COUNTS = 20
MAX_CLASSES_WITH_NAMES = 60
MAX_STEPS = 120


def draw_history(folder: Path, history: Mapping[str, Sequence[float]], title: str) -> list[Path]:
    """Plot each metric over the epochs, for training rows and, if any, validation rows.

    Parameters
    ----------
    folder : Path
    history : mapping
        A list for each key of Keras's logs, with a value per epoch.
    title : str

    Returns
    -------
    list of Path
        ``loss.png`` and so on.
    """
    paths = []
    for key, training in history.items():
        if key.startswith("val_") or not training:
            continue
        path = folder / f"{key}.png"
        validation = history.get(f"val_{key}")
        with single_axes(path, (6.4, 4.0)) as axes:
            epochs = np.arange(1, len(training) + 1)
            marker = "o" if len(training) < 3 else None
            axes.plot(epochs, training, color=BLUE, label="training", marker=marker)
            if validation:
                axes.plot(epochs, validation, color=ORANGE, label="validation", marker=marker)
                if key == "loss":
                    _mark_best_epoch(axes, validation)
            format_epoch_axes(axes, f"{title}: {key}", key)
            if validation:
                axes.legend()
        paths.append(path)
    return paths


def _mark_best_epoch(axes: Axes, losses: Sequence[float]) -> None:
    """Mark the epoch with the lowest validation loss."""
    if len(losses) < 3 or not np.isfinite(losses).any():
        return
    best = int(np.nanargmin(losses)) + 1
    axes.axvline(best, color=GREY, linestyle=":", linewidth=1, label=f"best: epoch {best}")


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
    counts = np.asarray(matrix)
    size = min(12.0, max(4.4, 0.55 * len(names) + 2.2))
    with single_axes(path, (size, size)) as axes:
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        # `imshow` would need far more memory: it holds the colours of all pixels in float64.
        edges = np.arange(len(names) + 1) - 0.5
        axes.pcolormesh(edges, edges, shares, cmap="Blues", vmin=0, vmax=1)
        axes.set_aspect("equal")
        axes.invert_yaxis()
        axes.set(title=title, xlabel="predicted", ylabel="true")
        if len(names) <= MAX_CLASSES_WITH_NAMES:
            ticks = np.arange(len(names))
            is_long = max(map(len, names)) > 3 and len(names) > 3
            label: dict[str, Any] = {"rotation": 45, "ha": "right"} if is_long else {}
            axes.set_xticks(ticks, names, **label)
            axes.set_yticks(ticks, names)
        if len(names) <= MAX_CLASSES_WITH_COUNTS:
            for (row, column), count in np.ndenumerate(counts):
                if count:
                    colour = "white" if shares[row, column] > 0.5 else "black"
                    text: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 9}
                    axes.text(column, row, str(count), color=colour, **text)


def draw_forecast(path: Path, true: Array, predicted: Array, target: Target, title: str) -> None:
    """Plot the last values of a series and their one-step forecasts.

    Parameters
    ----------
    path : Path
    true, predicted : ndarray, shape (n,)
        In chronological order.
    target : Target
    title : str
    """
    count = min(len(true), MAX_STEPS)
    steps = np.arange(len(true) - count + 1, len(true) + 1)
    with single_axes(path, (8.0, 4.0)) as axes:
        axes.plot(steps, true[-count:], color=BLUE, label="measured")
        axes.plot(steps, predicted[-count:], color=ORANGE, linestyle="--", label="forecast")
        axes.set(title=f"{title}: the last {count}", xlabel="row", ylabel=name_with_unit(target))
        axes.grid(alpha=0.3)
        axes.legend(loc="upper right", ncols=2)
        axes.margins(y=0.2)


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
        axes.set_yticks(range(len(scores)), list(scores))
        axes.get_yticklabels()[0].set_fontweight("bold")
        axes.set_ylim(len(scores) - 0.5, -0.5)
        axes.set(title=title, xlabel=f"{label}, mean ± standard deviation" if has_folds else label)
        axes.grid(alpha=0.3, axis="x")
