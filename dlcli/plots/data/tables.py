"""Pictures of tables: classes, distributions, and how columns go together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.datasets.dataset import Column, Dataset
from dlcli.datasets.tables.file_table import FileTable
from dlcli.errors import plural
from dlcli.plots.canvas import figure
from dlcli.plots.data.panels import (
    MAX_CLASS_BARS,
    Groups,
    called,
    class_balance,
    group,
    histogram,
    no_groups,
    scatter,
    value_bars,
)
from dlcli.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    Panel = Callable[[Axes], None]

ACROSS = (4, 5, 3)  # panels side by side, the first that leaves the fewest gaps
CELL = (3.1, 2.4)
MAX_HISTOGRAMS, MAX_BARS, MAX_PAIRED, MAX_SCATTERED = 12, 8, 5, 9


def draw_classes(dataset: Dataset, path: Path) -> None:
    """Draw a table for classification: balance, distributions and pairs of columns by class.

    The bars of the balance name the colours; without pairs they are the legend.
    """
    groups = group(dataset)
    values = _values(dataset)
    panels: list[Panel] = [lambda axes: class_balance(axes, dataset, groups)]
    panels += _distributions(dataset.columns, values, groups)
    paired = [column.name for column in dataset.columns if column.type == "numeric"][:MAX_PAIRED]
    pairs = len(paired) - 1 if len(paired) >= 2 else 0
    across = max(_across(len(panels)), pairs)
    rows = math.ceil(len(panels) / across)
    bars = min(len(dataset.target.class_names), MAX_CLASS_BARS)
    tall = rows * max(CELL[1], 0.14 * bars + 0.9)  # each bar has its name
    size = (max(6.0, across * CELL[0]), tall + pairs * CELL[1] + 0.6)
    with figure(path, size) as drawn:
        drawn.suptitle(_title(dataset.name, len(dataset), dataset.columns), fontsize=13)
        upper: FigureBase = drawn
        if pairs:
            parts = drawn.add_gridspec(2, 1, height_ratios=[tall, pairs * CELL[1]])
            upper, lower = drawn.add_subfigure(parts[0]), drawn.add_subfigure(parts[1])
            _draw_pairs(lower, paired, values, groups, across)
            _add_legend(lower, dataset.target.name, groups)
        _lay(upper, panels, across)


def draw_numbers(dataset: Dataset, path: Path) -> None:
    """Draw a table for regression: the target, and the target over every column."""
    groups = no_groups(len(dataset))
    values = _values(dataset)
    name = dataset.target.name + (f" ({dataset.target.unit})" if dataset.target.unit else "")
    panels: list[Panel] = [lambda axes: histogram(axes, name, dataset.y, groups)]
    numeric = [column.name for column in dataset.columns if column.type == "numeric"]
    panels += [
        _over(values[column], dataset.y, groups, (column, name))
        for column in numeric[:MAX_SCATTERED]
    ]
    others = [column for column in dataset.columns if column.type != "numeric"]
    panels += _distributions(others, values, groups)
    with figure(path, _size(len(panels))) as drawn:
        drawn.suptitle(
            _title(dataset.name, len(dataset), dataset.columns, MAX_SCATTERED), fontsize=13
        )
        _lay(drawn, panels, _across(len(panels)))


def draw_columns(table: FileTable, path: Path) -> None:
    """Draw the distribution of every column of a file."""
    panels = _distributions(table.columns, table.values, no_groups(len(table)))
    with figure(path, _size(len(panels))) as drawn:
        drawn.suptitle(_title(table.path.name, len(table), table.columns), fontsize=13)
        _lay(drawn, panels, _across(len(panels)))


def _values(dataset: Dataset) -> dict[str, Array]:
    frame: Any = dataset.x
    return {column.name: frame[column.name].to_numpy() for column in dataset.columns}


def _title(name: str, rows: int, columns: Sequence[Column], numbers: int = MAX_HISTOGRAMS) -> str:
    """Name the data, and say which columns there was no room for."""
    text = f"{name}: {rows:,} rows, {plural(len(columns), 'column')}"
    numeric = sum(column.type == "numeric" for column in columns)
    others = len(columns) - numeric
    if numeric > numbers:
        text += f"; the first {numbers} of {numeric} numeric ones"
    if others > MAX_BARS:
        text += f"; the first {MAX_BARS} of {others} others"
    return text


def _distributions(
    columns: Sequence[Column], values: Mapping[str, Array], groups: Groups
) -> list[Panel]:
    """Return a histogram for the first numeric columns, and bars for the first others."""
    numeric = [column.name for column in columns if column.type == "numeric"]
    others = [column.name for column in columns if column.type != "numeric"]
    panels = [_of(histogram, name, values[name], groups) for name in numeric[:MAX_HISTOGRAMS]]
    panels += [_of(value_bars, name, values[name], groups) for name in others[:MAX_BARS]]
    return panels


def _of(
    draw: Callable[[Axes, str, Array, Groups], None], name: str, values: Array, groups: Groups
) -> Panel:
    return lambda axes: draw(axes, name, values, groups)


def _over(x: Array, y: Array, groups: Groups, names: tuple[str, str]) -> Panel:
    return lambda axes: scatter(axes, x, y, groups, names)


def _size(panels: int) -> tuple[float, float]:
    across = _across(panels)
    return max(6.0, across * CELL[0]), math.ceil(panels / across) * CELL[1] + 0.6


def _across(panels: int) -> int:
    """Return how many panels stand side by side."""
    if panels <= max(ACROSS):
        return panels
    return min(ACROSS, key=lambda across: -panels % across)


def _lay(drawn: FigureBase, panels: Sequence[Panel], columns: int) -> None:
    """Lay panels side by side and below each other."""
    rows = math.ceil(len(panels) / columns)
    for number, panel in enumerate(panels, 1):
        axes = drawn.add_subplot(rows, columns, number)
        panel(axes)
        axes.title.set_fontsize(10)
        axes.tick_params(labelsize=8)


def _draw_pairs(
    drawn: FigureBase,
    names: Sequence[str],
    values: Mapping[str, Array],
    groups: Groups,
    across: int,
) -> None:
    """Draw every column over every other, once: the triangle below the diagonal."""
    side = len(names) - 1
    for row in range(side):
        for column in range(row + 1):
            axes = drawn.add_subplot(side, across, row * across + column + 1)
            pair = (names[column], names[row + 1])
            scatter(axes, values[pair[0]], values[pair[1]], groups, pair)
            axes.tick_params(labelsize=8)


def _add_legend(drawn: FigureBase, title: str, groups: Groups) -> None:
    """Name the classes in the corner that the triangle leaves free."""
    if len(groups.names) > 1:
        columns = math.ceil(len(groups.names) / 8)
        drawn.legend(handles=groups.handles, title=called(title), loc="upper right", ncols=columns)
