"""Plots of the learned function, for models of one or two numeric columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.config.components import Component
from dlcli.datasets.dataset import Dataset
from dlcli.plots.canvas import (
    BLUE,
    GREY,
    ORANGE,
    colours,
    name_with_unit,
    single_axes,
)
from dlcli.plots.names import legend_label, legend_labels, shortened_names
from dlcli.preparation.preprocessor import Preprocessor
from dlcli.preparation.targets import Output, decode, output_kind, probabilities
from dlcli.types import Array

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

MAX_CLASSES = 20
MAX_POINTS = 600  # rows per part of the split; more would hide what is below them
GRID_POINTS, CURVE_POINTS = 240, 400
MARKERS = {"train": "o", "validation": "D", "test": "o"}


@dataclass(frozen=True)
class TrainedModel:
    """A trained network with its preprocessor and its data.

    Parameters
    ----------
    dataset : Dataset
    parts : mapping
        Row numbers of ``train``, ``validation`` and ``test``; parts without rows are left out.
    preprocessor : Preprocessor
    predictor : callable
        Maps preprocessed rows to outputs of shape (n, units); numbers are in the unit of the
        target.
    loss : Component
        Loss of the config.
    """

    dataset: Dataset
    parts: Mapping[str, Array]
    preprocessor: Preprocessor
    predictor: Callable[[Array], Array]
    loss: Component

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(column.name for column in self.dataset.columns)

    @property
    def output(self) -> Output:
        """Kind of the outputs."""
        return output_kind(self.dataset.target, self.loss)

    def outputs(self, *values: Array) -> Array:
        """Return the outputs for raw values, an array of shape (n,) per column."""
        raw = dict(zip(self.names, values, strict=True))
        return self.predictor(self.preprocessor.transform(raw))

    def column(self, position: int) -> Array:
        """Return the raw values of a column; float64, shape (n,)."""
        return np.asarray(self.dataset.x[self.names[position]], np.float64)


def draw_learned(folder: Path, model: TrainedModel, title: str) -> list[Path]:
    """Plot the predictions of a model over its one or two numeric columns.

    Returns
    -------
    list of Path
        ``boundary.png`` for classes over two columns; ``curve.png`` for a number or two classes
        over one column; empty for other models.
    """
    dataset = model.dataset
    types = {column.type for column in dataset.columns}
    if not dataset.is_table or types != {"numeric"}:
        return []
    classes = len(dataset.target.class_names)
    if len(dataset.columns) == 2 and 2 <= classes <= MAX_CLASSES:
        path = folder / "boundary.png"
        _draw_boundary(path, model, title)
        return [path]
    if len(dataset.columns) == 1 and classes in (0, 2):
        path = folder / "curve.png"
        _draw_curve(path, model, title)
        return [path]
    return []


def _draw_boundary(path: Path, model: TrainedModel, title: str) -> None:
    """Plot the predicted class over the plane of two columns, with the rows."""
    from matplotlib.colors import to_rgb

    class_colours = np.array(list(map(to_rgb, colours(len(model.dataset.target.class_names)))))
    x, y = (_value_range(model.column(position), GRID_POINTS) for position in (0, 1))
    plane = np.meshgrid(x, y)
    outputs = model.outputs(*(axis.ravel() for axis in plane))
    codes = decode(outputs, model.output).reshape(plane[0].shape)
    shares = probabilities(outputs, model.output).reshape(*codes.shape, -1)
    strength = np.full(codes.shape, 0.3) if model.output == "score" else _colour_strength(shares)
    image = 1 - strength[..., np.newaxis] * (1 - class_colours[codes])
    with single_axes(path, (7.2, 5.2)) as axes:
        extent = (x[0], x[-1], y[0], y[-1])
        axes.imshow(image, extent=extent, origin="lower", aspect="auto", interpolation="bilinear")
        for code in np.unique(codes)[1:]:
            # Zero where the class and its strongest competitor are equally probable.
            lead = shares[..., code] - np.delete(shares, code, axis=-1).max(axis=-1)
            axes.contour(*plane, lead, levels=[0.0], colors="black", linewidths=0.8)
        for part, all_rows in model.parts.items():
            rows = _subsample(all_rows)
            edge = (0.6 if len(rows) < 500 else 0.3) if part == "train" else 1.2
            row_colours = class_colours[model.dataset.y[rows]]
            points = (model.column(0)[rows], model.column(1)[rows])
            _scatter(axes, part, points, list(row_colours), linewidths=edge)
        axes.set(title=title, xlabel=model.names[0], ylabel=model.names[1])
        axes.set(xlim=extent[:2], ylim=extent[2:])
        _add_legend(axes, model, class_colours)


def _colour_strength(shares: Array) -> Array:
    """Return the strength of the colours: 0.08 for chance level to 0.6 for certainty.

    Parameters
    ----------
    shares : ndarray, shape (…, classes)
        Probabilities.
    """
    chance = 1 / shares.shape[-1]
    above_chance = np.clip((shares.max(axis=-1) - chance) / (1 - chance), 0, 1)
    return np.asarray(0.08 + 0.52 * above_chance)


def _draw_curve(path: Path, model: TrainedModel, title: str) -> None:
    """Plot the output over the only column, with the rows."""
    target = model.dataset.target
    x = _value_range(model.column(0), CURVE_POINTS)
    outputs = model.outputs(x)
    is_score = model.output == "score"
    if target.class_names:
        y = probabilities(outputs, model.output)[:, 1]
        class_name = legend_label(target.class_names[1], 30)
        y_label = label = f"{'score' if is_score else 'probability'} of {class_name}"
    else:
        y = outputs[:, 0].astype(np.float64)
        y_label, label = name_with_unit(target), "predicted"
    with single_axes(path, (6.4, 4.4)) as axes:
        if target.class_names:
            axes.axhline(0.0 if is_score else 0.5, color=GREY, linewidth=1, linestyle=":")
            names = shortened_names(target.class_names, 16)
            axes.secondary_yaxis("right").set_yticks([0, 1], names)
        (curve,) = axes.plot(x, y, color=ORANGE, linewidth=2, label=label)
        for part, all_rows in model.parts.items():
            rows = _subsample(all_rows)
            edge = 0.6 if part == "train" else 1.4
            points = (model.column(0)[rows], model.dataset.y[rows])
            _scatter(axes, part, points, BLUE, linewidths=edge, zorder=3)
        axes.set(title=title, xlabel=model.names[0], ylabel=y_label)
        axes.grid(alpha=0.3)
        axes.legend(handles=[curve, *(_part_handle(part, BLUE) for part in model.parts)])


def _scatter(axes: Axes, part: str, points: tuple[Array, Array], colour: Any, **style: Any) -> None:
    """Draw training rows as filled markers, and other rows as outlines."""
    is_training = part == "train"
    count = len(points[0])
    axes.scatter(
        *points,
        s=40 if count < 100 else 22 if count < 500 else 12,
        marker=MARKERS[part],
        c=colour if is_training else "white",
        edgecolors="white" if is_training else colour,
        **style,
    )


def _add_legend(axes: Axes, model: TrainedModel, class_colours: Array) -> None:
    """Add a legend beside the plane: colours of the classes, markers of the parts."""
    from matplotlib.lines import Line2D

    names = model.dataset.target.class_names
    handles = [
        Line2D([], [], linestyle="", marker="s", markersize=9, color=class_colours[code],
               label=name)
        for code, name in enumerate(legend_labels(names, 24))
    ]  # fmt: skip
    handles += [_part_handle(part, GREY) for part in model.parts]
    axes.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False
    )


def _part_handle(part: str, colour: str) -> Any:
    from matplotlib.lines import Line2D

    is_training = part == "train"
    return Line2D(
        [], [], linestyle="", marker=MARKERS[part], markersize=6,
        label="training rows" if is_training else f"{part} rows",
        markerfacecolor=colour if is_training else "white", markeredgecolor=colour,
    )  # fmt: skip


def _value_range(values: Array, points: int) -> Array:
    """Return evenly spaced points over the range of values, with a margin."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    margin = 0.06 * (high - low) or 1.0
    return np.linspace(low - margin, high + margin, points)


def _subsample(rows: Array) -> Array:
    """Return at most `MAX_POINTS` rows, evenly spaced."""
    return rows[:: -(-len(rows) // MAX_POINTS)] if len(rows) else rows
