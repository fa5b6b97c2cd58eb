"""Rules for merging and attention layers, encodings of categories and text, and spectrograms."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dlcli.config.layer_costs.shapes import (
    Arguments,
    LayerCost,
    Rule,
    Shape,
    single_input,
    to_size,
)


def _merge(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    rank = max(map(len, inputs), default=0)
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in inputs]
    out = tuple(map(max, zip(*padded, strict=True)))
    return LayerCost((out,), 0, math.prod(out) * len(inputs))


def _concatenate(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    axis = arguments.get("axis", -1)
    axis = axis if not isinstance(axis, int) or axis < 0 else axis - 1
    first = inputs[0]
    if not isinstance(axis, int) or any(len(shape) != len(first) for shape in inputs):
        raise ValueError("does not accept inputs of different ranks")
    out = list(map(max, zip(*inputs, strict=True)))
    out[axis] = sum(shape[axis] for shape in inputs)
    return LayerCost((tuple(out),), 0, math.prod(out))


def _dot(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    a, b = inputs[0], inputs[1]
    axes = arguments.get("axes")
    pair = axes if isinstance(axes, list) else [axes, axes]
    at = [axis if axis < 0 else axis - 1 for axis in pair if isinstance(axis, int)]
    size = a[at[0]]
    left = [s for n, s in enumerate(a) if n != at[0] % len(a)]
    right = [s for n, s in enumerate(b) if n != at[1] % len(b)]
    # Leading axes that both inputs have are batch axes.
    shared = len(left) - 1 if len(a) == len(b) > 2 else 0
    out = tuple(left + right[shared:]) or (1,)
    return LayerCost((out,), 0, math.prod(out) * size)


def _attention(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    query, value = inputs[0], inputs[1]
    pairs = query[-2] * value[-2] * math.prod(query[:-2])
    width = max(query[-1], value[-1])
    out = (*query[:-1], value[-1])
    return LayerCost((out, (*query[:-1], value[-2])), width, 2 * pairs * width, pairs)


def _additive_attention(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    cost = _attention(arguments, inputs)
    return LayerCost(cost.outputs, cost.weights, cost.operations, cost.operations // 2)


def _heads(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    query, value = inputs[0], inputs[1]
    heads = to_size(arguments.get("num_heads", arguments.get("num_query_heads")))
    width = to_size(arguments.get("key_dim", arguments.get("head_dim")))
    values = to_size(arguments.get("value_dim"), width)
    last = arguments.get("output_shape")
    ends = tuple(map(to_size, last)) if isinstance(last, list) else (to_size(last, query[-1]),)
    key_size = inputs[2][-1] if len(inputs) > 2 else value[-1]
    units = math.prod(ends)
    weights = heads * (
        (query[-1] + key_size + 2) * width + (value[-1] + 1) * values + values * units
    )
    rows, columns = math.prod(query[:-1]), math.prod(value[:-1])
    work = (rows + columns) * weights + heads * rows * columns * (width + values)
    scores = (heads, rows, columns)
    out = (*query[:-1], *ends)
    largest = max(math.prod(scores), max(rows, columns) * heads * max(width, values))
    return LayerCost((out, scores), weights + units, work, largest)


def _encoding(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    """Encode numbers or text as integers, or as vectors with an element per integer."""
    x = _merge(arguments, inputs).outputs[0]
    counts = [arguments.get(name) for name in ("num_tokens", "num_bins", "max_tokens")]
    lists = [arguments.get(name) for name in ("vocabulary", "bin_boundaries")]
    codes = max(to_size(value, 0) for value in counts)
    codes = max(codes, *(len(value) for value in lists if isinstance(value, list)), 0)
    codes += to_size(arguments.get("num_oov_indices"), 1) + 2
    mode = arguments.get("output_mode", "int" if "num_tokens" not in arguments else "multi_hot")
    if mode != "int":
        out = (*x, codes)
    else:
        is_text = "output_sequence_length" in arguments
        out = (*x, to_size(arguments["output_sequence_length"], 1)) if is_text else x
    return LayerCost((out,), 0, math.prod(out))


def _mel(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    x = single_input(inputs)
    length = max(to_size(arguments.get("fft_length"), 2048), 1)
    step = max(to_size(arguments.get("sequence_stride"), 512), 1)
    bins = to_size(arguments.get("num_mel_bins"), 128)
    frames = (x[-1] + length) // step + 1
    spectra = math.prod(x[:-1]) * frames * length
    work = spectra * (bins + length.bit_length())
    columns = (x[-1] + step + 1) // step
    return LayerCost(((*x[:-1], bins, columns),), 0, work, 2 * spectra)


def _stft(arguments: Arguments, inputs: Sequence[Shape]) -> LayerCost:
    x = single_input(inputs)
    frame = max(to_size(arguments.get("frame_length"), 256), 1)
    step = max(to_size(arguments.get("frame_step"), 256), 1)
    length = max(to_size(arguments.get("fft_length"), frame), frame)
    bins = 2 * (length // 2 + 1)
    steps = x[0] // step + 1
    channels = math.prod(x[1:]) or 1
    kernels = frame * bins
    out = (steps, bins * channels, 1) if arguments.get("expand_dims") else (steps, bins * channels)
    return LayerCost((out,), 2 * kernels, steps * channels * kernels, steps * channels * bins * 2)


MERGING_RULES: dict[str, Rule] = {
    **dict.fromkeys(
        ["Add", "Average", "Divide", "Maximum", "Minimum", "Multiply", "Negative", "Subtract",
         "TrueDivide"],
        _merge,
    ),
    **dict.fromkeys(
        [
            "CategoryEncoding", "Discretization", "HashedCrossing", "Hashing", "IntegerLookup",
            "StringLookup", "TextVectorization",
        ],
        _encoding,
    ),
    **dict.fromkeys(["GroupedQueryAttention", "MultiHeadAttention"], _heads),
    "AdditiveAttention": _additive_attention,
    "Attention": _attention,
    "Concatenate": _concatenate,
    "Dot": _dot,
    "MelSpectrogram": _mel,
    "STFTSpectrogram": _stft,
}  # fmt: skip
