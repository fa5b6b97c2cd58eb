"""Pictures of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.datasets.dataset import Target
from dlcli.plots.canvas import BLUE, GREY, ORANGE, picture
from dlcli.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_CELLS_WITH_NUMBERS = 20
MAX_STEPS = 120


def draw_history(folder: Path, history: Mapping[str, Sequence[float]], title: str) -> list[Path]:
    """Draw one picture per metric: training rows, and validation rows where there are any.

    Parameters
    ----------
    folder : Path
    history : mapping
        A list per key of Keras's logs, an entry per epoch.
    title : str

    Returns
    -------
    list of Path
        ``loss.png`` and so on.
    """
    from matplotlib.ticker import MaxNLocator

    drawn = []
    for key, values in history.items():
        if key.startswith("val_") or not values:
            continue
        path = folder / f"{key}.png"
        watched = history.get(f"val_{key}")
        with picture(path, (6.4, 4.0)) as axes:
            epochs = np.arange(1, len(values) + 1)
            mark = "o" if len(values) < 3 else None
            axes.plot(epochs, values, color=BLUE, label="training", marker=mark)
            if watched:
                axes.plot(epochs, watched, color=ORANGE, label="validation", marker=mark)
                _mark_best(axes, key, watched)
            axes.set(title=f"{title}: {key}", xlabel="epoch", ylabel=key)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.grid(alpha=0.3)
            if watched:
                axes.legend()
        drawn.append(path)
    return drawn


def _mark_best(axes: Axes, key: str, values: Sequence[float]) -> None:
    """Mark the epoch with the smallest validation loss."""
    if key != "loss" or len(values) < 3 or not np.isfinite(values).any():
        return
    best = int(np.nanargmin(values))
    axes.axvline(best + 1, color=GREY, linestyle=":", linewidth=1, label=f"best: epoch {best + 1}")


def draw_confusion(
    path: Path, matrix: Sequence[Sequence[int]], names: Sequence[str], title: str
) -> None:
    """Draw a confusion matrix: true classes down, predicted ones across.

    Parameters
    ----------
    path : Path
    matrix : sequence of sequences of int
    names : sequence of str
    title : str
    """
    counts = np.asarray(matrix)
    size = min(12.0, max(4.4, 0.55 * len(names) + 2.2))
    with picture(path, (size, size)) as axes:
        totals = np.maximum(counts.sum(axis=1, keepdims=True), 1)
        # Not with `imshow`, which holds a colour in float64 for each pixel of the picture.
        edges = np.arange(len(names) + 1) - 0.5
        axes.pcolormesh(edges, edges, counts / totals, cmap="Blues", vmin=0, vmax=1)
        axes.set_aspect("equal")
        axes.invert_yaxis()
        ticks = np.arange(len(names))
        axes.set(title=title, xlabel="predicted", ylabel="true")
        if len(names) <= 60:
            long = max(map(len, names)) > 3 and len(names) > 3
            axes.set_xticks(
                ticks, names, rotation=45 if long else 0, ha="right" if long else "center"
            )
            axes.set_yticks(ticks, names)
        if len(names) <= MAX_CELLS_WITH_NUMBERS:
            for (row, column), count in np.ndenumerate(counts):
                dark = count / totals[row, 0] > 0.5
                text: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 9}
                if count:
                    axes.text(column, row, str(count), color="white" if dark else "black", **text)


def draw_forecast(
    path: Path,
    true: Array,
    predicted: Array,
    target: Target,
    title: str,
) -> None:
    """Draw the end of a series with what was forecast for it, one step ahead each time.

    Parameters
    ----------
    path : Path
    true, predicted : ndarray, shape (n,)
        In the order of time.
    target : Target
    title : str
    """
    unit = f" ({target.unit})" if target.unit else ""
    shown = min(len(true), MAX_STEPS)
    steps = np.arange(len(true) - shown + 1, len(true) + 1)
    with picture(path, (8.0, 4.0)) as axes:
        axes.plot(steps, true[-shown:], color=BLUE, label="measured")
        axes.plot(steps, predicted[-shown:], color=ORANGE, linestyle="--", label="forecast")
        axes.set(title=f"{title}: the last {shown}", xlabel="row", ylabel=f"{target.name}{unit}")
        axes.grid(alpha=0.3)
        axes.legend(loc="upper right", ncols=2)
        axes.margins(y=0.2)


def draw_predicted(
    path: Path,
    true: Array,
    predicted: Array,
    target: Target,
    title: str,
) -> None:
    """Draw predicted against true numbers; on the line they are equal.

    Parameters
    ----------
    path : Path
    true, predicted : ndarray, shape (n,)
    target : Target
    title : str
    """
    unit = f" ({target.unit})" if target.unit else ""
    with picture(path, (5.2, 5.2)) as axes:
        low = float(min(true.min(), predicted.min()))
        high = float(max(true.max(), predicted.max()))
        margin = 0.05 * (high - low or 1.0)
        axes.plot(
            [low - margin, high + margin], [low - margin, high + margin], color=GREY, linewidth=1
        )
        size = 36 if len(true) < 100 else 10
        axes.scatter(true, predicted, s=size, alpha=0.6, color=BLUE, edgecolors="none")
        axes.set(
            title=title,
            xlabel=f"true {target.name}{unit}",
            ylabel=f"predicted {target.name}{unit}",
            aspect="equal",
        )
        axes.grid(alpha=0.3)


def draw_comparison(
    path: Path, scores: Mapping[str, Sequence[float]], level: str | None, title: str, label: str
) -> None:
    """Draw the scores of several models below each other, the first of them highlighted.

    Parameters
    ----------
    path : Path
    scores : mapping
        Scores per fold of each model, from top to bottom. The mean has a dot with ± one standard
        deviation, the folds have light dots below it.
    level : str or None
        The model whose mean is a dashed line.
    title : str
    label : str
        Of the scores, with their unit.
    """
    with picture(path, (7.0, 1.5 + 0.42 * len(scores))) as axes:
        for place, (name, values) in enumerate(scores.items()):
            colour = ORANGE if place == 0 else BLUE
            mean, several = float(np.mean(values)), len(values) > 1
            if several:
                light: dict[str, Any] = {"color": colour, "alpha": 0.3, "linewidths": 0}
                axes.scatter(values, [place + 0.2] * len(values), s=20, zorder=2, **light)
            spread = float(np.std(values, ddof=1)) if several else None
            style: dict[str, Any] = {"fmt": "o", "markersize": 7, "capsize": 4, "linewidth": 1.8}
            axes.errorbar(mean, place, xerr=spread, color=colour, zorder=3, **style)
            if name == level:
                axes.axvline(mean, color=GREY, linestyle="--", linewidth=1, zorder=1)
        axes.set_yticks(range(len(scores)), list(scores))
        axes.get_yticklabels()[0].set_fontweight("bold")
        axes.set_ylim(len(scores) - 0.5, -0.5)
        spread_text = ", mean ± standard deviation" if several else ""
        axes.set(title=title, xlabel=f"{label}{spread_text}")
        axes.grid(alpha=0.3, axis="x")
