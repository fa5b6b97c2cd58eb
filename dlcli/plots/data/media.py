"""Pictures of texts, recordings and series."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dlcli.datasets.dataset import Dataset
from dlcli.plots.canvas import BLUE, MAX_COLOURS, ORANGE, colours, figure, shortened
from dlcli.plots.data.panels import class_balance, group, histogram
from dlcli.preparation.steps import tokens
from dlcli.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

MAX_CLASSES = 4
MAX_WORDS = 12
MAX_SPECTROGRAMS = 10
MAX_VALUES = 240
QUIETEST = -80.0  # dB below the loudest


def draw_text(dataset: Dataset, path: Path) -> None:
    """Draw the words that tell the largest classes apart, class balance and lengths."""
    words = [tokens(text) for text in np.asarray(dataset.x[dataset.columns[0].name])]
    names = dataset.target.class_names
    counts = np.bincount(dataset.y, minlength=len(names))
    shown = np.sort(np.argsort(-counts, kind="stable")[:MAX_CLASSES])
    used = [
        Counter(chain.from_iterable(set(row) for row in part)) for part in _split(words, dataset)
    ]
    everywhere = sum(used, Counter())
    shades = colours(len(names)) if len(names) <= MAX_COLOURS else [BLUE] * len(names)
    with figure(path, (3.2 * max(len(shown), 3) + 0.6, 7.2)) as drawn:
        drawn.suptitle(f"{dataset.name}: {len(dataset):,} texts", fontsize=13)
        above, below = _halves(drawn, [3.6, 3.0])
        for axes, code in zip(above.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
            total = int(counts[code])
            _word_bars(axes, used[code], everywhere, (total, len(dataset)), shades[code])
            axes.set_title(f"words of {shortened(names[code], 16)}", fontsize=11)
        left, right = below.subplots(1, 2)
        class_balance(left, dataset, group(dataset))
        lengths = np.array([len(row) for row in words], float)
        kept = np.where(lengths <= np.quantile(lengths, 0.99), lengths, np.nan)
        histogram(right, "words per text", kept, group(dataset))
        right.set_title("words per text, but for the longest 1 %")


def _halves(drawn: Figure, heights: list[float]) -> list[SubFigure]:
    return list(np.ravel(np.asarray(drawn.subfigures(2, 1, height_ratios=heights), object)))


def _split(words: list[list[str]], dataset: Dataset) -> list[list[list[str]]]:
    """Return the texts of every class."""
    parts: list[list[list[str]]] = [[] for _ in dataset.target.class_names]
    for row, code in zip(words, dataset.y.tolist(), strict=True):
        parts[code].append(row)
    return parts


def _word_bars(
    axes: Axes, used: Counter[str], everywhere: Counter[str], texts: tuple[int, int], colour: str
) -> None:
    """Draw the frequent words of a class that others use less: share x log of how much less."""
    total, all_texts = texts
    rest = max(all_texts - total, 1)

    def telling(word: str) -> float:
        share, elsewhere = used[word] / total, (everywhere[word] - used[word] + 1) / rest
        return float(share * np.log(share / elsewhere))

    best = sorted(used, key=lambda word: (-telling(word), word))[:MAX_WORDS]
    best.sort(key=lambda word: -used[word])
    axes.barh(
        np.arange(len(best)), [100 * used[w] / total for w in best], color=colour, height=0.75
    )
    axes.set_yticks(np.arange(len(best)), [shortened(word, 14) for word in best], fontsize=9)
    axes.invert_yaxis()
    axes.set_xlabel("% of its texts")


def is_audio(dataset: Dataset) -> bool:
    """Tell whether the samples are recordings."""
    return dataset.medium.kind == "audio"


def draw_audio(dataset: Dataset, path: Path) -> None:
    """Draw a spectrogram of each of the first classes, class balance and durations."""
    recordings = np.asarray(dataset.x[dataset.columns[0].name])
    rate, names = dataset.medium.sampling_rate, dataset.target.class_names
    present = [code for code in range(len(names)) if (dataset.y == code).any()]
    shown = present[:MAX_SPECTROGRAMS]
    across = min(5, len(shown))
    down = -(-len(shown) // across)
    seconds = np.array([len(recording) / rate for recording in recordings])
    with figure(path, (2.4 * max(across, 4), 2.1 * down + 3.4)) as drawn:
        drawn.suptitle(f"{dataset.name}: {len(dataset):,} recordings at {rate:,} Hz", fontsize=13)
        above, below = _halves(drawn, [2.1 * down, 3.0])
        panels = above.subplots(down, across, squeeze=False, sharex=True, sharey=True)
        for axes in panels.flat[len(shown) :]:
            axes.axis("off")
        for axes, code in zip(panels.flat, shown, strict=False):
            first = int(np.flatnonzero(dataset.y == code)[0])
            _spectrogram(axes, recordings[first], rate)
            axes.set_title(shortened(names[code], 20), fontsize=10)
        for axes in panels[:, 0]:
            axes.set_ylabel("kHz")
        for axes in panels[-1]:
            axes.set_xlabel("seconds")
        left, right = below.subplots(1, 2)
        class_balance(left, dataset, group(dataset))
        histogram(right, "seconds per recording", seconds, group(dataset))


def _spectrogram(axes: Axes, recording: Array, rate: int) -> None:
    from scipy.signal import spectrogram

    window = min(256, len(recording))
    frequency, time, power = spectrogram(recording, rate, nperseg=window, noverlap=window // 2)
    level = 10 * np.log10(np.maximum(power / max(float(power.max()), 1e-30), 1e-12))
    axes.pcolormesh(
        time, frequency / 1000, level, vmin=QUIETEST, vmax=0, cmap="magma", rasterized=True
    )


def is_series(dataset: Dataset) -> bool:
    """Tell whether the samples are windows of a series."""
    return dataset.medium.kind == "series"


def draw_series(dataset: Dataset, path: Path) -> None:
    """Draw the beginning of a series with a window and what is forecast from it, and all of it."""
    window = int(dataset.x.shape[1])
    values = np.concatenate([np.asarray(dataset.x)[0, :, 0], dataset.y])
    unit = f" ({dataset.target.unit})" if dataset.target.unit else ""
    part = values[: max(MAX_VALUES, 3 * window)]
    with figure(path, (9.0, 6.0)) as drawn:
        drawn.suptitle(f"{dataset.name}: {len(values):,} values", fontsize=13)
        above, below = drawn.subplots(2, 1)
        above.plot(part, color=BLUE, linewidth=1.2, marker="." if len(part) < 100 else None)
        above.axvspan(0, window - 1, color=BLUE, alpha=0.15, label=f"a window of {window}")
        above.plot([window], [values[window]], "o", color=ORANGE, label="the value to forecast")
        above.legend(loc="upper right")
        above.set(title=f"the first {len(part)}", ylabel=f"{dataset.target.name}{unit}")
        below.plot(values, color=BLUE, linewidth=0.6)
        below.set(title="all of it", xlabel="row", ylabel=f"{dataset.target.name}{unit}")
        for axes in (above, below):
            axes.grid(alpha=0.3)
