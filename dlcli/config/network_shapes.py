"""Follow the shape of a sample through the layers of a config, without Keras.

The rules are those with which model files are inspected. A layer whose output they only bound from
above, or whose arguments have effects of their own, is left to Keras.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.config.catalogue import keras_catalogue
from dlcli.config.components import Component
from dlcli.config.heads import Finding
from dlcli.config.known import Facts
from dlcli.config.layer_costs import LAYER_RULES, WRAPPER_RULES, LayerCost, Shape
from dlcli.config.sections import Config
from dlcli.config.shape_messages import misfit, output_problem, wanted_rank

# Layers whose output shape the rules compute as Keras does.
EXACT = {
    "Activation", "ActivityRegularization", "AlphaDropout", "BatchNormalization", "Bidirectional",
    "CenterCrop", "Dense", "Dropout", "ELU", "Embedding", "EnsembleDense", "EnsembleMean",
    "Flatten", "GRU", "GaussianDropout",
    "GaussianNoise", "GroupNormalization", "Identity", "LSTM", "LayerNormalization", "LeakyReLU",
    "Masking", "MelSpectrogram", "PReLU", "Permute", "RNN", "RMSNormalization", "RandomBrightness",
    "RandomContrast", "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "ReLU",
    "RepeatVector", "Rescaling", "Reshape", "Resizing", "SimpleRNN", "Softmax",
    "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "SpectralNormalization",
    "TimeDistributed", "UnitNormalization", "LSTMCell", "GRUCell", "SimpleRNNCell",
    "SeparableConv1D", "SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D",
    *(f"{name}{rank}D" for rank in (1, 2, 3) for name in (
        "AdaptiveAveragePooling", "AdaptiveMaxPooling", "AveragePooling", "Conv", "ConvLSTM",
        "Cropping", "GlobalAveragePooling", "GlobalMaxPooling", "MaxPooling", "UpSampling",
        "ZeroPadding",
    )),
    *(f"Conv{rank}DTranspose" for rank in (1, 2, 3)),
}  # fmt: skip
# Arguments, other than the default, with which Keras does what the rules do not know.
UNKNOWN_ARGUMENTS = (
    "axis", "data_format", "noise_shape", "output_padding", "quantization_config", "shared_axes",
)  # fmt: skip


@dataclass(frozen=True)
class LayerShape:
    """A layer with the shapes of its input and its output for one sample.

    Parameters
    ----------
    layer : Component
    input_shape, output_shape : tuple of int
    weights : int
        Number of its weights; an upper bound.
    """

    layer: Component
    input_shape: Shape
    output_shape: Shape
    weights: int


class ShapeError(Exception):
    """A layer does not accept its input; `finding` has its place and the message."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding[1])
        self.finding = finding


class _Unknown(Exception):  # noqa: N818 (no error: Keras knows)
    """The rules do not know the output of a layer."""


def infer_shapes(layers: Sequence[Component], input_shape: Shape) -> list[LayerShape] | None:
    """Return the shapes of the layers of a config; None if only Keras knows them.

    Parameters
    ----------
    layers : sequence of Component
    input_shape : tuple of int
        Shape of one preprocessed sample.

    Raises
    ------
    ShapeError
        If a layer does not accept the output of the layer before it.
    """
    shapes: list[LayerShape] = []
    shape = input_shape
    for index, layer in enumerate(layers):
        previous = layers[index - 1] if index else None
        try:
            cost = _measure(layer, [shape])
        except _Unknown:
            return None
        except (ValueError, TypeError, IndexError, KeyError, OverflowError) as error:
            reason = str(error) if isinstance(error, ValueError) else ""
            raise ShapeError((layer.path, misfit(layer, shape, previous, reason))) from None
        shapes.append(LayerShape(layer, shape, cost.outputs[0], cost.weights))
        shape = cost.outputs[0]
    return shapes


