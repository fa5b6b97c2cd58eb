"""Plots of tables: classes, distributions and pairs of columns."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.datasets.dataset import Column, Dataset
from dlcli.datasets.tables import FileTable
from dlcli.errors import plural
from dlcli.plots.canvas import figure, name_with_unit
from dlcli.plots.data.panels import (
    MAX_CLASS_BARS,
    Groups,
    column_label,
    draw_class_balance,
    draw_histogram,
    draw_scatter,
    draw_value_counts,
    group_by_class,
    single_group,
)
from dlcli.plots.data.relevance import NUMERIC, most_telling_first
from dlcli.plots.fitting import add_legend
from dlcli.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    Panel = Callable[[Axes], None]

MAX_LEGEND_COLUMNS = 6
TELLING = "most telling"
# Panels per row; the first number that leaves the fewest gaps is used.
COLUMNS = (4, 5, 3)
PANEL_WIDTH, PANEL_HEIGHT = 3.1, 2.4
MAX_HISTOGRAMS, MAX_BARS, MAX_PAIRED, MAX_SCATTERED = 12, 8, 4, 9


def draw_classes(dataset: Dataset, path: Path) -> None:
    """Plot a table for classification: balance, distributions and pairs of columns by class.

    Without pairs there is no legend, since the bars of the class balance show the colours.
    """
    groups = group_by_class(dataset)
    values = _values(dataset)
    ordered = most_telling_first(dataset, values)
    panels: list[Panel] = [lambda axes: draw_class_balance(axes, dataset, groups)]
    panels += _distributions(ordered, values, groups)
    paired = [column.name for column in ordered if column.type in NUMERIC][:MAX_PAIRED]
    pairs = [
        partial(draw_scatter, x=values[x], y=values[y], groups=groups, names=(x, y))
        for x, y in combinations(paired, 2)
    ]
    columns = _columns(len(panels))
    rows, pair_columns = math.ceil(len(panels) / columns), min(3, len(pairs))
    bars = min(len(dataset.target.class_names), MAX_CLASS_BARS)
    height = rows * max(PANEL_HEIGHT, 0.14 * bars + 0.9)  # space for the label of each bar
    pair_height = math.ceil(len(pairs) / 3) * 1.2 * PANEL_HEIGHT
    size = (max(6.0, max(columns, pair_columns) * PANEL_WIDTH), height + pair_height + 0.6)
    with figure(path, size) as fig:
        fig.suptitle(_title(dataset.name, len(dataset), dataset.columns, word=TELLING), fontsize=13)
        upper: FigureBase = fig
        if pairs:
            parts = fig.add_gridspec(2, 1, height_ratios=[height, pair_height])
            upper, lower = fig.add_subfigure(parts[0]), fig.add_subfigure(parts[1])
            _draw_panels(lower, pairs, pair_columns)
            _add_legend(lower, dataset.target.name, groups)
        _draw_panels(upper, panels, columns)


def draw_numbers(dataset: Dataset, path: Path) -> None:
    """Plot a table for regression: the target, and the target over each column."""
    groups = single_group(len(dataset))
    values = _values(dataset)
    name = name_with_unit(dataset.target)
    panels: list[Panel] = [lambda axes: draw_histogram(axes, name, dataset.y, groups)]
    ordered = most_telling_first(dataset, values)
    numeric = [column.name for column in ordered if column.type in NUMERIC]
    panels += [
        partial(draw_scatter, x=values[column], y=dataset.y, groups=groups, names=(column, name))
        for column in numeric[:MAX_SCATTERED]
    ]
    others = [column for column in dataset.columns if column.type not in NUMERIC]
    panels += _distributions(others, values, groups)
    with figure(path, _size(len(panels))) as fig:
        fig.suptitle(
            _title(dataset.name, len(dataset), dataset.columns, MAX_SCATTERED, TELLING),
            fontsize=13,
        )
        _draw_panels(fig, panels, _columns(len(panels)))


def draw_columns(table: FileTable, path: Path) -> None:
    """Plot the distribution of each column of a file."""
    panels = _distributions(table.columns, table.values, single_group(len(table)))
    with figure(path, _size(len(panels))) as fig:
        fig.suptitle(_title(table.path.name, len(table), table.columns), fontsize=13)
        _draw_panels(fig, panels, _columns(len(panels)))


def _values(dataset: Dataset) -> dict[str, Array]:
    frame: Any = dataset.x
    return {column.name: frame[column.name].to_numpy() for column in dataset.columns}


def _title(
    name: str,
    rows: int,
    columns: Sequence[Column],
    max_numeric: int = MAX_HISTOGRAMS,
    word: str = "first",
) -> str:
    """Return the title, with the number of columns that are not shown."""
    text = f"{name}: {rows:,} rows, {plural(len(columns), 'column')}"
    numeric = sum(column.type in NUMERIC for column in columns)
    others = len(columns) - numeric
    if numeric > max_numeric:
        text += f"; the {word} {max_numeric} of {numeric} numeric ones"
    if others > MAX_BARS:
        text += f"; the first {MAX_BARS} of {others} others"
    return text


def _distributions(
    columns: Sequence[Column], values: Mapping[str, Array], groups: Groups
) -> list[Panel]:
    """Return histograms of the first numeric columns, and bars of the first other columns."""
    numeric = [column.name for column in columns if column.type in NUMERIC]
    others = [column.name for column in columns if column.type not in NUMERIC]
    panels: list[Panel] = [
        partial(draw_histogram, name=name, values=values[name], groups=groups)
        for name in numeric[:MAX_HISTOGRAMS]
    ]
    panels += [
        partial(draw_value_counts, name=name, values=values[name], groups=groups)
        for name in others[:MAX_BARS]
    ]
    return panels


def _size(panels: int) -> tuple[float, float]:
    columns = _columns(panels)
    return max(6.0, columns * PANEL_WIDTH), math.ceil(panels / columns) * PANEL_HEIGHT + 0.6


def _columns(panels: int) -> int:
    """Return the number of panels per row."""
    if panels <= max(COLUMNS):
        return panels
    return min(COLUMNS, key=lambda columns: -panels % columns)


def _draw_panels(fig: FigureBase, panels: Sequence[Panel], columns: int) -> None:
    """Draw panels in a grid, row by row."""
    rows = math.ceil(len(panels) / columns)
    for number, panel in enumerate(panels, 1):
        axes = fig.add_subplot(rows, columns, number)
        panel(axes)
        axes.title.set_fontsize(10)
        axes.tick_params(labelsize=8)


def _add_legend(fig: FigureBase, title: str, groups: Groups) -> None:
    """Add a legend of the classes below the pairs of columns."""
    if len(groups.names) > 1:
        add_legend(fig, groups.handles, MAX_LEGEND_COLUMNS, title=column_label(title))
