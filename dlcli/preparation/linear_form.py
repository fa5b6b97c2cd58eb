"""The preprocessing of a table as a straight line for each column, where it is one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dlcli.preparation.preprocessor import Group, Preprocessor
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps import FittedStep
from dlcli.preparation.target_preprocessing import TargetPreprocessor
from dlcli.types import Array


@dataclass(frozen=True)
class LinearForm:
    """Preprocessed values as ``slope * value + intercept``.

    Parameters
    ----------
    names : tuple of str
        Of the values.
    slopes, intercepts : ndarray of float64, shape (values,)
    """

    names: tuple[str, ...]
    slopes: Array
    intercepts: Array


def linear_form(preprocessor: Preprocessor) -> LinearForm:
    """Return the preprocessing of a table.

    A column whose steps are no straight line, such as a logarithm or categories, stays as it is
    after them, under the name that it has then.
    """
    slopes, intercepts = [], []
    for group in preprocessor.groups:
        slope, intercept = _line(group)
        slopes.append(slope)
        intercepts.append(intercept)
    names = tuple(preprocessor.feature_names)
    return LinearForm(names, np.concatenate(slopes), np.concatenate(intercepts))


def target_line(preprocessor: TargetPreprocessor) -> tuple[Array, Array] | None:
    """Return slopes and intercepts that lead from the network's outputs to the target's unit.

    Returns
    -------
    tuple of ndarray of float64, shape (targets,), or None
        None if a step of the target is no straight line. Without steps (1, 0), of shape (1,).
    """
    steps = preprocessor.steps
    if not all(step.is_line for step in steps):
        return None
    slope, intercept = np.ones(1), np.zeros(1)
    for step in reversed(steps):
        zero = np.asarray(step.invert(np.zeros(1), step.constants, np, step), np.float64)
        one = np.asarray(step.invert(np.ones(1), step.constants, np, step), np.float64)
        slope, intercept = (one - zero) * slope, (one - zero) * intercept + zero
    return slope, intercept


def _line(group: Group) -> tuple[Array, Array]:
    if not all(step.is_line for step in group.steps):
        return np.ones(group.width), np.zeros(group.width)
    zero, one = (_applied(group.steps, group, value) for value in (0.0, 1.0))
    return one - zero, zero


def _applied(steps: tuple[FittedStep, ...], group: Group, value: float) -> Array:
    """Return what the steps make of a row of equal values."""
    values, names = np.full((1, len(group.columns)), value), list(group.columns)
    for step in steps:
        values = step.apply(values, names, TransformReport())
        names = step.names(names)
    return np.asarray(values[0], np.float64)
