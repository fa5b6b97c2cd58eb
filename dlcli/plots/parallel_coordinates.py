"""Trials as lines through an axis for each key, coloured by their scores."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.plots.canvas import GREY, ORANGE
from dlcli.plots.names import short_number, value_text
from dlcli.text_width import shortened
from dlcli.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Values that span a larger ratio are drawn on a logarithmic axis.
WIDE = 20.0
# Values of an axis with at most so many are told apart by their places alone.
FEW = 6
# Height of the band that lines through one of few values are spread over, as a share of its place.
BAND = 0.3
COLOURS = "viridis_r"  # of the better trials the darker ones
LABEL_LENGTH = 16


@dataclass(frozen=True)
class ParallelAxis:
    """An axis of the picture.

    Parameters
    ----------
    heights : ndarray
        Of each trial, from 0 to 1.
    ticks : list of tuple
        Height and text of each label.
    """

    heights: Array
    ticks: list[tuple[float, str]]


def draw_parallel_coordinates(
    axes: Axes,
    values: Sequence[Mapping[str, Any]],
    scores: Array,
    names: Mapping[str, str],
    metric: str,
    *,
    larger_is_better: bool,
    log: Mapping[str, bool],
) -> None:
    """Draw a line for each trial.

    Parameters
    ----------
    axes : Axes
    values : sequence of mapping
        Of each trial, by key.
    scores : ndarray
        Of each trial.
    names : mapping
        What is written at the axis of each key that is drawn, in their order.
    metric : str
    larger_is_better : bool
    log : mapping
        Whether the axis of a key is logarithmic; of others, if it spans a large ratio.
    """
    import matplotlib as mpl
    from matplotlib.collections import LineCollection

    ranks = np.argsort(np.argsort(scores if larger_is_better else -scores, kind="stable"))
    shares = ranks / max(1, len(scores) - 1)  # 1 for the best
    parallel = [_axis([own[key] for own in values], shares, log.get(key)) for key in names]
    parallel.append(_axis([float(score) for score in scores], shares, None))
    places = np.arange(len(parallel))
    heights = np.stack([axis.heights for axis in parallel], axis=1)
    lines = [np.column_stack([places, heights[index]]) for index in np.argsort(ranks)]
    colours = mpl.colormaps[COLOURS](np.sort(shares))
    axes.add_collection(LineCollection(lines[:-1], colors=colours[:-1], linewidths=0.8, alpha=0.7))
    axes.plot(places, heights[ranks.argmax()], color=ORANGE, linewidth=2.2, label="best trial")
    for place, axis in enumerate(parallel):
        axes.axvline(place, color=GREY, linewidth=0.8)
        is_last = axis is parallel[-1]
        for height, text in axis.ticks:
            axes.annotate(
                shortened(text, LABEL_LENGTH), (place, height), (4 if is_last else -4, 0),
                ha="left" if is_last else "right", va="center",
                textcoords="offset points", fontsize="x-small",
                bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.8},
            )  # fmt: skip
    axes.set_xticks(places, [*names.values(), metric], fontsize="small")
    axes.set_xlim(-0.45, len(parallel) - 0.75)
    axes.set_ylim(-0.06, 1.06)
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.legend(fontsize="small", loc="lower right", bbox_to_anchor=(1, 1), frameon=False)


def is_wide(values: Sequence[float]) -> bool:
    """Return whether numbers are drawn on a logarithmic axis."""
    return min(values) > 0 and max(values) / min(values) > WIDE


def are_numbers(values: Sequence[Any]) -> bool:
    """Return whether values are numbers, and none of them true or false."""
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)


def _axis(values: Sequence[Any], shares: Array, log: bool | None) -> ParallelAxis:
    """Return the axis of some values; lines through one of few are ordered by their scores."""
    is_numeric = are_numbers(values)
    texts = [short_number(value) if is_numeric else value_text(value) for value in values]
    different = dict(zip(texts, values, strict=True))
    if is_numeric and len(different) > FEW:
        return _scale([float(value) for value in values], log)
    ordered = sorted(different, key=lambda t: different[t]) if is_numeric else list(different)
    places = {text: index for index, text in enumerate(ordered)}
    last = max(1, len(ordered) - 1)
    spread = BAND * (shares - 0.5)
    heights = np.array([places[text] for text in texts]) + (spread if len(ordered) > 1 else 0)
    # The bands of the first and the last value end at the ends of the axis.
    low, high = -BAND / 2, last + BAND / 2
    ticks = [((place - low) / (high - low), text) for text, place in places.items()]
    return ParallelAxis((heights - low) / (high - low), ticks)


def _scale(values: Sequence[float], log: bool | None) -> ParallelAxis:
    """Return the axis of many different numbers."""
    from matplotlib.ticker import MaxNLocator

    low, high = min(values), max(values)
    if is_wide(values) if log is None else log:
        powers = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
        ticks = [10.0**power for power in powers]
        return ParallelAxis(
            np.log(np.array(values) / low) / math.log(high / low),
            [(math.log(tick / low) / math.log(high / low), f"{tick:g}") for tick in ticks],
        )
    span = high - low
    ticks = [tick for tick in MaxNLocator(5).tick_values(low, high) if low <= tick <= high]
    return ParallelAxis(
        (np.array(values) - low) / span, [((tick - low) / span, f"{tick:g}") for tick in ticks]
    )
