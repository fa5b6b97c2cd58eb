"""Single axes of a picture: bars, histograms and scatter plots, coloured by class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.datasets.dataset import Dataset
from dlcli.plots.canvas import BLUE, GREY, MAX_COLOURS, colours, legend_text, shortened
from dlcli.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

BINS = 30
MAX_BARS = 8
MAX_CLASS_BARS = 20
MAX_POINTS = 2000
TELLING = 0.1  # of the rows at least that the most frequent texts stand for, else no bars
BOOLEANS = {0.0: "no", 1.0: "yes"}


@dataclass(frozen=True)
class Groups:
    """Rows by class, with a colour for each.

    Parameters
    ----------
    names : tuple of str
    codes : ndarray of int, shape (n,)
    colours : tuple of str
    """

    names: tuple[str, ...]
    codes: Array
    colours: tuple[str, ...]

    def parts(self, values: Array) -> list[Array]:
        """Return the values of every class."""
        return [values[self.codes == code] for code in range(len(self.names))]

    @property
    def handles(self) -> list[Any]:
        """What a legend shows."""
        from matplotlib.patches import Patch

        return [
            Patch(facecolor=colour, label=legend_text(name, 24))
            for name, colour in zip(self.names, self.colours, strict=True)
        ]


def group(dataset: Dataset) -> Groups:
    """Return the classes of a data set; more than there are colours for go as one."""
    names = dataset.target.class_names
    if len(names) > MAX_COLOURS:
        return no_groups(len(dataset))
    return Groups(names, dataset.y, tuple(colours(len(names))))


def no_groups(rows: int) -> Groups:
    """Return all rows as one group."""
    return Groups(("all rows",), np.zeros(rows, np.int32), (BLUE,))


def class_balance(axes: Axes, dataset: Dataset, groups: Groups) -> None:
    """Draw how many rows every class has, the counts at the bars."""
    names = dataset.target.class_names
    counts = np.bincount(dataset.y, minlength=len(names))
    order = np.arange(len(names))
    title = f"{called(dataset.target.name, 24)}: rows per class"
    if len(names) > MAX_CLASS_BARS:
        order = np.sort(np.argsort(-counts, kind="stable")[:MAX_CLASS_BARS])
        title = f"{called(dataset.target.name, 20)}: {MAX_CLASS_BARS} of {len(names)} classes"
    shades = [groups.colours[at] if len(groups.names) > 1 else BLUE for at in order]
    places = np.arange(len(order))
    drawn = axes.barh(places, counts[order], color=shades, height=0.75)
    small = 9 if len(order) <= 10 else 7
    axes.bar_label(drawn, padding=3, fontsize=small)
    _name_bars(axes, [names[at] for at in order])
    axes.margins(x=0.2)
    axes.set(title=title, xlabel="rows")
    _count_whole(axes.xaxis)


def called(name: str, longest: int = 30) -> str:
    """Return what an axes calls a column: one without a name has its number."""
    return f"column {name}" if name.isdecimal() else shortened(name, longest)


def _count_whole(axis: Axis) -> None:
    """Have no ticks between whole numbers."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=6, integer=True))


def _name_bars(axes: Axes, names: Sequence[str]) -> None:
    """Write names at horizontal bars, the first on top."""
    size = 9 if len(names) <= 10 else 7
    axes.set_yticks(np.arange(len(names)), [shortened(n, 18) for n in names], fontsize=size)
    axes.invert_yaxis()


def histogram(axes: Axes, name: str, values: Array, groups: Groups) -> None:
    """Draw how numbers are distributed, the classes upon each other.

    Parameters
    ----------
    axes : Axes
    name : str
    values : ndarray of float64, shape (n,)
        NaN is missing.
    groups : Groups
    """
    known = np.isfinite(values)
    title = called(name)
    if not known.all():
        title += f" ({np.count_nonzero(~known)} missing)"
    axes.set(title=title, ylabel="rows")
    if not known.any():
        return
    edges = _edges(values[known])
    whole = _few_whole(values[known])
    if whole:
        _count_whole(axes.xaxis)
    axes.hist(
        [part[np.isfinite(part)] for part in groups.parts(values)],
        bins=edges.tolist(),
        stacked=True,
        color=list(groups.colours),
        rwidth=0.9 if whole else 1.0,
        antialiased=False,  # no pale seams between the bars
    )
    _count_whole(axes.yaxis)


def _few_whole(values: Array) -> bool:
    """Tell whether a bar for each number is possible and right."""
    return bool(np.ptp(values) < BINS and (values == np.round(values)).all())


def _edges(values: Array) -> Array:
    """Return the edges of bins: one per number where few whole ones are, else of equal width."""
    low, high = float(values.min()), float(values.max())
    if _few_whole(values):
        return np.arange(low - 0.5, high + 1)
    edges = np.histogram_bin_edges(values, BINS)
    return edges if (np.diff(edges) > 0).all() else np.array([low - 0.5, high + 0.5])


def value_bars(axes: Axes, name: str, values: Array, groups: Groups) -> None:
    """Draw the most frequent values of a column, the classes beside each other in every bar.

    Parameters
    ----------
    axes : Axes
    name : str
    values : ndarray, shape (n,)
        Texts with None, or 0 and 1 with NaN, for what is missing.
    groups : Groups
    """
    texts = _texts(values)
    counts = Counter(text for text in texts if text is not None)
    shown = sorted(counts, key=lambda text: (-counts[text], text))[:MAX_BARS]
    missing = sum(text is None for text in texts)
    axes.set(title=called(name) + (f" ({missing} missing)" if missing else ""), xlabel="rows")
    rest = len(counts) - len(shown)
    if rest and sum(counts[text] for text in shown) < TELLING * len(texts):
        axes.axis("off")
        axes.text(0.5, 0.5, f"{len(counts):,} different texts", ha="center", va="center")
        return
    inside = Counter(zip(texts, groups.codes.tolist(), strict=True))
    left = np.zeros(len(shown))
    for code, colour in enumerate(groups.colours):
        widths = np.array([inside[text, code] for text in shown], float)
        axes.barh(np.arange(len(shown)), widths, left=left, color=colour, height=0.75)
        left += widths
    if rest:
        axes.barh([len(shown)], [sum(counts.values()) - left.sum()], color=GREY, height=0.75)
    _name_bars(axes, [*shown, f"{rest} other{'s' * (rest > 1)}"] if rest else shown)
    axes.margins(x=0.08)
    _count_whole(axes.xaxis)


def _texts(values: Array) -> list[str | None]:
    if values.dtype == object:
        return [None if value is None else str(value) for value in values.tolist()]
    return [BOOLEANS.get(value) for value in values.tolist()]


def scatter(axes: Axes, x: Array, y: Array, groups: Groups, names: tuple[str, str]) -> None:
    """Draw one column over another, at most `MAX_POINTS` rows in an order that hides no class."""
    order = np.random.default_rng(0).permutation(len(x))[:MAX_POINTS]
    shades = np.asarray(groups.colours, object)[groups.codes[order]]
    size = 12 if len(order) < 500 else 6
    axes.scatter(x[order], y[order], c=shades.tolist(), s=size, alpha=0.7, edgecolors="none")
    axes.set(xlabel=called(names[0], 28), ylabel=called(names[1], 24))
