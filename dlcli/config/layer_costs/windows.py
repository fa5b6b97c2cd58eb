"""Rules for convolution, pooling and other layers of images, volumes and series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from dlcli.config.layer_costs.shapes import (
    Arguments,
    LayerCost,
    Rule,
    Shape,
    single_input,
    to_size,
    to_sizes,
)


def _split_channels(arguments: Arguments, x: Shape, rank: int) -> tuple[Shape, int, bool]:
    """Return the spatial size, the number of channels, and whether channels come first."""
    if len(x) != rank + 1:
        raise ValueError(f"does not accept inputs of shape {x}")
    first = arguments.get("data_format") == "channels_first"
    return (x[1:], x[0], True) if first else (x[:-1], x[-1], False)


def _with_channels(size: Shape, channels: int, first: bool) -> Shape:
    return (channels, *size) if first else (*size, channels)


def window_positions(arguments: Arguments, size: Shape, window: Shape, strides: Shape) -> Shape:
    """Return the number of positions of a window along each spatial dimension."""
    is_valid = arguments.get("padding", "valid") == "valid"
    dilation = to_sizes(arguments.get("dilation_rate"), len(size))
    lost = [(k - 1) * d if is_valid else 0 for k, d in zip(window, dilation, strict=True)]
    steps = (max(s - less, 0) for s, less in zip(size, lost, strict=True))
    return tuple(-(-room // max(st, 1)) for room, st in zip(steps, strides, strict=True))


def _conv(
    arguments: Arguments, inputs: Sequence[Shape], rank: int, kind: str = "plain"
) -> LayerCost:
    size, channels, first = _split_channels(arguments, single_input(inputs), rank)
    kernel = to_sizes(arguments.get("kernel_size"), rank)
    strides = to_sizes(arguments.get("strides"), rank)
    if kind == "transposed":
        dilation = to_sizes(arguments.get("dilation_rate"), rank)
        extra = to_sizes(arguments.get("output_padding"), rank, 0)
        beyond = 0 if arguments.get("padding") == "same" else 1
        out = tuple(
            s * st + max((k - 1) * d + 1 - st, 0) * beyond + e
            for s, st, k, d, e in zip(size, strides, kernel, dilation, extra, strict=True)
        )
    else:
        out = window_positions(arguments, size, kernel, strides)
    window, deep = math.prod(kernel), channels * to_size(arguments.get("depth_multiplier"), 1)
    if kind == "depthwise":
        filters, weights = deep, window * deep
    elif kind == "separable":
        filters = to_size(arguments.get("filters"))
        weights = window * deep + deep * filters
    else:
        filters = to_size(arguments.get("filters"))
        weights = window * channels // max(to_size(arguments.get("groups"), 1), 1) * filters
    weights += to_size(arguments.get("lora_rank"), 0) * (window * channels + filters)
    moves = max(math.prod(size), math.prod(out)) if kind == "transposed" else math.prod(out)
    shape = _with_channels(out, filters, first)
    largest = math.prod(out) * max(filters, deep if kind == "separable" else 0)
    return LayerCost((shape,), weights + filters, moves * weights, largest)


def _pool(arguments: Arguments, inputs: Sequence[Shape], rank: int) -> LayerCost:
    size, channels, first = _split_channels(arguments, single_input(inputs), rank)
    window = to_sizes(arguments.get("pool_size"), rank, 2)
    strides = arguments.get("strides")
    strides = window if strides is None else to_sizes(strides, rank)
    out = window_positions(arguments, size, window, strides)
    shape = _with_channels(out, channels, first)
    return LayerCost((shape,), 0, math.prod(shape) * math.prod(window))


def _adaptive(arguments: Arguments, inputs: Sequence[Shape], rank: int) -> LayerCost:
    size, channels, first = _split_channels(arguments, single_input(inputs), rank)
    sizes = arguments.get("output_size")
    items = sizes if isinstance(sizes, list) else [sizes] * rank
    out = tuple(to_size(item, s) for item, s in zip(items, size, strict=True))
    shape = _with_channels(out, channels, first)
    return LayerCost((shape,), 0, math.prod(shape) + math.prod(size) * channels)


def _global_pool(arguments: Arguments, inputs: Sequence[Shape], rank: int) -> LayerCost:
    size, channels, first = _split_channels(arguments, single_input(inputs), rank)
    shape = (
        _with_channels((1,) * rank, channels, first) if arguments.get("keepdims") else (channels,)
    )
    return LayerCost((shape,), 0, math.prod(size) * channels)


def _up(arguments: Arguments, inputs: Sequence[Shape], rank: int) -> LayerCost:
    size, channels, first = _split_channels(arguments, single_input(inputs), rank)
    factors = to_sizes(arguments.get("size"), rank, 2)
    out = tuple(s * factor for s, factor in zip(size, factors, strict=True))
    shape = _with_channels(out, channels, first)
    return LayerCost((shape,), 0, 4 * math.prod(shape))


def _padded(arguments: Arguments, inputs: Sequence[Shape], rank: int, sign: int) -> LayerCost:
    size, channels, first = _split_channels(arguments, single_input(inputs), rank)
    sides = arguments.get("padding" if sign > 0 else "cropping", 1)
    sides = sides if isinstance(sides, list) else [sides] * rank
    if rank == 1 and len(sides) == 2:
        sides = [sides]
    sums = [sum(to_sizes(side, 2)) for side in sides]
    out = tuple(max(s + sign * change, 0) for s, change in zip(size, sums, strict=True))
    shape = _with_channels(out, channels, first)
    return LayerCost((shape,), 0, math.prod(shape))


def _resize(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    _, channels, first = _split_channels(arguments, single_input(inputs), 2)
    size = to_size(arguments.get("height")), to_size(arguments.get("width"))
    shape = _with_channels(size, channels, first)
    return LayerCost((shape,), 0, 16 * math.prod(shape))


WINDOW_RULES: dict[str, Rule] = {
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
