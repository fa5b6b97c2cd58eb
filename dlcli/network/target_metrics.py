"""Metrics that a training measures in the unit of the target, not in that of the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcli.config.steps import Steps
from dlcli.network.backend import import_keras
from dlcli.network.internals import metric_constants, transform_before_metrics
from dlcli.preparation.target_preprocessing import invertible
from dlcli.types import Array


def measure_in_target_unit(model: Any, steps: Steps) -> None:
    """Let the metrics of a compiled model invert the preprocessing of the target.

    The loss does not change. The constants of the steps are variables of the metrics: they differ
    between splits, which share a model, and between copies that are trained in one program.

    Parameters
    ----------
    model : keras.Sequential
        Compiled; nothing was measured yet.
    steps : tuple of Step
        Of the target; nothing happens without any.
    """
    pairs = [(step, fitted) for step in steps if (fitted := invertible(step)) is not None]
    units = int(model.output_shape[-1])
    shapes = [fitted.constant_shapes(step, units) for step, fitted in pairs]
    zeros = [np.zeros(shape, np.float32) for step_shapes in shapes for shape in step_shapes]

    def invert(values: Any, constants: Sequence[Any]) -> Any:
        rest = list(constants)
        for (step, fitted), step_shapes in zip(reversed(pairs), reversed(shapes), strict=True):
            count = len(step_shapes)
            values = fitted.invert(values, rest[-count:], import_keras().ops, step)
            del rest[-count:]
        return values

    if pairs:
        transform_before_metrics(model, invert, zeros)


def assign_constants(model: Any, constants: Sequence[Array]) -> None:
    """Set the constants of the fitted steps of a target.

    Parameters
    ----------
    model : keras.Sequential
        `measure_in_target_unit` has been called for it.
    constants : sequence of ndarray
        From `TargetPreprocessor.constants`.
    """
    variables = metric_constants(model)
    if variables:  # there are none if the config has no metrics
        for variable, value in zip(variables, constants, strict=True):
            variable.assign(value)
