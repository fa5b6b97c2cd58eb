"""Labels of ticks that do not cover each other."""

from __future__ import annotations

import math
from itertools import pairwise, starmap
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.text import Text

SIZES = (8.0, 7.0)  # points, for labels that are too close
LINE = 1.25  # height of a line, as a multiple of the font size
GAP = 4.0  # pixels between two labels


class Label(NamedTuple):
    """A label of a tick.

    Parameters
    ----------
    text : Text
    low, high : float
        Extent along the axis, in pixels.
    gap : float
        Pixels to the next label; 0 on a vertical axis.
    is_minor : bool
    """

    text: Text
    low: float
    high: float
    gap: float
    is_minor: bool

    @property
    def place(self) -> float:
        """Place on the axis, in pixels: a rotated label ends there."""
        return self.high if self.angle else (self.low + self.high) / 2

    @property
    def angle(self) -> float:
        """Rotation in degrees; 0 also for a quarter of a turn."""
        return self.text.get_rotation() % 90

    @property
    def line(self) -> float:
        """Height of a line, in pixels."""
        figure = self.text.get_figure(root=True)
        return LINE * self.size * (figure.dpi if figure else 72) / 72

    @property
    def size(self) -> float:
        """Font size in points."""
        return float(self.text.get_fontsize())


def fit_ticks(axis: Axis, name: str) -> bool:
    """Change the labels of an axis if two of them overlap; return whether it did."""
    from matplotlib.ticker import FixedLocator, LogLocator, MaxNLocator, NullFormatter

    labels = _labels(axis, name)
    if not any(starmap(_covers, pairwise(labels))):
        return False
    locator = axis.get_major_locator()
    if any(label.is_minor for label in labels):
        axis.set_minor_formatter(NullFormatter())
    elif isinstance(locator, FixedLocator):
        _fit_names(axis, labels)
    elif isinstance(locator, MaxNLocator | LogLocator):
        widest = max(label.high - label.low for label in labels) + labels[0].gap
        fewer = min(len(labels) - 2, int((labels[-1].place - labels[0].place) / widest))
        if fewer < 1:
            return _shrink(axis, labels)
        params: Any = {"nbins" if isinstance(locator, MaxNLocator) else "numticks": fewer}
        locator.set_params(**params)
    else:
        return False
    return True


def _labels(axis: Axis, name: str) -> list[Label]:
    """Return the labels that are drawn, in the order of their places."""
    low, high = sorted(map(float, axis.get_view_interval()))
    margin = 1e-9 * (high - low)
    ticks = [(tick, False) for tick in axis.get_major_ticks(len(axis.get_majorticklocs()))]
    ticks += [(tick, True) for tick in axis.get_minor_ticks(len(axis.get_minorticklocs()))]
    labels = []
    for tick, is_minor in ticks:
        text = tick.label2 if tick.label2.get_visible() else tick.label1
        is_inside = low - margin <= float(tick.get_loc()) <= high + margin
        if is_inside and text.get_visible() and text.get_text().strip():
            box = text.get_window_extent()
            ends = (box.x0, box.x1) if name == "x" else (box.y0, box.y1)
            labels.append(Label(text, *ends, GAP if name == "x" else 0.0, is_minor))
    return sorted(labels, key=lambda label: label.place)


def _covers(first: Label, second: Label, scale: float = 1.0) -> bool:
    """Return whether a label reaches into the next one, if both are drawn at another scale."""
    distance = second.place - first.place
    if first.angle:  # parallel lines
        return distance * math.sin(math.radians(first.angle)) < scale * first.line
    needed = scale * (first.high - first.low + second.high - second.low) / 2
    return distance < needed + first.gap


def _fit_names(axis: Axis, labels: list[Label]) -> None:
    """Make names smaller, rotate them, and leave some out, whatever is needed of it."""
    size = labels[0].size
    sizes = [smaller for smaller in SIZES if smaller < size]
    for smaller in sizes:
        if not any(_covers(*pair, smaller / size) for pair in pairwise(labels)):
            axis.set_tick_params(labelsize=smaller)
            return
    if labels[0].gap and not labels[0].angle:
        axis.set_tick_params(rotation=45, labelsize=min(size, SIZES[0]))
        for tick in axis.get_major_ticks():
            tick.label1.set_horizontalalignment("right")
        return
    axis.set_tick_params(labelsize=min(size, SIZES[-1]))
    kept = [labels[0]]
    for label in labels[1:]:
        if not _covers(kept[-1], label, min(1.0, SIZES[-1] / size)):
            kept.append(label)
    shown = {id(label.text) for label in kept}
    texts = [tick.label1 for tick in axis.get_major_ticks()]
    axis.set_ticklabels([text.get_text() if id(text) in shown else "" for text in texts])


def _shrink(axis: Axis, labels: list[Label]) -> bool:
    """Make labels as small as may be; return whether they were larger."""
    is_larger = labels[0].size > SIZES[-1]
    if is_larger:
        axis.set_tick_params(labelsize=SIZES[-1])
    return is_larger
