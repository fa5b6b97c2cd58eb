"""Pictures of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.datasets.dataset import Target
from dlcli.picture import BLUE, GREY, ORANGE, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_CELLS_WITH_NUMBERS = 20


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
        axes.imshow(counts / totals, cmap="Blues", vmin=0, vmax=1)
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


def draw_predicted(
    path: Path,
    true: np.ndarray[Any, Any],
    predicted: np.ndarray[Any, Any],
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
