"""What layers of several inputs, codes and spectra make of the shape of one sample."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dlcli.models.inspection.cost.shapes import (
    Arguments,
    Effect,
    Rule,
    Shape,
    one,
    whole,
)


def _merge(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    rank = max(map(len, inputs), default=0)
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in inputs]
    out = tuple(map(max, zip(*padded, strict=True)))
    return Effect((out,), 0, math.prod(out) * len(inputs))


def _concatenate(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    axis = arguments.get("axis", -1)
    axis = axis if not isinstance(axis, int) or axis < 0 else axis - 1
    first = inputs[0]
    if not isinstance(axis, int) or any(len(shape) != len(first) for shape in inputs):
        raise ValueError("does not take inputs of different shapes")
    out = list(map(max, zip(*inputs, strict=True)))
    out[axis] = sum(shape[axis] for shape in inputs)
    return Effect((tuple(out),), 0, math.prod(out))


def _dot(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    a, b = inputs[0], inputs[1]
    axes = arguments.get("axes")
    pair = axes if isinstance(axes, list) else [axes, axes]
    at = [axis if axis < 0 else axis - 1 for axis in pair if isinstance(axis, int)]
    size = a[at[0]]
    left = [s for n, s in enumerate(a) if n != at[0] % len(a)]
    right = [s for n, s in enumerate(b) if n != at[1] % len(b)]
    # All but the summed axis meet, unless the leading ones go in step.
    shared = len(left) - 1 if len(a) == len(b) > 2 else 0
    out = tuple(left + right[shared:]) or (1,)
    return Effect((out,), 0, math.prod(out) * size)


def _attention(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    query, value = inputs[0], inputs[1]
    pairs = query[-2] * value[-2] * math.prod(query[:-2])
    width = max(query[-1], value[-1])
    out = (*query[:-1], value[-1])
    return Effect((out, (*query[:-1], value[-2])), width, 2 * pairs * width, pairs)


def _additive_attention(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    effect = _attention(arguments, inputs)
    return Effect(effect.outputs, effect.weights, effect.operations, effect.operations // 2)


def _heads(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    query, value = inputs[0], inputs[1]
    heads = whole(arguments.get("num_heads", arguments.get("num_query_heads")))
    width = whole(arguments.get("key_dim", arguments.get("head_dim")))
    values = whole(arguments.get("value_dim"), width)
    last = arguments.get("output_shape")
    ends = tuple(map(whole, last)) if isinstance(last, list) else (whole(last, query[-1]),)
    keyed = inputs[2][-1] if len(inputs) > 2 else value[-1]
    made = math.prod(ends)
    weights = heads * ((query[-1] + keyed + 2) * width + (value[-1] + 1) * values + values * made)
    rows, columns = math.prod(query[:-1]), math.prod(value[:-1])
    work = (rows + columns) * weights + heads * rows * columns * (width + values)
    scores = (heads, rows, columns)
    out = (*query[:-1], *ends)
    widest = max(math.prod(scores), max(rows, columns) * heads * max(width, values))
    return Effect((out, scores), weights + made, work, widest)


def _coded(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    """Numbers or words to codes, or to a row over all codes."""
    x = _merge(arguments, inputs).outputs[0]
    given = [arguments.get(name) for name in ("num_tokens", "num_bins", "max_tokens")]
    lists = [arguments.get(name) for name in ("vocabulary", "bin_boundaries")]
    codes = max(whole(value, 0) for value in given)
    codes = max(codes, *(len(value) for value in lists if isinstance(value, list)), 0)
    codes += whole(arguments.get("num_oov_indices"), 1) + 2
    mode = arguments.get("output_mode", "int" if "num_tokens" not in arguments else "multi_hot")
    if mode != "int":
        out = (*x, codes)
    else:
        out = (*x, whole(arguments["output_sequence_length"], 1)) if _is_text(arguments) else x
    return Effect((out,), 0, math.prod(out))


def _is_text(arguments: Arguments) -> bool:
    return "output_sequence_length" in arguments


def _mel(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    x = one(inputs)
    length = max(whole(arguments.get("fft_length"), 2048), 1)
    step = max(whole(arguments.get("sequence_stride"), 512), 1)
    bins = whole(arguments.get("num_mel_bins"), 128)
    frames = (x[-1] + length) // step + 1
    spectra = math.prod(x[:-1]) * frames * length
    work = spectra * (bins + length.bit_length())
    return Effect(((*x[:-1], bins, frames),), 0, work, 2 * spectra)


def _stft(arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    x = one(inputs)
    frame = max(whole(arguments.get("frame_length"), 256), 1)
    step = max(whole(arguments.get("frame_step"), 256), 1)
    length = max(whole(arguments.get("fft_length"), frame), frame)
    bins = 2 * (length // 2 + 1)
    steps = x[0] // step + 1
    channels = math.prod(x[1:]) or 1
    kernels = frame * bins
    out = (steps, bins * channels, 1) if arguments.get("expand_dims") else (steps, bins * channels)
    return Effect((out,), 2 * kernels, steps * channels * kernels, steps * channels * bins * 2)


JOINS: dict[str, Rule] = {
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
        _coded,
    ),
    **dict.fromkeys(["GroupedQueryAttention", "MultiHeadAttention"], _heads),
    "AdditiveAttention": _additive_attention,
    "Attention": _attention,
    "Concatenate": _concatenate,
    "Dot": _dot,
    "MelSpectrogram": _mel,
    "STFTSpectrogram": _stft,
}  # fmt: skip
