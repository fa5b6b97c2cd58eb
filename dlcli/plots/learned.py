"""Pictures of what a network has learned, where its inputs fit onto paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.config.components import Component
from dlcli.datasets import Dataset
from dlcli.plots.canvas import BLUE, GREY, ORANGE, colours, legend_text, picture
from dlcli.preparation import Preprocessor
from dlcli.preparation.targets import Output, decode, output_kind, probabilities
from dlcli.types import Array

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

MAX_CLASSES = 20
MAX_POINTS = 600  # of a part; more would hide what is below
GRID = 240
MARKS = {"train": "o", "validation": "D", "test": "o"}


@dataclass(frozen=True)
class Learned:
    """A trained network with all that stands before it, and its data.

    Parameters
    ----------
    dataset : Dataset
    parts : mapping
        Row numbers by ``train``, ``validation`` and ``test``, as far as they have rows.
    preprocessor : Preprocessor
    predictor : callable
        From preprocessed rows to outputs of shape (n, units), as `dlcli.network.outputs.Predictor`.
    loss : Component
        The config's.
    """

    dataset: Dataset
    parts: Mapping[str, Array]
    preprocessor: Preprocessor
    predictor: Callable[[Array], Array]
    loss: Component

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(column.name for column in self.dataset.columns)

    @property
    def kind(self) -> Output:
        """What the outputs mean."""
        return output_kind(self.dataset.target, self.loss)

    def outputs(self, *values: Array) -> Array:
        """Return the outputs for raw values, an array of shape (n,) per column."""
        raw = dict(zip(self.names, values, strict=True))
        return self.predictor(self.preprocessor.transform(raw))

    def column(self, position: int) -> Array:
        """Return the raw values of a column; float64, shape (n,)."""
        return np.asarray(self.dataset.x[self.names[position]], np.float64)


def draw_learned(folder: Path, learned: Learned, title: str) -> list[Path]:
    """Draw what was learned from one or two numeric columns; of other data nothing.

    Parameters
    ----------
    folder : Path
    learned : Learned
    title : str

    Returns
    -------
    list of Path
        ``boundary.png`` of classes in two columns; ``curve.png`` of a number, or of two
        classes, in one column.
    """
    dataset = learned.dataset
    types = {column.type for column in dataset.columns}
    if not dataset.is_table or types != {"numeric"}:
        return []
    classes = len(dataset.target.class_names)
    if len(dataset.columns) == 2 and 2 <= classes <= MAX_CLASSES:
        path = folder / "boundary.png"
        _draw_boundary(path, learned, title)
        return [path]
    if len(dataset.columns) == 1 and classes in (0, 2):
        path = folder / "curve.png"
        _draw_curve(path, learned, title)
        return [path]
    return []


def _draw_boundary(path: Path, learned: Learned, title: str) -> None:
    """Draw the predicted class over the plane of two columns, and the rows upon it."""
    palette = np.array([_rgb(c) for c in colours(len(learned.dataset.target.class_names))])
    across, up = (_reach(learned.column(at), GRID) for at in (0, 1))
    plane = np.meshgrid(across, up)
    outputs = learned.outputs(*(axis.ravel() for axis in plane))
    codes = decode(outputs, learned.kind).reshape(plane[0].shape)
    shares = probabilities(outputs, learned.kind).reshape(*codes.shape, -1)
    shade = np.full(codes.shape, 0.3) if learned.kind == "score" else _certainty(shares)
    image = 1 - shade[..., np.newaxis] * (1 - palette[codes])
    with picture(path, (7.2, 5.2)) as axes:
        extent = (across[0], across[-1], up[0], up[-1])
        axes.imshow(image, extent=extent, origin="lower", aspect="auto", interpolation="bilinear")
        for code in np.unique(codes)[1:]:
            ahead = shares[..., code] - np.delete(shares, code, axis=-1).max(axis=-1)
            axes.contour(*plane, ahead, levels=[0.0], colors="black", linewidths=0.8)
        _scatter(axes, learned, palette)
        axes.set(title=title, xlabel=learned.names[0], ylabel=learned.names[1])
        axes.set(xlim=extent[:2], ylim=extent[2:])
        _add_legend(axes, learned, palette)


def _certainty(shares: Array) -> Array:
    """Return how strong a colour is, 0.08 to 0.6: how far the best class is above a mere guess.

    Parameters
    ----------
    shares : ndarray, shape (…, classes)
        Probabilities.
    """
    guess = 1 / shares.shape[-1]
    above = np.clip((shares.max(axis=-1) - guess) / (1 - guess), 0, 1)
    return np.asarray(0.08 + 0.52 * above)


def _scatter(axes: Axes, learned: Learned, palette: Array) -> None:
    """Draw the rows: those of training filled, others as outlines."""
    for part, rows in learned.parts.items():
        shown = _some(rows)
        edge = palette[learned.dataset.y[shown]]
        train = part == "train"
        axes.scatter(
            learned.column(0)[shown],
            learned.column(1)[shown],
            s=_size(len(shown)),
            marker=MARKS[part],
            c=edge if train else "white",
            edgecolors="white" if train else list(edge),
            linewidths=(0.6 if len(shown) < 500 else 0.3) if train else 1.2,
        )


def _add_legend(axes: Axes, learned: Learned, palette: Array) -> None:
    """Name the classes by colour and the parts by mark, beside the plane."""
    from matplotlib.lines import Line2D

    names = learned.dataset.target.class_names
    handles = [
        Line2D([], [], linestyle="", marker="s", markersize=9, color=palette[code],
               label=legend_text(name, 24))
        for code, name in enumerate(names)
    ]  # fmt: skip
    handles += [_part_handle(part, GREY) for part in learned.parts]
    axes.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False
    )


def _part_handle(part: str, colour: str) -> Any:
    from matplotlib.lines import Line2D

    filled = part == "train"
    label = {"train": "training rows"}.get(part, f"{part} rows")
    return Line2D(
        [], [], linestyle="", marker=MARKS[part], markersize=6, label=label,
        markerfacecolor=colour if filled else "white", markeredgecolor=colour,
    )  # fmt: skip


def _draw_curve(path: Path, learned: Learned, title: str) -> None:
    """Draw the output over the only column, and the rows."""
    target = learned.dataset.target
    across = _reach(learned.column(0), 400)
    outputs = learned.outputs(across)
    name = target.name + (f" ({target.unit})" if target.unit else "")
    line, height = "predicted", outputs[:, 0].astype(np.float64)
    if target.class_names:
        second = target.class_names[1]
        scored = learned.kind == "score"
        height = probabilities(outputs, learned.kind)[:, 1]
        name = f"{'score' if scored else 'probability'} of {legend_text(second, 30)}"
        line = name
    with picture(path, (6.4, 4.4)) as axes:
        if target.class_names:
            level = 0.0 if learned.kind == "score" else 0.5
            axes.axhline(level, color=GREY, linewidth=1, linestyle=":")
            axes.secondary_yaxis("right").set_yticks([0, 1], [_tick(n) for n in target.class_names])
        (drawn,) = axes.plot(across, height, color=ORANGE, linewidth=2, label=line)
        for part, rows in learned.parts.items():
            shown = _some(rows)
            axes.scatter(
                learned.column(0)[shown],
                learned.dataset.y[shown],
                s=_size(len(shown)),
                marker=MARKS[part],
                c=BLUE if part == "train" else "white",
                edgecolors="white" if part == "train" else BLUE,
                linewidths=0.6 if part == "train" else 1.4,
                zorder=3,
            )
        axes.set(title=title, xlabel=learned.names[0], ylabel=name)
        axes.grid(alpha=0.3)
        axes.legend(handles=[drawn, *(_part_handle(part, BLUE) for part in learned.parts)])


def _tick(name: str) -> str:
    return legend_text(name, 16)


def _reach(values: Array, points: int) -> Array:
    """Return evenly spaced values from a little below all to a little above."""
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    margin = 0.06 * (high - low) or 1.0
    return np.linspace(low - margin, high + margin, points)


def _some(rows: Array) -> Array:
    """Return at most `MAX_POINTS` rows, evenly taken."""
    return rows[:: -(-len(rows) // MAX_POINTS)] if len(rows) else rows


def _size(count: int) -> float:
    return 40 if count < 100 else 22 if count < 500 else 12


def _rgb(colour: str) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    return to_rgb(colour)
