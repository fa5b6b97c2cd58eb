"""What Keras's layers make of the shape of one sample, as an upper bound.

A shape has no batch dimension. Where padding or rounding differ the larger result is taken.
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
class Effect:
    """What a call of a layer costs for one sample.

    Parameters
    ----------
    outputs : tuple of Shape
    weights : int
        Numbers that the layer keeps.
    operations : int
        Multiplications.
    widest : int
        Numbers of the largest intermediate result.
    """

    outputs: tuple[Shape, ...]
    weights: int = 0
    operations: int = 0
    widest: int = 0


Rule = Callable[[Arguments, Sequence[Shape]], Effect]


def whole(value: Any, default: int | None = None) -> int:
    """Return a size, or raise ValueError."""
    value = default if value is None else value
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise ValueError(f"has {str(value)[:40]!r} where a size belongs")
    return max(int(value), 0)


def wholes(value: Any, rank: int, default: int = 1) -> Shape:
    """Return `rank` sizes, given as one or as a list."""
    items = value if isinstance(value, list) else [value] * rank
    if len(items) != rank:
        raise ValueError(f"has {len(items)} sizes for {rank} dimensions")
    return tuple(whole(item, default) for item in items)


def one(inputs: Sequence[Shape], least: int = 1) -> Shape:
    """Return the only input, which has to have some dimensions."""
    if len(inputs) != 1 or len(inputs[0]) < least:
        raise ValueError(f"does not take {len(inputs)} inputs of shapes {list(inputs)[:3]}")
    return inputs[0]


def _same(arguments: Arguments, inputs: Sequence[Shape], work: int = 1) -> Effect:
    x = one(inputs, 0)
    return Effect((x,), 0, math.prod(x) * work)


def _along(arguments: Arguments, inputs: Sequence[Shape], copies: int) -> Effect:
    """Keep some numbers for each position along an axis."""
    x = one(inputs)
    axes = arguments.get("axis", -1)
    chosen = [axes] if not isinstance(axes, list) else axes
    kept = math.prod(x[a if a < 0 else a - 1] for a in chosen if isinstance(a, int))
    return Effect((x,), copies * kept, math.prod(x))


def _prelu(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    x = one(inputs)
    shared = {whole(axis) for axis in arguments.get("shared_axes") or ()}
    kept = math.prod(size for axis, size in enumerate(x, 1) if axis not in shared)
    return Effect((x,), kept, math.prod(x))


def _normalization(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    x = one(inputs)
    return Effect((x,), 0, math.prod(x))


def _dense(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    x, units = one(inputs), whole(arguments.get("units"))
    rank = whole(arguments.get("lora_rank"), 0)
    weights = x[-1] * units + units + rank * (x[-1] + units)
    return Effect(((*x[:-1], units),), weights, math.prod(x) * units)


def _einsum(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    x, equation = one(inputs), str(arguments.get("equation"))
    given, _, made = equation.replace(" ", "").replace("...", "").partition("->")
    left, _, kernel = given.partition(",")
    sizes = dict(zip(reversed(left), reversed(x), strict=False))
    shape = arguments.get("output_shape")
    wanted = shape if isinstance(shape, list) else [shape]
    for letter, size in zip(reversed(made), reversed(wanted), strict=False):
        if letter not in sizes:
            sizes[letter] = whole(size)
    if not set(kernel) | set(made[1:]) <= sizes.keys() | set(left[:1]) or len(kernel) > 8:
        raise ValueError("has an equation that cannot be followed")
    weights = math.prod(sizes.get(letter, 1) for letter in kernel)
    out = tuple(sizes[letter] for letter in made if letter != left[:1])
    bias = math.prod(out)
    free = math.prod(sizes[letter] for letter in sizes if letter not in kernel and letter in made)
    return Effect((out,), weights + min(bias, 1 << 20), weights * max(free, 1), bias)


def _embedding(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    x, width = one(inputs, 0), whole(arguments.get("output_dim"))
    rows, rank = whole(arguments.get("input_dim")), whole(arguments.get("lora_rank"), 0)
    both = 1 + (arguments.get("tie_weights") is False)
    weights = both * rows * width + rank * (rows + width)
    return Effect(((*x, width),), weights, math.prod(x) * width)


def _repeat(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    shape = (whole(arguments.get("n")), *one(inputs))
    return Effect((shape,), 0, math.prod(shape))


def _reshape(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    x, target = one(inputs, 0), arguments.get("target_shape")
    sizes = target if isinstance(target, list) else [target]
    known = math.prod(whole(size) for size in sizes if size not in (-1, None)) or 1
    shape = tuple(math.prod(x) // known if s in (-1, None) else whole(s) for s in sizes)
    if math.prod(shape) != math.prod(x):
        raise ValueError(f"cannot turn {x} into {tuple(sizes)[:5]}")
    return Effect((shape,))


def _flatten(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    return Effect(((math.prod(one(inputs, 0)),),))


def _permute(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    x = one(inputs)
    dims = [whole(dim) for dim in arguments.get("dims") or ()]
    if sorted(dims) != list(range(1, len(x) + 1)):
        raise ValueError(f"cannot permute {x} by {dims[:5]}")
    return Effect((tuple(x[dim - 1] for dim in dims),))


SIMPLE: dict[str, Rule] = {
    **dict.fromkeys(
        [
            "Activation", "ActivityRegularization", "AlphaDropout", "Dropout", "ELU",
            "GaussianDropout", "GaussianNoise", "Identity", "InputLayer", "LeakyReLU", "Masking",
            "MaxNumBoundingBoxes", "ReLU", "Rescaling", "Softmax", "SpatialDropout1D",
            "SpatialDropout2D", "SpatialDropout3D", "UnitNormalization", "Normalization",
        ],
        _same,
    ),
    # Augmentation, which prediction skips.
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
    "BatchNormalization": partial(_along, copies=4),
    "LayerNormalization": partial(_along, copies=2),
    "GroupNormalization": partial(_along, copies=2),
    "RMSNormalization": partial(_along, copies=1),
    "PReLU": _prelu,
    "Dense": _dense,
    "EinsumDense": _einsum,
    "RepeatVector": _repeat,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Permute": _permute,
}  # fmt: skip
