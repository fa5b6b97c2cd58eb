"""What layers that hold others, or go through a sequence, make of the shape of one sample."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dlcli.models.inspection.cost.shapes import (
    Arguments,
    Effect,
    Shape,
    one,
    whole,
    wholes,
)
from dlcli.models.inspection.cost.windows import slid

# Measures a component, as its config stands in the file, for some inputs.
Measure = Callable[[Any, Sequence[Shape]], Effect]
Holder = Callable[[Arguments, Sequence[Shape], Measure], Effect]
GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}
STEP = 100_000  # What a step of a loop costs beside its multiplications, in multiplications.


def cell_effect(kind: str, arguments: Arguments, inputs: Sequence[Shape]) -> Effect:
    """Return what one step of a recurrent layer costs, after its first input."""
    x, units = inputs[0], whole(arguments.get("units"))
    gates = GATES[kind]
    weights = gates * units * (x[-1] + units + 2)
    return Effect(((units,),), weights, weights, gates * units)


def _looped(arguments: Arguments, x: Shape, step: Effect, states: int = 2) -> Effect:
    """Go through a sequence, and put out every step or the last."""
    (out,) = step.outputs[:1]
    outputs = ((x[0], *out) if arguments.get("return_sequences") else out, *[out] * states)
    widest = max(x[0] * step.widest, math.prod(outputs[0]))
    return Effect(outputs, step.weights, x[0] * (step.operations + STEP), widest)


def _recurrent(
    kind: str, arguments: Arguments, inputs: Sequence[Shape], measure: Measure
) -> Effect:
    x = one(inputs[:1], 2)
    return _looped(arguments, x, cell_effect(kind, arguments, [x[1:]]))


def _cells(arguments: Arguments, inputs: Sequence[Shape], measure: Measure) -> Effect:
    shapes, weights, operations, widest = list(inputs[:1]), 0, 0, 0
    cells = arguments.get("cells", arguments.get("cell"))
    for cell in cells if isinstance(cells, list) else [cells]:
        effect = measure(cell, shapes)
        shapes = list(effect.outputs[:1])
        weights, operations = weights + effect.weights, operations + effect.operations
        widest = max(widest, effect.widest, math.prod(shapes[0]))
    return Effect(tuple(shapes), weights, operations, widest)


def _rnn(arguments: Arguments, inputs: Sequence[Shape], measure: Measure) -> Effect:
    x = one(inputs[:1], 2)
    step = _cells(arguments, [x[1:]], measure)
    return _looped(arguments, x, step, states=8)


def _conv_lstm(
    rank: int, arguments: Arguments, inputs: Sequence[Shape], measure: Measure
) -> Effect:
    x = one(inputs[:1], rank + 2)
    first = arguments.get("data_format") == "channels_first"
    size, channels = (x[2:], x[1]) if first else (x[1:-1], x[-1])
    filters, kernel = whole(arguments.get("filters")), wholes(arguments.get("kernel_size"), rank)
    strides = wholes(arguments.get("strides"), rank)
    out = slid(arguments, size, kernel, strides)
    weights = 4 * filters * (math.prod(kernel) * (channels + filters) + 1)
    shape = (filters, *out) if first else (*out, filters)
    work = weights * math.prod(out)
    return _looped(arguments, x, Effect((shape,), weights, work, 4 * math.prod(shape)))


def _bidirectional(arguments: Arguments, inputs: Sequence[Shape], measure: Measure) -> Effect:
    first = measure(arguments.get("layer"), inputs)
    other = arguments.get("backward_layer")
    second = measure(other, inputs) if other is not None else first
    a, b = first.outputs[0], second.outputs[0]
    mode = arguments.get("merge_mode", "concat")
    merged: tuple[Shape, ...] = ((*a[:-1], a[-1] + b[-1]),) if mode == "concat" else (a,)
    outputs = (a, b) if mode is None else merged
    return Effect(
        (*outputs, *first.outputs[1:], *second.outputs[1:]),
        first.weights + second.weights,
        first.operations + second.operations,
        max(first.widest, second.widest, math.prod(outputs[0])),
    )


def _each_step(arguments: Arguments, inputs: Sequence[Shape], measure: Measure) -> Effect:
    x = one(inputs[:1], 2)
    effect = measure(arguments.get("layer"), [x[1:]])
    outputs = tuple((x[0], *out) for out in effect.outputs)
    widest = x[0] * max(effect.widest, math.prod(effect.outputs[0]))
    return Effect(outputs, effect.weights, x[0] * (effect.operations + STEP), widest)


def _around(arguments: Arguments, inputs: Sequence[Shape], measure: Measure) -> Effect:
    effect = measure(arguments.get("layer"), inputs)
    iterations = whole(arguments.get("power_iterations"), 1)
    work = effect.operations + iterations * effect.weights * 4
    return replace(effect, weights=2 * effect.weights, operations=work)


def _pipeline(arguments: Arguments, inputs: Sequence[Shape], measure: Measure) -> Effect:
    return _cells({"cells": arguments.get("layers") or []}, inputs, measure)


def _cell(kind: str, arguments: Arguments, inputs: Sequence[Shape], measure: Measure) -> Effect:
    return cell_effect(kind, arguments, inputs)


def _bound(rule: Any, first: Any) -> Holder:
    return lambda arguments, inputs, measure: rule(first, arguments, inputs, measure)


HOLDERS: Mapping[str, Holder] = {
    **{kind: _bound(_recurrent, kind) for kind in GATES},
    **{f"{kind}Cell": _bound(_cell, kind) for kind in GATES},
    **{f"ConvLSTM{rank}D": _bound(_conv_lstm, rank) for rank in (1, 2, 3)},
    "Bidirectional": _bidirectional,
    "Pipeline": _pipeline,
    "RNN": _rnn,
    "SpectralNormalization": _around,
    "StackedRNNCells": _cells,
    "TimeDistributed": _each_step,
}
