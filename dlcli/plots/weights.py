"""Plots of the weights of a small network over the epochs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dlcli.plots.canvas import BLUE, ORANGE, figure, integer_ticks, single_axes
from dlcli.plots.names import shortened_middle
from dlcli.text_width import shortened
from dlcli.types import Array

MOST_PANELS, PANELS_PER_ROW = 12, 4
LEVELS = 24


class Surface(NamedTuple):
    """The loss over two weights.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Values of the two weights.
    losses : ndarray, shape (n, n)
        A row for each value of the second one.
    """

    x: Array
    y: Array
    losses: Array


def draw_weights(
    path: Path, names: Sequence[str], history: Array, surface: Surface | None, title: str
) -> None:
    """Plot weights over the epochs, or the path of two weights over the loss.

    Parameters
    ----------
    path : Path
    names : sequence of str
    history : ndarray, shape (1 + epochs, weights)
    surface : Surface, optional
        Of two weights.
    title : str
    """
    if surface is not None:
        _draw_descent(path, names, history, surface, title)
        return
    count = min(len(names), MOST_PANELS)
    shown = "" if count == len(names) else f", the first {count} of {len(names)} weights"
    columns = min(PANELS_PER_ROW, count)
    rows = math.ceil(count / columns)
    with figure(path, (max(4.5, 2.7 * columns), 2.1 * rows + 0.8)) as fig:
        fig.suptitle(f"{title}: weights after each epoch{shown}", fontsize=12)
        panels = fig.subplots(rows, columns, squeeze=False, sharex=True)
        for at, axes in enumerate(panels.flat):
            if at >= count:
                axes.axis("off")
                continue
            axes.plot(history[:, at], color=BLUE, marker="." if len(history) < 30 else None)
            axes.set_title(shortened_middle(names[at], 30), fontsize=9)
            axes.tick_params(labelsize=8)
            axes.grid(alpha=0.3)
            integer_ticks(axes.xaxis, 4)
            if at + columns >= count:
                axes.set_xlabel("epoch", fontsize=9)
                axes.tick_params(labelbottom=True)


def _draw_descent(
    path: Path, names: Sequence[str], history: Array, surface: Surface, title: str
) -> None:
    """Plot the path of two weights from epoch 0 on, over contours of the loss."""
    with single_axes(path, (7.2, 5.2)) as axes:
        known = surface.losses[np.isfinite(surface.losses)]
        low, high = float(known.min()), float(known.max())
        # Contours that are close where the loss is small show the valley.
        levels = low + (high - low) * np.linspace(0, 1, LEVELS) ** 2.5
        if high > low:
            filled = axes.contourf(
                surface.x, surface.y, surface.losses, levels=levels, cmap="cividis"
            )
            axes.figure.colorbar(filled, ax=axes, label="loss of the training rows", format="%.3g")
        axes.plot(history[:, 0], history[:, 1], "-", color="white", linewidth=1.6)
        axes.plot(history[:, 0], history[:, 1], ".", color=ORANGE, markersize=4)
        axes.plot(*history[0], "o", color="white", markeredgecolor="black", label="epoch 0")
        last = len(history) - 1
        axes.plot(*history[-1], "s", color=ORANGE, markeredgecolor="black", label=f"epoch {last}")
        axes.legend()
        axes.set(
            title=f"{title}: the descent of the loss",
            xlabel=shortened(names[0], 40), ylabel=shortened(names[1], 40),
        )  # fmt: skip
