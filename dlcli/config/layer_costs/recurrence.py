"""Rules for recurrent layers and for layers that wrap other layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from dlcli.config.layer_costs.shapes import (
    Arguments,
    LayerCost,
    Shape,
    single_input,
    to_size,
    to_sizes,
)
from dlcli.config.layer_costs.windows import window_positions

# Returns the cost of a component of the file for inputs of some shapes.
Measure = Callable[[Any, Sequence[Shape]], LayerCost]
WrapperRule = Callable[[Arguments, Sequence[Shape], Measure], LayerCost]
GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}
STEP_OVERHEAD = 100_000  # Of a step of a loop, in multiplications.


def _cell_cost(
    kind: str, arguments: Arguments, inputs: Sequence[Shape], measure: Measure
) -> LayerCost:
    """Return the cost of one step."""
    x, units = inputs[0], to_size(arguments.get("units"))
    gates = GATES[kind]
    weights = gates * units * (x[-1] + units + 2)
    return LayerCost(((units,),), weights, weights, gates * units)


def _looped(arguments: Arguments, x: Shape, step: LayerCost, states: int = 2) -> LayerCost:
    """Return the cost of all steps; the output is that of every step or of the last one."""
    (out,) = step.outputs[:1]
    outputs = ((x[0], *out) if arguments.get("return_sequences") else out, *[out] * states)
    largest = max(x[0] * step.largest, math.prod(outputs[0]))
    return LayerCost(outputs, step.weights, x[0] * (step.operations + STEP_OVERHEAD), largest)


def _recurrent(
    kind: str, arguments: Arguments, inputs: Sequence[Shape], measure: Measure
) -> LayerCost:
    x = single_input(inputs[:1], 2)
    return _looped(arguments, x, _cell_cost(kind, arguments, [x[1:]], measure))


def _cells(arguments: Arguments, inputs: Sequence[Shape], measure: Measure) -> LayerCost:
    shapes, weights, operations, largest = list(inputs[:1]), 0, 0, 0
    cells = arguments.get("cells", arguments.get("cell"))
    for cell in cells if isinstance(cells, list | tuple) else [cells]:
        cost = measure(cell, shapes)
        shapes = list(cost.outputs[:1])
        weights, operations = weights + cost.weights, operations + cost.operations
        largest = max(largest, cost.largest, math.prod(shapes[0]))
    return LayerCost(tuple(shapes), weights, operations, largest)


def _rnn(arguments: Arguments, inputs: Sequence[Shape], measure: Measure) -> LayerCost:
    x = single_input(inputs[:1], 2)
    step = _cells(arguments, [x[1:]], measure)
    return _looped(arguments, x, step, states=8)


def _conv_lstm(
    rank: int, arguments: Arguments, inputs: Sequence[Shape], measure: Measure
) -> LayerCost:
    x = single_input(inputs[:1], rank + 2)
    first = arguments.get("data_format") == "channels_first"
    size, channels = (x[2:], x[1]) if first else (x[1:-1], x[-1])
    filters, kernel = (
        to_size(arguments.get("filters")),
        to_sizes(arguments.get("kernel_size"), rank),
    )
    strides = to_sizes(arguments.get("strides"), rank)
    out = window_positions(arguments, size, kernel, strides)
    weights = 4 * filters * (math.prod(kernel) * (channels + filters) + 1)
    shape = (filters, *out) if first else (*out, filters)
    work = weights * math.prod(out)
    return _looped(arguments, x, LayerCost((shape,), weights, work, 4 * math.prod(shape)))


def _bidirectional(arguments: Arguments, inputs: Sequence[Shape], measure: Measure) -> LayerCost:
    first = measure(arguments.get("layer"), inputs)
    other = arguments.get("backward_layer")
    second = measure(other, inputs) if other is not None else first
    a, b = first.outputs[0], second.outputs[0]
    mode = arguments.get("merge_mode", "concat")
    merged: tuple[Shape, ...] = ((*a[:-1], a[-1] + b[-1]),) if mode == "concat" else (a,)
    outputs = (a, b) if mode is None else merged
    return LayerCost(
        (*outputs, *first.outputs[1:], *second.outputs[1:]),
        first.weights + second.weights,
        first.operations + second.operations,
        max(first.largest, second.largest, math.prod(outputs[0])),
    )


def _time_distributed(arguments: Arguments, inputs: Sequence[Shape], measure: Measure) -> LayerCost:
    x = single_input(inputs[:1], 2)
    cost = measure(arguments.get("layer"), [x[1:]])
    outputs = tuple((x[0], *out) for out in cost.outputs)
    largest = x[0] * max(cost.largest, math.prod(cost.outputs[0]))
    return LayerCost(outputs, cost.weights, x[0] * (cost.operations + STEP_OVERHEAD), largest)


def _spectral_normalization(
    arguments: Arguments, inputs: Sequence[Shape], measure: Measure
) -> LayerCost:
    cost = measure(arguments.get("layer"), inputs)
    iterations = to_size(arguments.get("power_iterations"), 1)
    work = cost.operations + iterations * cost.weights * 4
    return replace(cost, weights=2 * cost.weights, operations=work)


def _pipeline(arguments: Arguments, inputs: Sequence[Shape], measure: Measure) -> LayerCost:
    return _cells({"cells": arguments.get("layers") or []}, inputs, measure)


WRAPPER_RULES: Mapping[str, WrapperRule] = {
    **{kind: partial(_recurrent, kind) for kind in GATES},
    **{f"{kind}Cell": partial(_cell_cost, kind) for kind in GATES},
    **{f"ConvLSTM{rank}D": partial(_conv_lstm, rank) for rank in (1, 2, 3)},
    "Bidirectional": _bidirectional,
    "Pipeline": _pipeline,
    "RNN": _rnn,
    "SpectralNormalization": _spectral_normalization,
    "StackedRNNCells": _cells,
    "TimeDistributed": _time_distributed,
}
