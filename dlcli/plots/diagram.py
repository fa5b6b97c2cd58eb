"""Diagram of a model: its layers from the input down to the output."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.plots.canvas import check_plot_path, figure
from dlcli.plots.fitting import add_legend
from dlcli.text_width import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Colours of the families of layers. The family follows from the Keras package of a layer
# (FAMILY_OF_PACKAGE); the package `core` has several families, so its layers go by name, as
# dlcli's own do.
FAMILIES = {
    "dense": "#9ecae1",
    "convolution": "#fdae6b",
    "recurrent": "#bcbddc",
    "attention": "#c7b299",
    "pooling, reshaping": "#a1d99b",
    "regularization": "#fcbba1",
    "normalization": "#fee391",
    "embedding": "#f4b6d2",
    "other": "#d9d9d9",
}
FAMILY_OF_PACKAGE = {
    "convolutional": "convolution",
    "rnn": "recurrent",
    "attention": "attention",
    "pooling": "pooling, reshaping",
    "reshaping": "pooling, reshaping",
    "regularization": "regularization",
    "normalization": "normalization",
}
FAMILY_OF_LAYER = {
    "Dense": "dense", "EinsumDense": "dense", "Embedding": "embedding",
    "EnsembleMean": "pooling, reshaping",
}  # fmt: skip
# Arguments that a box shows, in this order; booleans only if they are true.
ARGUMENTS = (
    "units", "filters", "kernel_size", "pool_size", "strides", "dilation_rate", "padding", "size",
    "num_heads", "key_dim", "input_dim", "output_dim", "target_shape", "rate",
    "factor", "activation", "return_sequences",
)  # fmt: skip
UNSHOWN_VALUES = {"padding": "valid", "activation": "linear"}
BOXES_PER_COLUMN = 13
WIDTH, HEIGHT, GAP = 5.0, 0.54, 0.22


@dataclass(frozen=True)
class Box:
    """Text and colour of one layer.

    Parameters
    ----------
    title : str
        Type of the layer.
    arguments : str
    shape : str
        Shape of the output for one sample.
    parameters : int or None
        Number of parameters; None for the input.
    family : str
        One of `FAMILIES`; empty for input and total.
    """

    title: str
    arguments: str
    shape: str
    parameters: int | None
    family: str = ""


def draw_model(path: Path, model: Any, title: str) -> None:
    """Plot the layers of a sequential model as a chain of boxes.

    Parameters
    ----------
    path : Path
        Ends in ``.png``, ``.svg`` or ``.pdf``.
    model : keras.Sequential
        A built model.
    title : str

    Raises
    ------
    DlcliError
        If the path cannot be written.
    """
    check_plot_path(path)
    boxes = describe_layers(model)
    columns = math.ceil(len(boxes) / BOXES_PER_COLUMN)
    rows = math.ceil(len(boxes) / columns)
    families = [name for name in FAMILIES if any(box.family == name for box in boxes)]
    height = rows * (HEIGHT + GAP) + 0.9 + 0.3 * math.ceil(len(families) / (3 * columns))
    with figure(path, (columns * (WIDTH + 0.5), height)) as fig:
        axes = fig.add_subplot()
        axes.set(xlim=(-0.25, columns * (WIDTH + 0.5) - 0.25), ylim=(-rows * (HEIGHT + GAP), GAP))
        axes.axis("off")
        axes.set_title(f"{title}: {model.count_params():,} parameters")
        for number, box in enumerate(boxes):
            _draw_box(axes, box, *_place(number, rows))
            if number:
                _draw_arrow(axes, number, rows)
        handles = [_handle(name) for name in families]
        add_legend(fig, handles, 3 * columns, frameon=False)


def describe_layers(model: Any) -> list[Box]:
    """Return the boxes of a model: the input, its layers, and the total."""
    first = Box("Input", "", _shape(model.input_shape), None)
    layers = [
        Box(
            _title(layer),
            _arguments(layer.get_config()),
            _shape(layer.output.shape),
            layer.count_params(),
            _family(layer),
        )
        for layer in model.layers
    ]
    fixed = sum(int(math.prod(weight.shape)) for weight in model.non_trainable_weights)
    note = f"{fixed:,} of them non-trainable" if fixed else ""
    return [first, *layers, Box("Total", note, "", model.count_params())]


def _title(layer: Any) -> str:
    from dlcli.network.ensemble import layer_kind  # imports Keras, which made the layer

    name = layer_kind(layer)
    inner = _inner_layer(layer)
    return name if inner is None else f"{name} of {type(inner).__name__}"


def _inner_layer(layer: Any) -> Any:
    """Return the layer that TimeDistributed, Bidirectional and other wrappers contain."""
    return getattr(layer, "forward_layer", None) or getattr(layer, "layer", None)


def _family(layer: Any) -> str:
    """Return the family of a layer, or of the layer inside a wrapper."""
    inner = _inner_layer(layer) or layer
    package = type(inner).__module__.split(".")[-2]
    return FAMILY_OF_LAYER.get(type(inner).__name__) or FAMILY_OF_PACKAGE.get(package, "other")


def _shape(shape: tuple[int | None, ...]) -> str:
    sizes = ["any" if size is None else str(size) for size in shape[1:]]
    return " × ".join(sizes) if sizes else "1"


def _arguments(config: Mapping[str, Any]) -> str:
    """Return the text of the arguments that define the size and the work of a layer."""
    inner = config.get("layer")
    if isinstance(inner, Mapping):
        return _arguments(inner["config"])
    texts = []
    for name in ARGUMENTS:
        value = config.get(name)
        value = tuple(value) if isinstance(value, list) else value
        if value is None or value is False or value == UNSHOWN_VALUES.get(name):
            continue
        texts.append(_argument(name, value, config))
    return ", ".join(text for text in texts if text)


def _argument(name: str, value: Any, config: Mapping[str, Any]) -> str:
    if name == "strides" and value == config.get("pool_size"):
        return ""
    if name in ("strides", "dilation_rate") and set(np.atleast_1d(value)) == {1}:
        return ""
    if isinstance(value, Mapping):
        value = value.get("class_name", "")
    text = "×".join(map(str, value)) if isinstance(value, tuple) else str(value)
    if name in ("activation", "padding"):
        return text
    return name if value is True else f"{name} {text}"


def _place(number: int, rows: int) -> tuple[float, float]:
    """Return the left and upper edge of a box."""
    column, row = divmod(number, rows)
    return column * (WIDTH + 0.5), -row * (HEIGHT + GAP)


def _draw_box(axes: Axes, box: Box, left: float, top: float) -> None:
    """Draw a box: type and arguments on the left, shape and parameters on the right."""
    from matplotlib.patches import FancyBboxPatch

    inner = 0.04
    frame = FancyBboxPatch(
        (left + inner, top - HEIGHT + inner), WIDTH - 2 * inner, HEIGHT - 2 * inner,
        boxstyle=f"round,pad={inner}", linewidth=0.8, edgecolor="#444444",
        facecolor=FAMILIES.get(box.family, "white"),
    )  # fmt: skip
    axes.add_patch(frame)
    first, middle, second = top - 0.17, top - HEIGHT / 2, top - 0.38
    upper = first if box.arguments else middle
    has_count = box.parameters is not None and (box.parameters or not box.family)
    text: dict[str, Any] = {"va": "center", "fontsize": 10}
    axes.text(left + 0.14, upper, shortened(box.title, 34), weight="bold", ha="left", **text)
    if box.arguments:
        axes.text(
            left + 0.14, second, shortened(box.arguments, 56),
            ha="left", va="center", fontsize=8.5,
        )  # fmt: skip
    right = left + WIDTH - 0.14
    if box.shape:
        axes.text(right, first if has_count else middle, box.shape, ha="right", **text)
    if has_count:
        label = f"{box.parameters:,} parameters"
        height = second if box.shape else middle
        axes.text(right, height, label, ha="right", va="center", fontsize=8.5)


def _draw_arrow(axes: Axes, number: int, rows: int) -> None:
    """Draw the arrow into a box; it bends if the box is the first of a column."""
    left, top = _place(number, rows)
    middle = left + WIDTH / 2
    style: dict[str, Any] = {"arrowstyle": "-|>", "color": "#444444", "shrinkA": 0, "shrinkB": 0}
    if number % rows:
        axes.annotate("", (middle, top), (middle, top + GAP), arrowprops=style)
        return
    previous_left, previous_top = _place(number - 1, rows)
    right, height = previous_left + WIDTH, previous_top - HEIGHT / 2
    between = right + 0.2
    axes.plot(
        [right, between, between], [height, height, top - HEIGHT / 2],
        color="#444444", linewidth=1,
    )  # fmt: skip
    axes.annotate("", (left, top - HEIGHT / 2), (between, top - HEIGHT / 2), arrowprops=style)


def _handle(family: str) -> Any:
    from matplotlib.patches import Patch

    return Patch(facecolor=FAMILIES[family], edgecolor="#444444", linewidth=0.6, label=family)
