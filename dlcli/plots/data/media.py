"""Plots of texts, recordings and series."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dlcli.datasets.dataset import Dataset
from dlcli.plots.canvas import (
    BLUE,
    MAX_COLOURS,
    ORANGE,
    colours,
    figure,
    integer_ticks,
    name_with_unit,
)
from dlcli.plots.data.panels import draw_histogram, draw_target, group_by_class
from dlcli.plots.names import shortened_names
from dlcli.preparation.steps import tokens
from dlcli.text_width import shortened
from dlcli.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

MAX_CLASSES = 4
MAX_WORDS = 12
MAX_SPECTROGRAMS = 10
MAX_STEPS = 240
MIN_LEVEL = -80.0  # dB relative to the maximum


def draw_text(dataset: Dataset, path: Path) -> None:
    """Plot characteristic words of the largest classes, class balance and lengths of texts."""
    words = [tokens(text) for text in np.asarray(dataset.x[dataset.columns[0].name])]
    names = dataset.target.class_names
    rows = np.bincount(dataset.y, minlength=len(names))
    codes = np.sort(np.argsort(-rows, kind="stable")[:MAX_CLASSES])
    texts_with: list[Counter[str]] = [Counter() for _ in names]
    for text_words, code in zip(words, dataset.y.tolist(), strict=True):
        texts_with[code].update(set(text_words))
    all_texts_with = sum(texts_with, Counter())
    shades = colours(len(names)) if len(names) <= MAX_COLOURS else [BLUE] * len(names)
    with figure(path, (3.2 * max(len(codes), 3) + 0.6, 7.2)) as fig:
        fig.suptitle(f"{dataset.name}: {len(dataset):,} texts", fontsize=13)
        above, below = _halves(fig, [3.6, 3.0])
        for axes, code in zip(above.subplots(1, len(codes), squeeze=False)[0], codes, strict=True):
            class_rows = int(rows[code])
            other_rows = len(dataset) - class_rows
            others_with = all_texts_with - texts_with[code]
            shares = {word: count / class_rows for word, count in texts_with[code].items()}
            _draw_words(axes, shares, others_with, other_rows, shades[code])
            axes.set_title(f"words of {shortened(names[code], 16)}", fontsize=11)
        lengths = np.array([len(text_words) for text_words in words], float)
        lengths[lengths > np.quantile(lengths, 0.99)] = np.nan
        _draw_target_and_sizes(below, dataset, "words per text, without the longest 1 %", lengths)


def _halves(fig: Figure, heights: list[float]) -> list[SubFigure]:
    return list(np.ravel(np.asarray(fig.subfigures(2, 1, height_ratios=heights), object)))


def _draw_target_and_sizes(fig: SubFigure, dataset: Dataset, title: str, values: Array) -> None:
    groups = group_by_class(dataset)
    left, right = fig.subplots(1, 2)
    draw_target(left, dataset, groups)
    draw_histogram(right, "", values, groups)
    right.set_title(title)


def _draw_words(
    axes: Axes,
    shares: Mapping[str, float],
    others_with: Mapping[str, int],
    other_rows: int,
    colour: str,
) -> None:
    """Draw the words that are frequent in a class and rare in the others.

    The measure is the share of texts with the word, times the logarithm of its ratio to the share
    in the other classes, in which each word is counted once more to avoid a division by zero.
    """

    def measure(word: str) -> float:
        other_share = (others_with.get(word, 0) + 1) / max(other_rows, 1)
        return float(shares[word] * np.log(shares[word] / other_share))

    best = sorted(shares, key=lambda word: (-measure(word), word))[:MAX_WORDS]
    best.sort(key=lambda word: -shares[word])
    places = np.arange(len(best))
    axes.barh(places, [100 * shares[word] for word in best], color=colour, height=0.75)
    axes.set_yticks(places, shortened_names(best, 14), fontsize=9)
    axes.invert_yaxis()
    axes.set_xlabel("% of its texts")


def is_audio(dataset: Dataset) -> bool:
    """Whether the samples are recordings."""
    return dataset.medium.kind == "audio"


def draw_audio(dataset: Dataset, path: Path) -> None:
    """Plot spectrograms of the first classes or rows, the target and the durations."""
    recordings = np.asarray(dataset.x[dataset.columns[0].name])
    rate = dataset.medium.sampling_rate
    examples = _example_recordings(dataset)
    columns = min(5, len(examples))
    rows = math.ceil(len(examples) / columns)
    seconds = np.array([len(recording) / rate for recording in recordings])
    with figure(path, (2.4 * max(columns, 4), 2.1 * rows + 3.4)) as fig:
        fig.suptitle(f"{dataset.name}: {len(dataset):,} recordings at {rate:,} Hz", fontsize=13)
        above, below = _halves(fig, [2.1 * rows, 3.0])
        panels = above.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        for axes in panels.flat[len(examples) :]:
            axes.axis("off")
        for axes, (row, title) in zip(panels.flat, examples, strict=False):
            _draw_spectrogram(axes, recordings[row], rate)
            axes.set_title(title, fontsize=10)
        for axes in panels[:, 0]:
            axes.set_ylabel("kHz")
        for axes in panels[-1]:
            axes.set_xlabel("seconds")
        _draw_target_and_sizes(below, dataset, "seconds per recording", seconds)


def _example_recordings(dataset: Dataset) -> list[tuple[int, str]]:
    """Return the first row of each class, or the first rows of numbers, each with a title."""
    y, names = dataset.y, dataset.target.class_names
    if not names:
        head = y[:MAX_SPECTROGRAMS].tolist()
        return [(row, f"{value:.4g}") for row, value in enumerate(head)]
    present = [code for code in range(len(names)) if (y == code).any()]
    return [
        (int(np.argmax(y == code)), shortened(names[code], 20))
        for code in present[:MAX_SPECTROGRAMS]
    ]


def _draw_spectrogram(axes: Axes, recording: Array, rate: int) -> None:
    from scipy.signal import spectrogram

    window = min(256, len(recording))
    frequency, time, power = spectrogram(recording, rate, nperseg=window, noverlap=window // 2)
    level = 10 * np.log10(np.maximum(power / max(float(power.max()), 1e-30), 1e-12))
    axes.pcolormesh(
        time, frequency / 1000, level, vmin=MIN_LEVEL, vmax=0, cmap="magma", rasterized=True
    )


def is_series(dataset: Dataset) -> bool:
    """Whether the samples are windows of a series."""
    return dataset.medium.kind == "series"


def draw_series(dataset: Dataset, path: Path) -> None:
    """Plot the beginning of a series, with a window and its forecast value, and all of it."""
    window = int(dataset.x.shape[1])
    values = np.concatenate([np.asarray(dataset.x)[0, :, 0], dataset.y])
    name = name_with_unit(dataset.target)
    beginning = values[: max(MAX_STEPS, 3 * window)]
    with figure(path, (9.0, 6.0)) as fig:
        fig.suptitle(f"{dataset.name}: {len(values):,} values", fontsize=13)
        above, below = fig.subplots(2, 1)
        marker = "." if len(beginning) < 100 else None
        above.plot(beginning, color=BLUE, linewidth=1.2, marker=marker)
        above.axvspan(0, window - 1, color=BLUE, alpha=0.15, label=f"window of {window}")
        above.plot([window], [values[window]], "o", color=ORANGE, label="value to forecast")
        above.legend(loc="upper right")
        above.set(title=f"the first {len(beginning)} values", ylabel=name)
        below.plot(values, color=BLUE, linewidth=0.6)
        below.set(title="all values", xlabel="row", ylabel=name)
        for axes in (above, below):
            integer_ticks(axes.xaxis)
            axes.grid(alpha=0.3)
