"""Base class of fitted preprocessing steps, and the registry of them."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import TypeAdapter

from dlcli.config.steps import STEPS, Step
from dlcli.datasets.dataset import MAX_CATEGORIES
from dlcli.errors import DatasetError
from dlcli.preparation.report import TransformReport
from dlcli.types import Array

# Largest number of output columns; a model file with more is refused.
MAX_VALUES = 10_000_000
Names = Sequence[str]


class FittedStep(ABC):
    """A preprocessing step with its fitted state; the fields are plain data."""

    name: ClassVar[str]
    # Whether the state depends on the training rows.
    uses_rows: ClassVar[bool] = True
    # Whether the outputs are finite whatever the inputs are.
    always_finite: ClassVar[bool] = False
    # Whether larger values of a column give larger outputs, or all of them smaller ones.
    keeps_order: ClassVar[bool] = False
    # Fields with one item per column.
    per_column: ClassVar[tuple[str, ...]] = ()

    @classmethod
    @abstractmethod
    def fit(cls, step: Any, values: Array, names: Names) -> Self:
        """Fit to training rows of shape (n, columns)."""

    @classmethod
    def fit_blocks(cls, step: Any, blocks: Iterator[Array], names: Names) -> Self:
        """Fit to training rows that come in blocks; by default they are joined."""
        values = list(blocks)
        return cls.fit(step, values[0] if len(values) == 1 else np.concatenate(values), names)

    @abstractmethod
    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        """Return the transformed rows; shape (n, output columns)."""

    def apply_to_array(
        self, values: Array, names: Names, report: TransformReport, out: Array
    ) -> Array:
        """Return what `apply` gives for values of any type as float32.

        Parameters
        ----------
        values : ndarray, shape (n, columns)
        names : sequence of str
        report : TransformReport
        out : ndarray of float32, shape (n, columns)
            Room for the result or for the values.
        """
        np.copyto(out, values, casting="unsafe")
        return self.apply(out, names, report)

    @property
    def is_line(self) -> bool:
        """Whether each output is a constant times its input plus a constant."""
        return False

    def write(self, values: Array, names: Names, report: TransformReport, out: Array) -> None:
        """Write the transformed rows into `out`: float32, shape (n, output columns)."""
        out[...] = self.apply(values, names, report)

    def names(self, names: Names) -> list[str]:
        """Return the names of the output columns."""
        return list(names)

    def width(self, columns: int) -> int:
        """Return the number of output columns."""
        return columns

    def check(self, columns: int) -> None:
        """Raise ValueError if the fitted state does not fit the number of columns."""
        for name in self.per_column:
            if len(getattr(self, name)) != columns:
                raise ValueError(
                    f"{self.name} has {len(getattr(self, name))} {name} for {columns} columns"
                )


class InvertibleStep(FittedStep):
    """A step for numbers that a target can pass through: predictions are inverted."""

    @property
    def constants(self) -> list[Array]:
        """Return the fitted constants; float64, by default the fields of `per_column`."""
        return [np.asarray(getattr(self, name), np.float64) for name in self.per_column]

    @classmethod
    def constant_shapes(cls, step: Any, columns: int) -> list[tuple[int, ...]]:
        """Return the shapes of the constants, which a step of the config has before it is fitted.

        Parameters
        ----------
        step : Step
        columns : int
        """
        return [(columns,)] * len(cls.per_column)

    def apply_to_target(self, values: Array, names: Names) -> Array:
        """Return transformed targets, also beyond the training rows so that they can be inverted.

        Parameters
        ----------
        values : ndarray of float64, shape (n, columns)
        names : sequence of str
        """
        return self.apply(values, names, TransformReport())

    @staticmethod
    @abstractmethod
    def invert(values: Any, constants: Sequence[Any], ops: Any, step: Any) -> Any:
        """Return the values before the step.

        Parameters
        ----------
        values : array or tensor, shape (n, columns)
        constants : sequence of array or tensor
            Those of the fitted step.
        ops : module
            ``numpy``, or ``keras.ops`` for the metrics that Keras measures in a training.
        step : Step or InvertibleStep
            The step of the config, or the fitted one, which has the same options.
        """


FITTED: dict[str, type[FittedStep]] = {}


def fitted_step_of(step: type[Step]) -> Any:
    """Register a class as the fitted form of a step of the config."""

    def register(fitted: type[FittedStep]) -> type[FittedStep]:
        fitted.name = next(name for name in STEPS if STEPS[name] is step)
        FITTED[fitted.name] = fitted
        return fitted

    return register


def is_finite(value: Any) -> bool:
    """Return whether plain data contain neither NaN nor infinity."""
    if isinstance(value, dict):
        return all(map(is_finite, value.values()))
    if isinstance(value, list):
        return all(map(is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def step_name(step: Step) -> str:
    """Return the name of a step as configs spell it."""
    return next(name for name in STEPS if STEPS[name] is type(step))


def fit_step(step: Step, blocks: Iterator[Array], names: Names) -> FittedStep:
    """Fit one step of a config to training rows.

    Parameters
    ----------
    step : Step
    blocks : iterator of ndarray, shape (n, columns)
    names : sequence of str
        Of the columns.
    """
    return FITTED[step_name(step)].fit_blocks(step, blocks, names)


def uses_rows(step: Step) -> bool:
    """Return whether fitting a step needs all training rows."""
    return FITTED[step_name(step)].uses_rows


def step_to_json(step: FittedStep) -> dict[str, Any]:
    """Return name and state of a fitted step as plain data."""
    return {"name": step.name, **asdict(step)}  # type: ignore[call-overload]


def step_from_json(document: Mapping[str, Any]) -> FittedStep:
    """Rebuild a fitted step from plain data of an untrusted file.

    Raises
    ------
    ValueError
        If the state has other fields or types than the step.
    """
    state = {key: value for key, value in document.items() if key != "name"}
    fitted = FITTED[document["name"]]
    if unknown := state.keys() - {field.name for field in fields(fitted)}:  # type: ignore[arg-type]
        raise ValueError(f"{fitted.name} has no {min(unknown)}")
    if not is_finite(state):
        raise ValueError(f"{fitted.name} has values that are not finite")
    adapter: TypeAdapter[FittedStep] = TypeAdapter(fitted)
    return adapter.validate_json(json.dumps(state), strict=True)


def check_category_count(column: str, count: int, *, where: str = "") -> None:
    """Refuse a column with so many categories that encoding them makes no sense.

    Parameters
    ----------
    column : str
    count : int
        Number of its categories.
    where : str
        The file, for the message.

    Raises
    ------
    DatasetError
    """
    if count > MAX_CATEGORIES:
        raise DatasetError(
            f"{where}{': ' if where else ''}column {column!r} has {count} categories; "
            f"at most {MAX_CATEGORIES} are possible",
            hint=f"leave it out with `drop: [{column}]`, set `types: {{{column}: text}}`, keep the "
            f"frequent ones: `preprocess: {{columns: {{{column}: {{one_hot: {{max_categories: "
            f"100}}}}}}}}`, or hash them: `preprocess: {{columns: {{{column}: {{hash: 64}}}}}}`",
        )
