"""What a fitted step of preprocessing is, and the table of all of them."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, ClassVar, Self

from pydantic import TypeAdapter

from dlcli.config.steps import STEPS, Step
from dlcli.preparation.report import TransformReport
from dlcli.types import Array

# Columns that a step may make; a model file that says more is no model file.
MOST = 10_000_000
Names = Sequence[str]


class FittedStep(ABC):
    """A step with what it learned; the fields are plain data."""

    name: ClassVar[str]
    learns: ClassVar[bool] = True  # from the rows
    # Fields with an item for each column.
    per_column: ClassVar[tuple[str, ...]] = ()

    @classmethod
    @abstractmethod
    def fit(cls, step: Any, values: Array, names: Names) -> Self:
        """Learn from training rows of shape (n, columns)."""

    @abstractmethod
    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        """Return the rows transformed; shape (n, columns out)."""

    def names(self, names: Names) -> list[str]:
        """Return the names of the columns that come out."""
        return list(names)

    def width(self, columns: int) -> int:
        """Return how many columns come out."""
        return columns

    def check(self, columns: int) -> None:
        """Raise ValueError if what was learned does not go with so many columns."""
        for name in self.per_column:
            if len(getattr(self, name)) != columns:
                raise ValueError(
                    f"{self.name} has {len(getattr(self, name))} {name} for {columns} columns"
                )


FITTED: dict[str, type[FittedStep]] = {}


def fits(step: type[Step]) -> Any:
    """Tie a fitted step to the section of the config that asks for it."""

    def enter(fitted: type[FittedStep]) -> type[FittedStep]:
        fitted.name = next(name for name in STEPS if STEPS[name] is step)
        FITTED[fitted.name] = fitted
        return fitted

    return enter


def is_finite(value: Any) -> bool:
    """Tell whether plain data has neither NaN nor infinity in it."""
    if isinstance(value, dict):
        return all(map(is_finite, value.values()))
    if isinstance(value, list):
        return all(map(is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def step_name(step: Step) -> str:
    """Return the name of a step as configs spell it."""
    return next(name for name in STEPS if STEPS[name] is type(step))


def fit_step(step: Step, values: Array, names: Names) -> FittedStep:
    """Fit one step of a config on training rows.

    Parameters
    ----------
    step : Step
    values : ndarray, shape (n, columns)
    names : sequence of str
    """
    return FITTED[step_name(step)].fit(step, values, names)


def learns(step: Step) -> bool:
    """Tell whether a step needs the training rows."""
    return FITTED[step_name(step)].learns


def step_to_json(step: FittedStep) -> dict[str, Any]:
    """Return name and state of a fitted step as plain data."""
    return {"name": step.name, **asdict(step)}  # type: ignore[call-overload]


def step_from_json(document: Mapping[str, Any]) -> FittedStep:
    """Rebuild a fitted step from plain data, which may be a stranger's.

    Raises
    ------
    ValueError
        If the state is not of the types that the step has.
    """
    state = {key: value for key, value in document.items() if key != "name"}
    fitted = FITTED[document["name"]]
    if unknown := state.keys() - {field.name for field in fields(fitted)}:  # type: ignore[arg-type]
        raise ValueError(f"{fitted.name} has no {min(unknown)}")
    if not is_finite(state):
        raise ValueError(f"{fitted.name} has values that are not finite")
    adapter: TypeAdapter[FittedStep] = TypeAdapter(fitted)
    return adapter.validate_json(json.dumps(state), strict=True)
