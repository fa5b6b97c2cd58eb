"""What a fitted step of preprocessing is, and the table of all of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, ClassVar, Self

import numpy as np

from dlcli.config.steps import STEPS, Step
from dlcli.events import Events

Array = np.ndarray[Any, Any]
Names = Sequence[str]


class FittedStep(ABC):
    """A step with what it learned; the fields are plain data."""

    name: ClassVar[str]

    @classmethod
    @abstractmethod
    def fit(cls, step: Any, values: Array, names: Names) -> Self:
        """Learn from training rows of shape (n, columns)."""

    @abstractmethod
    def apply(self, values: Array, names: Names, events: Events) -> Array:
        """Return the rows transformed; shape (n, columns out)."""

    def names(self, names: Names) -> list[str]:
        """Return the names of the columns that come out."""
        return list(names)


FITTED: dict[str, type[FittedStep]] = {}


def fits(step: type[Step]) -> Any:
    """Tie a fitted step to the section of the config that asks for it."""

    def enter(fitted: type[FittedStep]) -> type[FittedStep]:
        fitted.name = next(name for name in STEPS if STEPS[name] is step)
        FITTED[fitted.name] = fitted
        return fitted

    return enter


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


def step_to_json(step: FittedStep) -> dict[str, Any]:
    """Return name and state of a fitted step as plain data."""
    return {"name": step.name, **asdict(step)}  # type: ignore[call-overload]


def step_from_json(document: Mapping[str, Any]) -> FittedStep:
    """Rebuild a fitted step from plain data."""
    state = {key: _tuples(value) for key, value in document.items() if key != "name"}
    return FITTED[document["name"]](**state)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
