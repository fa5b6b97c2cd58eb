"""Scores of trials against the values that vary."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.plots.canvas import BLUE, GREY, ORANGE, figure, integer_ticks
from dlcli.plots.names import short_number, shortened_names, value_text
from dlcli.plots.parallel_coordinates import (
    LABEL_LENGTH,
    are_numbers,
    draw_parallel_coordinates,
    is_wide,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANEL = (4.0, 3.4)
MAX_PANELS = 6
COLUMNS = 3
# With more different values, there are hardly two trials with the same one.
MAX_MEANS = 12
MAX_TICKS = 6


@dataclass(frozen=True)
class SweepPoints:
    """A trial.

    Parameters
    ----------
    values : mapping
        Values by the keys that vary.
    scores : tuple of float
        Of its trainings; empty if it has none.
    std : float
        Their standard deviation, as it is printed; may be NaN.
    """

    values: Mapping[str, Any]
    scores: tuple[float, ...]
    std: float = math.nan


def draw_sweep(path: Path, trials: Sequence[SweepPoints], metric: str, title: str) -> None:
    """Draw a panel for each key, with all trials; without keys the scores of the seeds.

    Parameters
    ----------
    path : Path
    trials : sequence of SweepPoints
    metric : str
    title : str
    """
    keys = list(trials[0].values)[:MAX_PANELS]
    count = max(1, len(keys))
    columns = min(count, COLUMNS)
    rows = -(-count // columns)
    with figure(path, (PANEL[0] * columns + 0.4, PANEL[1] * rows + 0.3)) as fig:
        fig.suptitle(title)
        axes = fig.subplots(rows, columns, squeeze=False, sharey=True)
        for panel in axes.flat[count:]:
            panel.set_axis_off()
        for row in axes:
            row[0].set_ylabel(metric)
        if not keys:
            _draw_trainings(axes[0, 0], trials[0].scores)
        for panel, key in zip(axes.flat, keys, strict=False):
            _draw_key(panel, trials, key)


def draw_search(
    path: Path,
    trials: Sequence[SweepPoints],
    importances: Mapping[str, float],
    metric: str,
    title: str,
    *,
    larger_is_better: bool,
    log: Mapping[str, bool],
) -> None:
    """Draw the scores in the order of the trials, how much each key matters, and each key.

    Below them each trial with a score is a line through an axis for each key.

    Parameters
    ----------
    path : Path
    trials : sequence of SweepPoints
        In the order in which they were asked for.
    importances : mapping
        By key, the most important first; may be empty.
    metric : str
    title : str
    larger_is_better : bool
    log : mapping
        Whether the axis of a key is logarithmic; of others, if it spans a large ratio.
    """
    ordered = [*importances, *(key for key in trials[0].values if key not in importances)]
    keys = ordered[: MAX_PANELS + 1]
    count = len(keys) + 1 + bool(importances)
    rows = -(-count // COLUMNS)
    scored = [trial for trial in trials if trial.scores]
    lines = len(keys) > 1 and len(scored) > 1
    with figure(path, (PANEL[0] * COLUMNS + 0.4, PANEL[1] * (rows + lines) + 0.3)) as fig:
        fig.suptitle(title)
        places = fig.add_gridspec(rows + lines, COLUMNS)
        panels = [fig.add_subplot(places[divmod(number, COLUMNS)]) for number in range(count)]
        _draw_history(panels[0], trials, metric, larger_is_better=larger_is_better)
        if importances:
            _draw_importances(panels[1], importances)
        for panel, key in zip(panels[1 + bool(importances) :], keys, strict=False):
            _draw_key(panel, trials, key, log.get(key))
            panel.set_ylabel(metric)
        if lines:
            draw_parallel_coordinates(
                fig.add_subplot(places[rows, :]),
                [trial.values for trial in scored],
                np.array([np.mean(trial.scores) for trial in scored]),
                {key: _last_words(key) for key in keys[:MAX_PANELS]},
                metric,
                larger_is_better=larger_is_better,
                log=log,
            )


def _draw_history(
    axes: Axes, trials: Sequence[SweepPoints], metric: str, *, larger_is_better: bool
) -> None:
    """Draw the score of each trial, and the best so far."""
    numbers = [number for number, trial in enumerate(trials, 1) if trial.scores]
    means = [float(np.mean(trial.scores)) for trial in trials if trial.scores]
    best = np.maximum.accumulate(means) if larger_is_better else np.minimum.accumulate(means)
    axes.plot(numbers, means, "o", color=BLUE, markersize=3, alpha=0.7, label="trial")
    axes.step(numbers, best, where="post", color=ORANGE, linewidth=1.5, label="best so far")
    axes.set_xlabel("trial")
    integer_ticks(axes.xaxis)
    axes.set_ylabel(metric)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(fontsize="small")


def _draw_importances(axes: Axes, importances: Mapping[str, float]) -> None:
    """Draw how much each key matters."""
    keys = list(importances)[:MAX_PANELS][::-1]
    axes.barh([_last_words(key) for key in keys], [importances[key] for key in keys], color=BLUE)
    axes.set_xlabel("importance (PED-ANOVA)")
    axes.grid(axis="x", alpha=0.3)


def _last_words(key: str) -> str:
    """Return a key without its first section, broken in two lines if it is long."""
    return key if len(key) <= 18 else key.replace(".", "\n.", 1)


def _draw_trainings(axes: Axes, scores: Sequence[float]) -> None:
    """Draw the scores of the trainings of one trial, and their mean."""
    numbers = np.arange(1, len(scores) + 1)
    axes.plot(numbers, scores, "o", color=BLUE, markersize=5)
    axes.axhline(float(np.mean(scores)), color=ORANGE, linewidth=1)
    axes.set_xlabel("training")
    integer_ticks(axes.xaxis)
    axes.grid(axis="y", alpha=0.3)


def _draw_key(axes: Axes, trials: Sequence[SweepPoints], key: str, log: bool | None = None) -> None:
    """Draw the mean score of each trial against one of the values, and the mean of each value."""
    scored = [trial for trial in trials if trial.scores]
    values = list(dict.fromkeys(_hashable(trial.values[key]) for trial in trials))
    is_numeric = are_numbers(values)
    if is_numeric:
        values.sort()
    places = {value: float(value) if is_numeric else index for index, value in enumerate(values)}
    x = np.array([places[_hashable(trial.values[key])] for trial in scored])
    means = np.array([np.mean(trial.scores) for trial in scored])
    spreads = np.nan_to_num([trial.std for trial in scored])
    if len(trials[0].values) == 1:
        axes.errorbar(x, means, spreads, fmt="none", ecolor=GREY, elinewidth=1, capsize=3)
    axes.plot(x, means, "o", color=BLUE, markersize=4, alpha=0.8)
    present = sorted(set(x.tolist()))
    if len(present) <= MAX_MEANS:
        means_of_values = [means[x == place].mean() for place in present]
        axes.plot(present, means_of_values, color=ORANGE, linewidth=1)
    axes.set_xlabel(key)
    axes.grid(axis="y", alpha=0.3)
    if not is_numeric:
        axes.set_xticks(
            range(len(values)), shortened_names(list(map(value_text, values)), LABEL_LENGTH)
        )
    elif is_wide(values) if log is None else log:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter("")
    elif len(values) <= MAX_TICKS:
        axes.set_xticks(values, list(map(short_number, values)))
    elif all(isinstance(value, int) for value in values):
        integer_ticks(axes.xaxis)


def _hashable(value: Any) -> Any:
    return value if isinstance(value, int | float | str | bool) else value_text(value)
