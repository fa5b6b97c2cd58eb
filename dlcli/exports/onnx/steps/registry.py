"""Which function builds the graph of which step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcli.exports.errors import ExportError
from dlcli.exports.onnx.tensors import Converter, Graph, Tensor
from dlcli.preparation.steps import FittedStep

GRAPHS: dict[str, Converter] = {}


def graph_of(step: type[FittedStep]) -> Callable[[Any], Any]:
    """Register the function that builds the graph of a step."""

    def register(function: Converter) -> Converter:
        GRAPHS[step.name] = function
        return function

    return register


def transformed(graph: Graph, step: FittedStep, values: Tensor) -> Tensor:
    """Return the values after a step.

    Parameters
    ----------
    graph : Graph
    step : FittedStep
    values : Tensor, shape (n, columns)
        Numbers, NaN where they are missing; or texts, `MISSING_TEXT` where they are missing.

    Raises
    ------
    ExportError
        If ONNX has no operators for it.
    """
    if step.name not in GRAPHS:
        raise ExportError(f"the step {step.name} has no ONNX graph")
    return GRAPHS[step.name](graph, step, values)
