"""Plots of image data: samples and number of images of each class."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dlcli.datasets.dataset import Dataset
from dlcli.plots.canvas import figure
from dlcli.plots.data.panels import draw_target, group_by_class
from dlcli.plots.names import shortened_names
from dlcli.types import Array

MAX_CLASSES = 10
IMAGES_PER_ROW = 8
MARGIN = 0.12  # between two images, as a share of their width


def is_images(dataset: Dataset) -> bool:
    """Whether the samples are grey or colour images of shape (height, width, 1 or 3)."""
    return not dataset.is_table and dataset.x.ndim == 4 and dataset.x.shape[-1] in (1, 3)


def draw_images(dataset: Dataset, path: Path) -> None:
    """Plot a row of images for each of the first classes, and the class balance."""
    names = dataset.target.class_names
    rows = _sample_rows(dataset)
    figure_height = max(3.6, 0.62 * len(rows) + 0.8)
    x = np.asarray(dataset.x)
    height, width, _ = x.shape[1:]
    mosaic_width = min(9.0, max(3.5, 0.62 * IMAGES_PER_ROW * width / height + 1.2))
    with figure(path, (mosaic_width + 3.4, figure_height)) as fig:
        title = f"{dataset.name}: {len(dataset):,} images of {height}×{width} pixels"
        if len(names) > MAX_CLASSES:
            title += f", {MAX_CLASSES} of {len(names)} classes"
        fig.suptitle(title, fontsize=13)
        left, right = fig.subplots(1, 2, width_ratios=[mosaic_width, 3.4])
        left.imshow(_mosaic(x, rows), interpolation="nearest")
        left.set_xticks([])
        step = height + _gap(width)
        centres = _gap(width) + np.arange(len(rows)) * step + height / 2 - 0.5
        if names:
            left.set_yticks(centres, shortened_names(names[: len(rows)], 20))
        else:
            left.set_yticks([])
        left.tick_params(length=0)
        for spine in left.spines.values():
            spine.set_visible(False)
        draw_target(right, dataset, group_by_class(dataset))


def _sample_rows(dataset: Dataset) -> list[Array]:
    """Choose a few images of each class; the choice is always the same."""
    rng = np.random.default_rng(0)
    classes = len(dataset.target.class_names)
    if not classes:
        rows = rng.permutation(len(dataset))[: 4 * IMAGES_PER_ROW]
        return [
            rows[start : start + IMAGES_PER_ROW] for start in range(0, len(rows), IMAGES_PER_ROW)
        ]
    return [
        rng.permutation(np.flatnonzero(dataset.y == code))[:IMAGES_PER_ROW]
        for code in range(min(classes, MAX_CLASSES))
    ]


def _gap(width: int) -> int:
    return max(1, round(MARGIN * width))


def _mosaic(x: Array, rows: list[Array]) -> Array:
    """Return the images side by side on white; float64, shape (height, width, 3), 0 to 1."""
    height, width, _ = x.shape[1:]
    gap = _gap(width)
    canvas = np.ones((gap + len(rows) * (height + gap), gap + IMAGES_PER_ROW * (width + gap), 3))
    samples = x[np.concatenate(rows)]
    low, high = float(samples.min()), float(samples.max())
    if x.dtype == np.uint8:
        low, high = 0.0, 255.0
    for row, indices in enumerate(rows):
        for column, index in enumerate(indices):
            top, left = gap + row * (height + gap), gap + column * (width + gap)
            image = (x[index].astype(np.float64) - low) / ((high - low) or 1.0)
            # A grey image is broadcast to the three channels.
            canvas[top : top + height, left : left + width] = image
    return canvas
