"""What layers that move a window over a picture or a series make of the shape of one sample."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from dlcli.models.inspection.cost.shapes import (
    Arguments,
    Effect,
    Rule,
    Shape,
    one,
    whole,
    wholes,
)


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


def _resize(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    _, channels, first = _parts(arguments, one(inputs), 2)
    size = whole(arguments.get("height")), whole(arguments.get("width"))
    shape = _joined(size, channels, first)
    return Effect((shape,), 0, 16 * math.prod(shape))


WINDOWS: dict[str, Rule] = {
    **dict.fromkeys(["CenterCrop", "RandomCrop", "Resizing"], _resize),
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
            ("AveragePooling", _pool), ("MaxPooling", _pool),
            ("GlobalAveragePooling", _global_pool), ("GlobalMaxPooling", _global_pool),
            ("AdaptiveAveragePooling", _adaptive), ("AdaptiveMaxPooling", _adaptive),
            ("UpSampling", _up),
            ("ZeroPadding", partial(_padded, sign=1)), ("Cropping", partial(_padded, sign=-1)),
        )
        for rank in (1, 2, 3)
    },
}  # fmt: skip
