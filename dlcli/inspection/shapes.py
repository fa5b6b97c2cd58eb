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


def _parts(arguments: Arguments, x: Shape, rank: int) -> tuple[Shape, int, bool]:
    """Return the size of a picture, its channels, and whether they come first."""
    if len(x) != rank + 1:
        raise ValueError(f"does not take inputs of shape {x}")
    first = arguments.get("data_format") == "channels_first"
    return (x[1:], x[0], True) if first else (x[:-1], x[-1], False)


def _joined(size: Shape, channels: int, first: bool) -> Shape:
    return (channels, *size) if first else (*size, channels)


def slid(arguments: Arguments, size: Shape, window: Shape, strides: Shape) -> Shape:
    """Return how often a window fits along each dimension, moved by its stride."""
    inside = arguments.get("padding", "valid") == "valid"
    dilation = wholes(arguments.get("dilation_rate"), len(size))
    lost = [(k - 1) * d if inside else 0 for k, d in zip(window, dilation, strict=True)]
    steps = (max(s - less, 0) for s, less in zip(size, lost, strict=True))
    return tuple(-(-room // max(st, 1)) for room, st in zip(steps, strides, strict=True))


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


def _conv(arguments: Arguments, inputs: Sequence[Shape], rank: int, kind: str = "plain") -> Effect:
    size, channels, first = _parts(arguments, one(inputs), rank)
    kernel = wholes(arguments.get("kernel_size"), rank)
    strides = wholes(arguments.get("strides"), rank)
    if kind == "transposed":
        dilation = wholes(arguments.get("dilation_rate"), rank)
        extra = wholes(arguments.get("output_padding"), rank, 0)
        beyond = 0 if arguments.get("padding") == "same" else 1
        out = tuple(
            s * st + max((k - 1) * d + 1 - st, 0) * beyond + e
            for s, st, k, d, e in zip(size, strides, kernel, dilation, extra, strict=True)
        )
    else:
        out = slid(arguments, size, kernel, strides)
    window, deep = math.prod(kernel), channels * whole(arguments.get("depth_multiplier"), 1)
    if kind == "depthwise":
        filters, weights = deep, window * deep
    elif kind == "separable":
        filters = whole(arguments.get("filters"))
        weights = window * deep + deep * filters
    else:
        filters = whole(arguments.get("filters"))
        weights = window * channels // max(whole(arguments.get("groups"), 1), 1) * filters
    weights += whole(arguments.get("lora_rank"), 0) * (window * channels + filters)
    moves = max(math.prod(size), math.prod(out)) if kind == "transposed" else math.prod(out)
    shape = _joined(out, filters, first)
    widest = math.prod(out) * max(filters, deep if kind == "separable" else 0)
    return Effect((shape,), weights + filters, moves * weights, widest)


def _pool(arguments: Arguments, inputs: Sequence[Shape], rank: int) -> Effect:
    size, channels, first = _parts(arguments, one(inputs), rank)
    window = wholes(arguments.get("pool_size"), rank, 2)
    given = arguments.get("strides")
    strides = window if given is None else wholes(given, rank)
    out = slid(arguments, size, window, strides)
    shape = _joined(out, channels, first)
    return Effect((shape,), 0, math.prod(shape) * math.prod(window))


def _adaptive(arguments: Arguments, inputs: Sequence[Shape], rank: int) -> Effect:
    size, channels, first = _parts(arguments, one(inputs), rank)
    wanted = arguments.get("output_size")
    items = wanted if isinstance(wanted, list) else [wanted] * rank
    out = tuple(whole(item, s) for item, s in zip(items, size, strict=True))
    shape = _joined(out, channels, first)
    return Effect((shape,), 0, math.prod(shape) + math.prod(size) * channels)


def _global_pool(arguments: Arguments, inputs: Sequence[Shape], rank: int) -> Effect:
    size, channels, first = _parts(arguments, one(inputs), rank)
    kept = _joined((1,) * rank, channels, first) if arguments.get("keepdims") else (channels,)
    return Effect((kept,), 0, math.prod(size) * channels)


def _up(arguments: Arguments, inputs: Sequence[Shape], rank: int) -> Effect:
    size, channels, first = _parts(arguments, one(inputs), rank)
    factors = wholes(arguments.get("size"), rank, 2)
    out = tuple(s * factor for s, factor in zip(size, factors, strict=True))
    shape = _joined(out, channels, first)
    return Effect((shape,), 0, 4 * math.prod(shape))


def _padded(arguments: Arguments, inputs: Sequence[Shape], rank: int, sign: int) -> Effect:
    size, channels, first = _parts(arguments, one(inputs), rank)
    given = arguments.get("padding" if sign > 0 else "cropping", 1)
    sides = given if isinstance(given, list) else [given] * rank
    if rank == 1 and len(sides) == 2:
        sides = [sides]
    around = [sum(wholes(side, 2)) for side in sides]
    out = tuple(max(s + sign * more, 0) for s, more in zip(size, around, strict=True))
    shape = _joined(out, channels, first)
    return Effect((shape,), 0, math.prod(shape))


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


def _resize(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    _, channels, first = _parts(arguments, one(inputs), 2)
    size = whole(arguments.get("height")), whole(arguments.get("width"))
    shape = _joined(size, channels, first)
    return Effect((shape,), 0, 16 * math.prod(shape))


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
    **dict.fromkeys(["CenterCrop", "RandomCrop", "Resizing"], _resize),
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
    **{
        f"{name}{rank}D{ending}": partial(_conv, rank=rank, kind=kind)
        for name, ending, kind in (
            ("Conv", "", "plain"), ("Conv", "Transpose", "transposed"),
            ("DepthwiseConv", "", "depthwise"), ("SeparableConv", "", "separable"),
        )
        for rank in (1, 2, 3)
        if rank < 3 or name == "Conv"
    },
    **{
        f"{name}{rank}D": partial(rule, rank=rank)
        for name, rule in (
            ("AveragePooling", _pool), ("MaxPooling", _pool), ("GlobalAveragePooling", _global_pool),
            ("GlobalMaxPooling", _global_pool), ("AdaptiveAveragePooling", _adaptive),
            ("AdaptiveMaxPooling", _adaptive), ("UpSampling", _up), ("ZeroPadding", partial(_padded, sign=1)),
            ("Cropping", partial(_padded, sign=-1)),
        )
        for rank in (1, 2, 3)
    },
}  # fmt: skip