def _measure(layer: Any, inputs: Sequence[Shape]) -> LayerCost:
    """Return output and weights of a layer; ValueError if it does not accept its input."""
    if not isinstance(layer, Component) or layer.name not in EXACT:
        raise _Unknown
    shape = inputs[0]
    _check_axis(layer, shape)
    arguments = _with_defaults(layer)
    rank = wanted_rank(layer.name)
    if rank is not None and len(shape) != rank:
        raise ValueError("")
    _check_arguments(layer.name, arguments, shape)
    if layer.name in WRAPPER_RULES:
        cost = WRAPPER_RULES[layer.name](arguments, inputs, _measure)
    else:
        cost = LAYER_RULES[layer.name](arguments, inputs)
    if 0 in cost.outputs[0]:
        raise ValueError("nothing of the input would be left")
    return cost


def _with_defaults(layer: Component) -> dict[str, Any]:
    """Return the arguments of a layer with Keras's defaults; _Unknown if the rules lack one."""
    entry = keras_catalogue().find("layers", layer.name)
    if entry is None:
        raise _Unknown
    arguments = {**entry.optional, **layer.arguments}
    for name in UNKNOWN_ARGUMENTS:
        if arguments.get(name) not in (None, entry.optional.get(name), "channels_last"):
            raise _Unknown
    if arguments.get("activation") == "glu" or isinstance(arguments.get("scale"), list):
        raise _Unknown
    if layer.name.endswith("Transpose") and _exceeds_one(arguments.get("dilation_rate")):
        raise _Unknown
    if layer.name == "Bidirectional" and arguments.get("merge_mode") is None:
        raise _Unknown
    return arguments


def _check_axis(layer: Component, shape: Shape) -> None:
    """Raise ValueError if an axis is none of the dimensions, which are counted with the batch."""
    axis = layer.arguments.get("axis")
    for item in axis if isinstance(axis, list) else [axis]:
        if isinstance(item, int) and not -len(shape) <= item <= len(shape):
            raise ValueError(f"axis {item} is none of its dimensions, 1 to {len(shape)}")


def _check_arguments(name: str, arguments: Mapping[str, Any], shape: Shape) -> None:
    """Raise ValueError for arguments that Keras refuses for an input."""
    groups = arguments.get("groups")
    if isinstance(groups, int) and groups > 1:
        if shape[-1] % groups:
            raise ValueError(f"{shape[-1]} channels cannot be split into {groups} groups")
        if arguments.get("filters", 0) % groups:
            filters = arguments["filters"]
            raise ValueError(f"{filters} filters cannot be split into {groups} groups")
    if name == "TimeDistributed" and len(shape) < 2:
        raise ValueError("it wants (time, …)")
    if arguments.get("padding") == "causal" and name != "Conv1D":
        raise ValueError("padding: causal is for Conv1D")
    if name == "CenterCrop":
        height, width = arguments.get("height"), arguments.get("width")
        if not (isinstance(height, int) and isinstance(width, int)):
            raise ValueError("height and width must be integers")
    if name == "MelSpectrogram" and shape[-1] <= arguments["fft_length"] // 2:
        reason = "are too few for half of its fft_length"
        raise ValueError(f"{shape[-1]} samples {reason}, {arguments['fft_length']}")
    strides, dilation = arguments.get("strides"), arguments.get("dilation_rate")
    if _exceeds_one(strides) and _exceeds_one(dilation) and not name.startswith("Separable"):
        raise ValueError("strides and dilation_rate cannot both be greater than 1")


def _exceeds_one(value: Any) -> bool:
    items = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(item, int) and item > 1 for item in items)


def network_errors(
    config: Config, input_shape: Shape, facts: Facts, shapes: Sequence[LayerShape]
) -> Iterator[Finding]:
    """Yield what cannot work in a model whose shapes are known."""
    layers = config.model
    output = shapes[-1].output_shape if shapes else input_shape
    message = output_problem(output, facts, layers)
    if message:
        yield layers[-1].path, message
    if not any(shape.weights for shape in shapes):
        yield ("model",), "no layer has weights, so nothing would be learned; add a Dense"
    if config.fit.batch_size == 1:
        for shape in shapes:
            if shape.layer.name == "BatchNormalization" and len(shape.input_shape) == 1:
                reason = "BatchNormalization of a batch of 1 row returns constants, not inputs"
                advice = "set fit.batch_size to 8 or more, or use LayerNormalization"
                yield shape.layer.path, f"{reason}; {advice}"
