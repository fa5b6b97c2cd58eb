"""Single axes of a figure: bars, histograms and scatter plots, coloured by class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.datasets.dataset import Dataset
from dlcli.errors import plural
from dlcli.plots.canvas import (
    BLUE,
    GREY,
    MAX_COLOURS,
    colours,
    integer_ticks,
)
from dlcli.plots.names import legend_labels, shortened_names
from dlcli.text_width import shortened
from dlcli.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = 30
MAX_INTEGER = 2**52  # half of one above it is no float64
MAX_TICK_INTERVALS = 6
MAX_BARS = 8
MAX_CLASS_BARS = 20
MAX_POINTS = 2000
# Bars are drawn if their texts make up at least this share of the rows.
MIN_SHARE_SHOWN = 0.1
BOOLEANS = {0.0: "no", 1.0: "yes"}


@dataclass(frozen=True)
class Groups:
    """Rows by class, with a colour for each class.

    Parameters
    ----------
    names : tuple of str
    codes : ndarray of int, shape (n,)
    colours : tuple of str
    """

    names: tuple[str, ...]
    codes: Array
    colours: tuple[str, ...]

    def split(self, values: Array) -> list[Array]:
        """Return the values of each class."""
        return [values[self.codes == code] for code in range(len(self.names))]

    @property
    def handles(self) -> list[Any]:
        """Handles for a legend."""
        from matplotlib.patches import Patch

        return [
            Patch(facecolor=colour, label=name)
            for name, colour in zip(legend_labels(self.names, 24), self.colours, strict=True)
        ]


def group_by_class(dataset: Dataset) -> Groups:
    """Group rows by class; numbers, and more classes than there are colours, are a single group."""
    names = dataset.target.class_names
    if not 0 < len(names) <= MAX_COLOURS:
        return single_group(len(dataset))
    return Groups(names, dataset.y, tuple(colours(len(names))))


def single_group(rows: int) -> Groups:
    """Return all rows as one group."""
    return Groups(("all rows",), np.zeros(rows, np.int32), (BLUE,))


def draw_target(axes: Axes, dataset: Dataset, groups: Groups) -> None:
    """Draw the number of rows of each class, or a histogram of a numeric target."""
    if dataset.target.class_names:
        draw_class_balance(axes, dataset, groups)
    else:
        draw_histogram(axes, dataset.target.name, dataset.y, groups)


def draw_class_balance(axes: Axes, dataset: Dataset, groups: Groups) -> None:
    """Draw the number of rows of each class as labelled bars."""
    names = dataset.target.class_names
    counts = np.bincount(dataset.y, minlength=len(names))
    codes = np.arange(len(names))
    title = f"{column_label(dataset.target.name, 24)}: rows per class"
    if len(names) > MAX_CLASS_BARS:
        codes = np.sort(np.argsort(-counts, kind="stable")[:MAX_CLASS_BARS])
        title = column_label(dataset.target.name, 20)
        title += f": {MAX_CLASS_BARS} of {len(names)} classes"
    shades = [groups.colours[code] if len(groups.names) > 1 else BLUE for code in codes]
    bars = axes.barh(np.arange(len(codes)), counts[codes], color=shades, height=0.75)
    axes.bar_label(bars, padding=3, fontsize=_font_size(len(codes)))
    _label_bars(axes, [names[code] for code in codes])
    axes.margins(x=0.2)
    axes.set(title=title, xlabel="rows")
    integer_ticks(axes.xaxis, MAX_TICK_INTERVALS)


def column_label(name: str, max_length: int = 30) -> str:
    """Return the label of a column; columns without a name have their number."""
    return f"column {name}" if name.isdecimal() else shortened(name, max_length)


def _font_size(bars: int) -> int:
    return 9 if bars <= 10 else 7


def _label_bars(axes: Axes, names: Sequence[str]) -> None:
    """Label horizontal bars, the first on top."""
    labels = shortened_names(names, 18)
    axes.set_yticks(np.arange(len(names)), labels, fontsize=_font_size(len(names)))
    axes.invert_yaxis()


def draw_histogram(axes: Axes, name: str, values: Array, groups: Groups) -> None:
    """Draw a histogram, with the classes stacked.

    Parameters
    ----------
    axes : Axes
    name : str
    values : ndarray of float64, shape (n,)
        NaN for missing values.
    groups : Groups
    """
    finite = np.isfinite(values)
    axes.set(title=_title_with_missing(name, int(np.count_nonzero(~finite))), ylabel="rows")
    if not finite.any():
        return
    bar_per_integer = _has_few_integers(values[finite])
    if bar_per_integer:
        integer_ticks(axes.xaxis, MAX_TICK_INTERVALS)
    axes.hist(
        [part[np.isfinite(part)] for part in groups.split(values)],
        bins=_bin_edges(values[finite]).tolist(),
        stacked=True,
        color=list(groups.colours),
        rwidth=0.9 if bar_per_integer else 1.0,
        antialiased=False,  # avoids pale lines between the bars
    )
    integer_ticks(axes.yaxis, MAX_TICK_INTERVALS)


def _title_with_missing(name: str, missing: int) -> str:
    return column_label(name) + (f" ({missing} missing)" if missing else "")


def _has_few_integers(values: Array) -> bool:
    """Whether all values are integers within a range of fewer than `BINS`."""
    return bool(np.ptp(values) < BINS and (values == np.round(values)).all())


def _bin_edges(values: Array) -> Array:
    """Return the edges of bins of equal width; those of integers hold equally many of them."""
    low, high = float(values.min()), float(values.max())
    if (values == np.round(values)).all() and high - low < MAX_INTEGER:
        width = max(1.0, np.ceil((high - low + 1) / BINS))
        return np.arange(low - 0.5, high + 0.5 + width, width)
    edges = np.histogram_bin_edges(values, BINS)
    return edges if (np.diff(edges) > 0).all() else np.array([low - 0.5, high + 0.5])


def draw_value_counts(axes: Axes, name: str, values: Array, groups: Groups) -> None:
    """Draw the most frequent values of a column as bars, with the classes stacked.

    Parameters
    ----------
    axes : Axes
    name : str
    values : ndarray, shape (n,)
        Texts with None for missing ones, or 0 and 1 with NaN.
    groups : Groups
    """
    texts = _texts(values)
    counts = Counter(text for text in texts if text is not None)
    labels = sorted(counts, key=lambda text: (-counts[text], text))[:MAX_BARS]
    axes.set(title=_title_with_missing(name, texts.count(None)), xlabel="rows")
    others = len(counts) - len(labels)
    if others and sum(counts[text] for text in labels) < MIN_SHARE_SHOWN * len(texts):
        axes.axis("off")
        axes.text(0.5, 0.5, f"{len(counts):,} different texts", ha="center", va="center")
        return
    class_counts = Counter(zip(texts, groups.codes.tolist(), strict=True))
    left = np.zeros(len(labels))
    for code, colour in enumerate(groups.colours):
        widths = np.array([class_counts[text, code] for text in labels], float)
        axes.barh(np.arange(len(labels)), widths, left=left, color=colour, height=0.75)
        left += widths
    if others:
        axes.barh([len(labels)], [sum(counts.values()) - left.sum()], color=GREY, height=0.75)
        labels.append(plural(others, "other"))
    _label_bars(axes, labels)
    axes.margins(x=0.08)
    integer_ticks(axes.xaxis, MAX_TICK_INTERVALS)


def _texts(values: Array) -> list[str | None]:
    if values.dtype == object:
        return [None if value is None else str(value) for value in values.tolist()]
    return [BOOLEANS.get(value) for value in values.tolist()]


def draw_scatter(axes: Axes, x: Array, y: Array, groups: Groups, names: tuple[str, str]) -> None:
    """Draw a column over another, at most `MAX_POINTS` rows in a random order."""
    order = np.random.default_rng(0).permutation(len(x))[:MAX_POINTS]  # no class hides another
    shades = np.asarray(groups.colours, object)[groups.codes[order]]
    size = 12 if len(order) < 500 else 6
    axes.scatter(x[order], y[order], c=shades.tolist(), s=size, alpha=0.7, edgecolors="none")
    axes.set(xlabel=column_label(names[0], 28), ylabel=column_label(names[1], 24))
