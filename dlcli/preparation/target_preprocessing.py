"""Preprocessing of a numeric target, inverted in metrics and predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from dlcli.config.steps import Log, Standardize, Step, Steps
from dlcli.datasets.dataset import Target
from dlcli.errors import DatasetError, ModelFileError, first_line
from dlcli.preparation.steps import (
    FITTED,
    FittedStep,
    InvertibleStep,
    fit_step,
    step_from_json,
    step_name,
    step_to_json,
)
from dlcli.types import Array

# Largest error of an inverted target, relative to the range of the target and to its size.
MAX_ERROR, ROUNDING = 1e-3, 1e-6


@dataclass(frozen=True)
class TargetPreprocessor:
    """Fitted steps of a numeric target; without steps nothing changes.

    Parameters
    ----------
    steps : tuple of InvertibleStep
    """

    steps: tuple[InvertibleStep, ...] = ()

    def transform(self, y: Array, target: Target) -> Array:
        """Apply the steps.

        Parameters
        ----------
        y : ndarray, shape (n,) or (n, targets)
            In the unit of the target.
        target : Target

        Returns
        -------
        ndarray
            float64 of the same shape; `y` itself without steps.
        """
        if not self.steps:
            return y
        values = y.reshape(len(y), -1).astype(np.float64)
        for step in self.steps:
            values = step.apply_to_target(values, target.outputs)
        return values.reshape(y.shape)

    def invert(self, outputs: Array) -> Array:
        """Convert outputs of the network to the unit of the target.

        Parameters
        ----------
        outputs : ndarray of float32, shape (n, targets)

        Returns
        -------
        ndarray of float32, shape (n, targets)
        """
        if not self.steps:
            return outputs
        values = outputs.astype(np.float64)
        for step in reversed(self.steps):
            values = step.invert(values, step.constants, np, step)
        return values.astype(np.float32)

    @property
    def constants(self) -> list[Array]:
        """Return the constants of all steps."""
        return [constant for step in self.steps for constant in step.constants]

    def to_json(self) -> list[dict[str, Any]]:
        """Return the fitted steps as plain data."""
        return [step_to_json(step) for step in self.steps]

    @classmethod
    def from_json(cls, document: Sequence[Mapping[str, Any]], targets: int) -> TargetPreprocessor:
        """Rebuild from plain data of an untrusted file.

        Raises
        ------
        ModelFileError
            If `to_json` cannot have returned them.
        """
        reason = ""
        steps: list[FittedStep] = []
        try:
            for plain_step in document:
                steps.append(step_from_json(plain_step))
                steps[-1].check(targets)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            reason = first_line(error)
        for step in steps:
            if not isinstance(step, InvertibleStep):
                reason = f"{step.name} cannot be inverted"
        if reason:
            raise ModelFileError(f"the stored preprocessing of the target is damaged: {reason}")
        return cls(cast("tuple[InvertibleStep, ...]", tuple(steps)))


def invertible(step: Step) -> type[InvertibleStep] | None:
    """Return the fitted form of a step; None if it cannot be inverted."""
    fitted = FITTED[step_name(step)]
    return fitted if issubclass(fitted, InvertibleStep) else None


def resolve_target_steps(steps: Steps | None, target: Target) -> Steps | None:
    """Check the steps of a target, and complete them.

    Returns
    -------
    tuple of Step, or None
        A logarithm alone is standardized too.

    Raises
    ------
    DatasetError
        If the target has classes, or a step cannot be inverted.
    """
    if not steps:
        return steps
    if target.task != "regression":
        raise DatasetError(
            f"preprocess.target: {target.name!r} has classes; only numbers are preprocessed",
            hint="remove it, or set `task: regression` in the loader if the classes are quantities",
        )
    names = [name for name in FITTED if issubclass(FITTED[name], InvertibleStep)]
    for step in steps:
        if invertible(step) is None:
            raise DatasetError(
                f"preprocess.target: {step_name(step)} cannot be inverted for predictions",
                hint=f"use {', '.join(names[:-1])} or {names[-1]}",
            )
    return (*steps, Standardize()) if len(steps) == 1 and isinstance(steps[0], Log) else steps


def fit_target_preprocessor(y: Array, target: Target, steps: Steps) -> TargetPreprocessor:
    """Fit the steps of a target.

    Parameters
    ----------
    y : ndarray, shape (n,) or (n, targets)
        Targets of the training rows; no other row is used.
    target : Target
    steps : tuple of Step
        As `resolve_target_steps` returns them.

    Raises
    ------
    DatasetError
        If a step cannot be fitted, or its inverse in float32, the type of outputs and of metrics
        in a training, is not the target.
    """
    values = y.reshape(len(y), -1).astype(np.float64) if steps else y
    fitted: list[InvertibleStep] = []
    for step in steps:
        fitted.append(cast("InvertibleStep", fit_step(step, iter([values]), target.outputs)))
        values = fitted[-1].apply_to_target(values, target.outputs)
    preprocessor = TargetPreprocessor(tuple(fitted))
    if steps and not _is_inverted(values, y.reshape(len(y), -1), preprocessor.steps):
        raise DatasetError(
            f"preprocess.target: {' and '.join(map(step_name, steps))} cannot be inverted with the "
            "precision of a network: some targets would not be those of the table",
            hint="use standardize or quantile",
        )
    return preprocessor


def _is_inverted(values: Array, y: Array, steps: Sequence[InvertibleStep]) -> bool:
    """Tell whether transformed targets are inverted in float32, in which a power may be lost."""
    with np.errstate(all="ignore"):
        values = values.astype(np.float32)
        for step in reversed(steps):
            constants = [constant.astype(np.float32) for constant in step.constants]
            values = step.invert(values, constants, np, step)
    tolerance = MAX_ERROR * np.ptp(y, axis=0) + ROUNDING * np.abs(y).max(axis=0)
    return bool((np.abs(values - y) <= tolerance).all())
