"""What a layer wants of its input, and how to make an input fit: the words for shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcli.config.components import Component
from dlcli.config.heads import possible_units
from dlcli.config.known import Facts

Shape = tuple[Any, ...]
RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional")
IMAGE, SEQUENCE = "(height, width, channels)", "(steps, features)"
# The dimensions of a sample that a layer takes, without the batch.
WANTED = {
    **dict.fromkeys(RECURRENT, SEQUENCE),
    **dict.fromkeys(
        ("CenterCrop", "Resizing", "RandomFlip", "RandomRotation", "RandomTranslation",
         "RandomZoom", "RandomContrast", "RandomBrightness"),
        IMAGE,
    ),
    "RepeatVector": "(features,)",
    "MelSpectrogram": "(samples,)",
}  # fmt: skip
BY_DIMENSIONS = {
    "1D": "(steps, channels)",
    "2D": IMAGE,
    "3D": "(depth, height, width, channels)",
}


def wanted_dimensions(name: str) -> str:
    """Return the dimensions that a layer takes, as a text; empty if it takes several."""
    if name in WANTED:
        return WANTED[name]
    dimensions = next((text for key, text in BY_DIMENSIONS.items() if key in name), "")
    return dimensions.replace("(", "(time, ") if name.startswith("ConvLSTM") else dimensions


def wanted_rank(name: str) -> int | None:
    """Return the number of dimensions that a layer takes; None if it takes several."""
    dimensions = wanted_dimensions(name)
    return len(dimensions.strip("()").rstrip(",").split(",")) if dimensions else None


def misfit(layer: Component, shape: Shape, previous: Component | None, reason: str = "") -> str:
    """Return the message for a layer that does not accept its input.

    Parameters
    ----------
    layer : Component
    shape : tuple of int
        The input.
    previous : Component or None
        The layer before it.
    reason : str
        What is wrong besides the number of dimensions.
    """
    rank, dimensions = wanted_rank(layer.name), wanted_dimensions(layer.name)
    if rank is not None and len(shape) != rank:
        reason = f"it wants {dimensions}"
    hint = shape_hint(layer, shape, previous)
    text = f"{layer.name} does not accept inputs of shape {shape}"
    text += f": {reason.rstrip('.')}" if reason else ""
    return f"{text}. {hint}" if hint else text


def shape_hint(layer: Component, shape: Shape, previous: Component | None) -> str:
    """Suggest how to make a layer fit its input, or return an empty text."""
    is_recurrent = layer.name in RECURRENT
    is_window = layer.name.startswith(("Conv", "MaxPool", "Average", "Separable", "Depthwise"))
    rank = wanted_rank(layer.name)
    if len(shape) == 1 and (is_recurrent or is_window or layer.name == "TimeDistributed"):
        if previous is not None and previous.name in RECURRENT:
            return f"Set return_sequences: true in the {previous.name} before it."
        if previous is not None and previous.name.startswith(("Flatten", "Global")):
            return (
                f"The {previous.name} before it returns a row of numbers; move it after this layer."
            )
        subject = "Recurrent layers" if is_recurrent else "Convolution and pooling layers"
        return f"{subject} need images or sequences; Reshape makes one from a row of numbers."
    if rank is not None and len(shape) == rank - 1:
        return f"Reshape: {[*shape, 1]} adds the dimension that is missing."
    if is_recurrent and len(shape) == 3:
        steps, *others = shape
        return f"Reshape: [{steps}, {_product(others)}] makes a sequence of its rows."
    if len(shape) > 1 and _window_exceeds(layer, shape):
        return "Its window is larger than its input; make it smaller, or set padding: same."
    if layer.name == "GroupNormalization" and shape:
        return f"Set groups to a divisor of {shape[-1]}."
    return ""


def _product(sizes: Sequence[int]) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product


def _window_exceeds(layer: Component, shape: Shape) -> bool:
    """Return whether the window of a convolution or pooling is larger than its input."""
    window = layer.arguments.get("kernel_size", layer.arguments.get("pool_size"))
    if window is None and "Pooling" in layer.name and not layer.name.startswith("Global"):
        window = 2
    sides = shape[:-1]
    sizes = window if isinstance(window, list | tuple) else [window] * len(sides)
    pairs = zip(sizes, sides, strict=False)
    return any(isinstance(size, int) and side and size > side for size, side in pairs)


def output_problem(shape: Shape, facts: Facts | None, layers: Sequence[Component] = ()) -> str:
    """Return why the output of a model does not fit the target, or an empty text.

    Parameters
    ----------
    shape : tuple of int
        The output for one sample.
    facts : Facts or None
    layers : sequence of Component
        For the remedy.
    """
    if len(shape) != 1:
        recurrent = [layer for layer in layers if layer.name in RECURRENT]
        is_sequence = len(shape) == 2 and recurrent and returns_sequences(recurrent[-1])
        advice = "Add Flatten, or a pooling layer, before the last layer."
        if is_sequence:
            advice = f"Leave return_sequences out of the last {recurrent[-1].name}."
        expected = "one number" if facts and facts.task == "regression" else "one number per class"
        return f"the model's output has shape {shape}, not {expected}. {advice}"
    if facts is None:
        return ""
    units = possible_units(facts)
    if shape[0] in units:
        return ""
    return f"the model has {shape[0]} outputs; the target needs {' or '.join(map(str, units))}"


def returns_sequences(layer: Component) -> bool:
    """Return whether a recurrent layer, or the one inside it, returns all its steps."""
    inner = layer.arguments.get("layer")
    source = inner if isinstance(inner, Component) else layer
    return source.arguments.get("return_sequences") is True
