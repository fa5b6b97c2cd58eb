"""Plots of the results for several targets: bars of labels, panels of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dlcli.plots.canvas import (
    BLUE,
    GREY,
    ORANGE,
    figure,
    name_with_unit,
    share_shown,
)
from dlcli.plots.fitting import add_legend
from dlcli.plots.names import shortened_names
from dlcli.plots.results import scatter_predicted

if TYPE_CHECKING:
    from dlcli.datasets.dataset import Target
    from dlcli.network.scores import Scores
    from dlcli.network.several_scores import LabelScores
    from dlcli.types import Array

MAX_LABEL_BARS, MAX_PANELS = 30, 9


def draw_labels(path: Path, scores: Sequence[LabelScores], title: str) -> None:
    """Plot precision, recall and F1 of each label as bars, from top to bottom.

    Parameters
    ----------
    path : Path
    scores : sequence of LabelScores
        Of many labels, those in the most rows are shown.
    title : str
    """
    largest = sorted(scores, key=lambda item: -item.support)[:MAX_LABEL_BARS]
    short = shortened_names([item.name for item in largest], 30)
    names = [f"{name} ({item.support})" for name, item in zip(short, largest, strict=True)]
    at = np.arange(len(largest))
    with figure(path, (6.8, 1.7 + 0.5 * len(largest))) as fig:
        axes = fig.add_subplot()
        for offset, (measure, colour) in enumerate(
            (("precision", BLUE), ("recall", ORANGE), ("f1", GREY))
        ):
            values = [getattr(item, measure) for item in largest]
            axes.barh(at + 0.27 * (offset - 1), values, 0.25, color=colour, label=measure)
        axes.set_yticks(at, names)
        axes.invert_yaxis()
        left_out = len(scores) - len(largest)
        rest = f"; {left_out} rarer ones are not shown" if left_out else ""
        axes.set(title=title, xlim=(0, 1), xlabel=f"labels with their rows{rest}")
        axes.grid(alpha=0.3, axis="x")
        add_legend(fig, axes.get_legend_handles_labels()[0], 3)


def draw_several(
    folder: Path, y: Array, outputs: Array, scores: Scores, target: Target, title: str
) -> None:
    """Plot the predictions of several targets: bars of the labels, or a panel for each number.

    Parameters
    ----------
    folder : Path
    y, outputs : ndarray, shape (n, targets)
    scores : Scores
    target : Target
    title : str
    """
    if scores.labels:
        draw_labels(folder / "labels.png", scores.labels, title)
        return
    names = target.outputs[:MAX_PANELS]
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    with figure(folder / "predicted.png", (4.2 * columns, 4.2 * rows)) as fig:
        fig.suptitle(title + share_shown(len(names), len(target.outputs)))
        for at, name in enumerate(names):
            axes = fig.add_subplot(rows, columns, at + 1)
            label = name_with_unit(replace(target, name=name))
            scatter_predicted(axes, y[:, at], outputs[:, at], label)
