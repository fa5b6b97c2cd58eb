"""Plots of data sets with several targets: how frequent labels are, alone and together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dlcli.datasets.dataset import Dataset
from dlcli.plots.canvas import BLUE, figure, share_shown
from dlcli.plots.data.panels import draw_histogram, single_group
from dlcli.plots.names import shortened_names
from dlcli.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_LABELS, MAX_PANELS = 30, 9


def draw_targets(dataset: Dataset, path: Path) -> None:
    """Plot the rows of each label and of each pair of labels, or the values of each number."""
    target = dataset.target
    if target.task == "multilabel":
        _draw_labels(dataset, path)
        return
    names = target.outputs[:MAX_PANELS]
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    groups = single_group(len(dataset))
    with figure(path, (3.4 * columns, 2.8 * rows + 0.5)) as fig:
        rest = share_shown(len(names), len(target.outputs))
        fig.suptitle(f"{dataset.name}: {len(dataset):,} rows{rest}", fontsize=13)
        for at, name in enumerate(names):
            axes = fig.add_subplot(rows, columns, at + 1)
            draw_histogram(axes, name, dataset.y[:, at], groups)


def _draw_labels(dataset: Dataset, path: Path) -> None:
    counts = dataset.y.sum(axis=0)
    largest = np.sort(np.argsort(-counts, kind="stable")[:MAX_LABELS])
    names = shortened_names([dataset.target.class_names[at] for at in largest], 24)
    height = max(3.2, 0.3 * len(names) + 1.4)
    with figure(path, (2 * height + 3.0, height)) as fig:
        left_out = len(counts) - len(largest)
        rest = f", {left_out} rarer labels are not shown" if left_out else ""
        fig.suptitle(f"{dataset.name}: {len(dataset):,} rows{rest}", fontsize=13)
        left, right = fig.subplots(1, 2)
        left.barh(np.arange(len(names)), counts[largest], color=BLUE)
        left.set_yticks(np.arange(len(names)), names)
        left.invert_yaxis()
        left.set(title="rows with each label", xlabel="rows")
        left.grid(alpha=0.3, axis="x")
        y = dataset.y[:, largest].astype(np.int64)
        _draw_pairs(right, y.T @ y, names)


def _draw_pairs(axes: Axes, together: Array, names: list[str]) -> None:
    """Plot the share of the rows with one label that have another too."""
    shares = together / np.maximum(np.diag(together)[:, np.newaxis], 1)
    edges = np.arange(len(names) + 1) - 0.5
    axes.pcolormesh(edges, edges, shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    ticks = np.arange(len(names))
    axes.set_xticks(ticks, names, rotation=45, ha="right")
    axes.set_yticks(ticks, names)
    axes.set(title="of its rows, the share with …", xlabel="… this label too", ylabel="label")
