"""Rules that return the output shapes and the cost of a layer, as upper bounds for one sample.

A shape has no batch dimension. Where padding or rounding differ, the larger result is returned.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

Shape = tuple[int, ...]
Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class LayerCost:
    """Output shapes and cost of a layer's call for one sample.

    Parameters
    ----------
    outputs : tuple of Shape
    weights : int
        Number of weights.
    operations : int
        Multiplications.
    largest : int
        Elements of the largest intermediate result.
    """

    outputs: tuple[Shape, ...]
    weights: int = 0
    operations: int = 0
    largest: int = 0


Rule = Callable[[Arguments, Sequence[Shape]], LayerCost]


def to_size(value: Any, default: int | None = None) -> int:
    """Return an argument as a size; ValueError if it is not one."""
    value = default if value is None else value
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise ValueError(f"expects a size, not {str(value)[:40]!r}")
    return max(int(value), 0)


def to_sizes(value: Any, rank: int, default: int = 1) -> Shape:
    """Return an argument that is one size or a list of them as `rank` sizes."""
    items = value if isinstance(value, list) else [value] * rank
    if len(items) != rank:
        raise ValueError(f"has {len(items)} sizes for {rank} dimensions")
    return tuple(to_size(item, default) for item in items)


def single_input(inputs: Sequence[Shape], min_rank: int = 1) -> Shape:
    """Return the shape of the only input; ValueError if there are several or its rank is low."""
    if len(inputs) != 1 or len(inputs[0]) < min_rank:
        raise ValueError(f"does not take {len(inputs)} inputs of shapes {list(inputs)[:3]}")
    return inputs[0]


def _same(arguments: Arguments, inputs: Sequence[Shape], work: int = 1) -> LayerCost:
    x = single_input(inputs, 0)
    return LayerCost((x,), 0, math.prod(x) * work)


def _normalization(arguments: Arguments, inputs: Sequence[Shape], copies: int) -> LayerCost:
    """Count `copies` weights for each position along the normalized axes."""
    x = single_input(inputs)
    axis = arguments.get("axis", -1)
    axes = axis if isinstance(axis, list) else [axis]
    count = math.prod(x[a if a < 0 else a - 1] for a in axes if isinstance(a, int))
    return LayerCost((x,), copies * count, math.prod(x))


def _prelu(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    x = single_input(inputs)
    shared = {to_size(axis) for axis in arguments.get("shared_axes") or ()}
    weights = math.prod(size for axis, size in enumerate(x, 1) if axis not in shared)
    return LayerCost((x,), weights, math.prod(x))


def _dense(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    x, units = single_input(inputs), to_size(arguments.get("units"))
    rank = to_size(arguments.get("lora_rank"), 0)
    weights = x[-1] * units + units + rank * (x[-1] + units)
    return LayerCost(((*x[:-1], units),), weights, math.prod(x) * units)


def _ensemble_dense(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    x, units = single_input(inputs), to_size(arguments.get("units"))
    members = to_size(arguments.get("members"))
    if len(x) > 2 or (len(x) == 2 and x[0] != members):
        raise ValueError(f"it wants (features,) or ({members}, features)")
    output, products = (members, units), members * x[-1] * units
    return LayerCost((output,), products + members * units, products)


def _ensemble_mean(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    x = single_input(inputs)
    if len(x) != 2:
        raise ValueError("it wants (members, units), from EnsembleDense")
    return LayerCost((x[1:],), 0, math.prod(x))


def _einsum(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    x, equation = single_input(inputs), str(arguments.get("equation"))
    operands, _, output = equation.replace(" ", "").replace("...", "").partition("->")
    left, _, kernel = operands.partition(",")
    sizes = dict(zip(reversed(left), reversed(x), strict=False))
    shape = arguments.get("output_shape")
    output_sizes = shape if isinstance(shape, list) else [shape]
    for letter, size in zip(reversed(output), reversed(output_sizes), strict=False):
        if letter not in sizes:
            sizes[letter] = to_size(size)
    if not set(kernel) | set(output[1:]) <= sizes.keys() | set(left[:1]) or len(kernel) > 8:
        raise ValueError("has an equation of an unknown form")
    weights = math.prod(sizes.get(letter, 1) for letter in kernel)
    out = tuple(sizes[letter] for letter in output if letter != left[:1])
    bias = math.prod(out)
    free = math.prod(sizes[letter] for letter in sizes if letter not in kernel and letter in output)
    return LayerCost((out,), weights + min(bias, 1 << 20), weights * max(free, 1), bias)


def _embedding(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    x, width = single_input(inputs, 0), to_size(arguments.get("output_dim"))
    rows, rank = to_size(arguments.get("input_dim")), to_size(arguments.get("lora_rank"), 0)
    matrices = 2 if arguments.get("tie_weights") is False else 1
    weights = matrices * rows * width + rank * (rows + width)
    return LayerCost(((*x, width),), weights, math.prod(x) * width)


def _repeat(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    shape = (to_size(arguments.get("n")), *single_input(inputs))
    return LayerCost((shape,), 0, math.prod(shape))


def _reshape(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    x, target = single_input(inputs, 0), arguments.get("target_shape")
    sizes = target if isinstance(target, list) else [target]
    known = math.prod(to_size(size) for size in sizes if size not in (-1, None)) or 1
    shape = tuple(math.prod(x) // known if s in (-1, None) else to_size(s) for s in sizes)
    if math.prod(shape) != math.prod(x):
        raise ValueError(f"cannot reshape {x} to {tuple(sizes)[:5]}")
    return LayerCost((shape,))


def _flatten(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    return LayerCost(((math.prod(single_input(inputs, 0)),),))


def _permute(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    x = single_input(inputs)
    dims = [to_size(dim) for dim in arguments.get("dims") or ()]
    if sorted(dims) != list(range(1, len(x) + 1)):
        raise ValueError(f"cannot permute {x} by {dims[:5]}")
    return LayerCost((tuple(x[dim - 1] for dim in dims),))


SIMPLE_RULES: dict[str, Rule] = {
    **dict.fromkeys(
        [
            "Activation", "ActivityRegularization", "AlphaDropout", "Dropout", "ELU",
            "GaussianDropout", "GaussianNoise", "Identity", "InputLayer", "LeakyReLU", "Masking",
            "MaxNumBoundingBoxes", "ReLU", "Rescaling", "Softmax", "SpatialDropout1D",
            "SpatialDropout2D", "SpatialDropout3D", "UnitNormalization", "Normalization",
        ],
        _same,
    ),
    # Augmentation, which is skipped at prediction.
    **dict.fromkeys(
        [
            "AugMix", "AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "CutMix",
            "Equalization", "MixUp", "RandAugment", "RandomBrightness", "RandomColorDegeneration",
            "RandomColorJitter", "RandomContrast", "RandomElasticTransform", "RandomErasing",
            "RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert",
            "RandomPerspective", "RandomPosterization", "RandomRotation", "RandomSaturation",
            "RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom", "Solarization",
        ],
        partial(_same, work=100),
    ),
    **dict.fromkeys(["Embedding", "ReversibleEmbedding"], _embedding),
    "BatchNormalization": partial(_normalization, copies=4),
    "LayerNormalization": partial(_normalization, copies=2),
    "GroupNormalization": partial(_normalization, copies=2),
    "RMSNormalization": partial(_normalization, copies=1),
    "PReLU": _prelu,
    "Dense": _dense,
    "EinsumDense": _einsum,
    "EnsembleDense": _ensemble_dense,
    "EnsembleMean": _ensemble_mean,
    "RepeatVector": _repeat,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Permute": _permute,
}  # fmt: skip
