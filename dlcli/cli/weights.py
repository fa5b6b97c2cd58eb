"""Print what a network has learned: its equation, or the weights of its layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.cli.columns import prose
from dlcli.cli.tables import table
from dlcli.errors import plural
from dlcli.number_text import number

if TYPE_CHECKING:
    from dlcli.experiments.equation import Equation
    from dlcli.types import Array

# Of more columns, a table is easier to read than a line.
MOST_TERMS = 4
# Larger matrices and longer vectors are summarized.
MOST_VALUES, LONGEST = 200, 20


def equation_text(equation: Equation) -> str:
    """Return an equation as lines, or as a table if it has many terms."""
    if len(equation.columns) > MOST_TERMS or len(equation.outputs) > MOST_TERMS:
        header = ["", *equation.outputs]
        rows = [
            [name, *map(number, weights)]
            for name, weights in zip(equation.columns, equation.weights, strict=True)
        ]
        return table([header, *rows, ["(intercept)", *map(number, equation.intercepts)]])
    lines = [
        _line(output, equation.columns, equation.weights[:, at], equation.intercepts[at])
        for at, output in enumerate(equation.outputs)
    ]
    if equation.boundary is not None:
        lines.append(f"even odds at {equation.columns[0]} = {number(equation.boundary)}")
    return prose("\n".join(lines))


def _line(output: str, columns: Sequence[str], weights: Array, intercept: float) -> str:
    text = f"{output} = {number(intercept)}"
    for name, weight in zip(columns, weights, strict=True):
        sign = "-" if weight < 0 else "+"
        text += f" {sign} {number(abs(weight))} × {name}"
    return text


def layers_text(model: Any, inputs: Sequence[str] = ()) -> str:
    """Return the weights of all layers; of large ones their number, mean and range.

    Parameters
    ----------
    model : keras.Sequential
    inputs : sequence of str
        Names of the inputs, if they are the columns of a table.
    """
    texts: list[str] = []
    layers = [layer for layer in model.layers if layer.weights]
    for layer in layers:
        names = inputs if layer is model.layers[0] else ()
        texts += _layer_texts(layer, names)
    return "\n\n".join(texts) if texts else "the network has no weights"


def _layer_texts(layer: Any, inputs: Sequence[str]) -> Iterator[str]:
    for variable in layer.weights:
        values = variable.numpy()
        path = variable.path.rsplit("/", 1)[-1]
        shape = " × ".join(map(str, values.shape)) or "1"
        title = f"{layer.name} {path}: {shape}"
        if values.size > (LONGEST if values.ndim < 2 else MOST_VALUES) or values.ndim > 2:
            values = values.astype(float)
            spread = f"mean {number(values.mean())}, standard deviation {number(values.std())}"
            yield f"{title}; {spread}, from {number(values.min())} to {number(values.max())}"
        elif values.ndim == 2:
            names = (
                inputs if len(inputs) == len(values) else [str(i + 1) for i in range(len(values))]
            )
            header = ["", *(f"unit {at + 1}" for at in range(values.shape[1]))]
            rows = [[name, *map(number, row)] for name, row in zip(names, values, strict=True)]
            yield f"{title}\n{table([header, *rows], indent='  ')}"
        else:
            yield f"{title}\n{prose('  ' + '  '.join(map(number, values.ravel())))}"


def count_text(model: Any) -> str:
    """Return how many weights are trained, and how many are not."""
    import numpy as np

    trained = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    total = int(model.count_params())
    fixed = f", {plural(total - trained, 'other')} not" if total > trained else ""
    return f"{total:,} parameters: {trained:,} trained{fixed}" if fixed else f"{total:,} parameters"
