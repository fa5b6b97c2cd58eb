"""Pictures of image data: samples of every class, and how many there are."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dlcli.datasets.dataset import Dataset
from dlcli.plots.canvas import figure, shortened
from dlcli.plots.data.panels import class_balance, group, histogram, no_groups
from dlcli.types import Array

MAX_ROWS = 10
PER_ROW = 8
MARGIN = 0.12  # between two images, of their width


def is_images(dataset: Dataset) -> bool:
    """Tell whether the samples are grey or coloured images, of shape (height, width, 1 or 3)."""
    return not dataset.is_table and dataset.x.ndim == 4 and dataset.x.shape[-1] in (1, 3)


def draw_images(dataset: Dataset, path: Path) -> None:
    """Draw a row of samples for each of the first classes, and the class balance."""
    names = dataset.target.class_names
    rows = _sample_rows(dataset)
    tall = max(3.6, 0.62 * len(rows) + 0.8)
    x = np.asarray(dataset.x)
    height, width, _ = x.shape[1:]
    wide = min(9.0, max(3.5, 0.62 * PER_ROW * width / height + 1.2))
    with figure(path, (wide + 3.4, tall)) as drawn:
        title = f"{dataset.name}: {len(dataset):,} images of {height}×{width} pixels"
        if len(names) > MAX_ROWS:
            title += f", {MAX_ROWS} of {len(names)} classes"
        drawn.suptitle(title, fontsize=13)
        left, right = drawn.subplots(1, 2, width_ratios=[wide, 3.4])
        left.imshow(_mosaic(x, rows), interpolation="nearest")
        left.set_xticks([])
        step = height + _gap(width)
        places = _gap(width) + np.arange(len(rows)) * step + height / 2 - 0.5
        left.set_yticks(places, [shortened(name, 20) for name in names[: len(rows)]])
        if not names:
            left.set_yticks([])
        left.tick_params(length=0)
        for spine in left.spines.values():
            spine.set_visible(False)
        if names:
            class_balance(right, dataset, group(dataset))
        else:
            histogram(right, dataset.target.name, dataset.y, no_groups(len(dataset)))


def _sample_rows(dataset: Dataset) -> list[Array]:
    """Choose the samples to show: a few of every class, always the same ones."""
    rng = np.random.default_rng(0)
    classes = len(dataset.target.class_names)
    if not classes:
        chosen = rng.permutation(len(dataset))[: 4 * PER_ROW]
        return [chosen[start : start + PER_ROW] for start in range(0, len(chosen), PER_ROW)]
    return [
        rng.permutation(np.flatnonzero(dataset.y == code))[:PER_ROW]
        for code in range(min(classes, MAX_ROWS))
    ]


def _gap(width: int) -> int:
    return max(1, round(MARGIN * width))


def _mosaic(x: Array, rows: list[Array]) -> Array:
    """Put samples side by side on white; float, shape (height, width, 3), 0 to 1."""
    height, width, _ = x.shape[1:]
    gap = _gap(width)
    canvas = np.ones((gap + len(rows) * (height + gap), gap + PER_ROW * (width + gap), 3))
    chosen = np.concatenate(rows)
    low, high = float(x[chosen].min()), float(x[chosen].max())
    if x.dtype == np.uint8:
        low, high = 0.0, 255.0
    for row, samples in enumerate(rows):
        for column, sample in enumerate(samples):
            top, left = gap + row * (height + gap), gap + column * (width + gap)
            image = (x[sample].astype(np.float64) - low) / ((high - low) or 1.0)
            canvas[top : top + height, left : left + width] = image  # a grey one for all three
    return canvas
