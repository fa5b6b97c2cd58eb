"""The steps of preprocessing: what each learns from training rows, and how it applies it.

scikit-learn does the arithmetic of fitting; what it finds is kept as plain numbers and applied
with NumPy, so that training and prediction run the same lines.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np

from dlcli.config.steps import (
    STEPS,
    Impute,
    MinMax,
    OneHot,
    Ordinal,
    Scale,
    Standardize,
    Step,
    Steps,
)
from dlcli.datasets.dataset import ColumnType
from dlcli.datasets.tables import MAX_CATEGORIES
from dlcli.errors import DatasetError
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


def _fits(step: type[Step]) -> Any:
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


def default_steps(kind: ColumnType, *, gaps: bool) -> Steps:
    """Return the steps of a column that the config leaves open.

    Parameters
    ----------
    kind : {"numeric", "categorical", "boolean"}
    gaps : bool
        Whether the column has missing values.
    """
    fill: Steps = (Impute(strategy="most_frequent" if kind == "boolean" else None),) if gaps else ()
    own: dict[str, Steps] = {"numeric": (Standardize(),), "categorical": (OneHot(),), "boolean": ()}
    return (*fill, *own[kind])


def _plain(values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in np.ravel(values))


@_fits(Standardize)
@dataclass(frozen=True)
class FittedStandardize(FittedStep):
    """Mean and standard deviation of each column; a constant column is only centred."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]

    @classmethod
    def fit(cls, step: Standardize, values: Array, names: Names) -> Self:
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler().fit(values)
        return cls(_plain(scaler.mean_), _plain(scaler.scale_))

    def apply(self, values: Array, names: Names, events: Events) -> Array:
        kind = values.dtype
        return np.asarray((values - np.asarray(self.mean, kind)) / np.asarray(self.scale, kind))


@_fits(MinMax)
@dataclass(frozen=True)
class FittedMinMax(FittedStep):
    """Smallest value and range of each column; the range of a constant column is 1."""

    low: tuple[float, ...]
    span: tuple[float, ...]

    @classmethod
    def fit(cls, step: MinMax, values: Array, names: Names) -> Self:
        from sklearn.preprocessing import MinMaxScaler

        scaler = MinMaxScaler().fit(values)
        return cls(_plain(scaler.data_min_), _plain(1 / scaler.scale_))

    def apply(self, values: Array, names: Names, events: Events) -> Array:
        kind = values.dtype
        return np.asarray((values - np.asarray(self.low, kind)) / np.asarray(self.span, kind))


@_fits(Scale)
@dataclass(frozen=True)
class FittedScale(FittedStep):
    """A constant to divide by."""

    divisor: float

    @classmethod
    def fit(cls, step: Scale, values: Array, names: Names) -> Self:
        return cls(step.divisor)

    def apply(self, values: Array, names: Names, events: Events) -> Array:
        return np.asarray(values / values.dtype.type(self.divisor))


@_fits(Impute)
@dataclass(frozen=True)
class FittedImpute(FittedStep):
    """What stands for a missing value in each column, and which columns get an indicator."""

    fill: tuple[Any, ...]
    indicators: tuple[int, ...]

    @classmethod
    def fit(cls, step: Impute, values: Array, names: Names) -> Self:
        from sklearn.impute import SimpleImputer

        text = values.dtype == object
        strategy = step.strategy or ("most_frequent" if text else "mean")
        if text and strategy != "most_frequent":
            raise DatasetError(f"column {names[0]!r} holds text; impute it with most_frequent")
        gaps = _gaps(values)
        for index in np.flatnonzero(gaps.all(axis=0)).tolist():
            raise DatasetError(
                f"column {names[index]!r} has no value in the training rows",
                hint=f"leave it out with `drop: [{names[index]}]`",
            )
        imputer = SimpleImputer(missing_values=None if text else np.nan, strategy=strategy)
        fill = imputer.fit(values).statistics_
        indicators = np.flatnonzero(gaps.any(axis=0)).tolist() if step.indicator else []
        return cls(tuple(fill.tolist()), tuple(indicators))

    def apply(self, values: Array, names: Names, events: Events) -> Array:
        gaps = _gaps(values)
        for index in np.flatnonzero(gaps.any(axis=0)).tolist():
            events.imputed[names[index]] += int(gaps[:, index].sum())
        filled = np.where(gaps, np.asarray(self.fill, values.dtype), values)
        if not self.indicators:
            return filled
        return np.column_stack([filled, gaps[:, list(self.indicators)].astype(values.dtype)])

    def names(self, names: Names) -> list[str]:
        return [*names, *(f"{names[index]} missing" for index in self.indicators)]


def _gaps(values: Array) -> Array:
    found = np.equal(values, None) if values.dtype == object else np.isnan(values)  # type: ignore[call-overload]
    return np.asarray(found, bool)


@dataclass(frozen=True)
class _Categories(FittedStep):
    """The categories of each column in sorted order."""

    categories: tuple[tuple[Any, ...], ...]

    @classmethod
    def fit(cls, step: Step, values: Array, names: Names) -> Self:
        from sklearn.preprocessing import OrdinalEncoder

        gaps = _gaps(values)
        for index in np.flatnonzero(gaps.any(axis=0)).tolist():
            raise DatasetError(
                f"column {names[index]!r}: {int(gaps[:, index].sum())} values are missing",
                hint="put impute before one_hot or ordinal",
            )
        found = OrdinalEncoder().fit(values).categories_
        for name, categories in zip(names, found, strict=True):
            if len(categories) > MAX_CATEGORIES:
                raise DatasetError(f"column {name!r} has {len(categories)} categories")
        return cls(tuple(tuple(categories.tolist()) for categories in found))

    def codes(self, values: Array, names: Names, events: Events) -> Array:
        """Return the number of each category, -1 for one not seen; shape (n, columns)."""
        codes = np.empty(values.shape, np.int64)
        for index, categories in enumerate(self.categories):
            table = {category: code for code, category in enumerate(categories)}
            column = values[:, index].tolist()
            if any(item is None or item != item for item in column):
                count = sum(item is None or item != item for item in column)
                raise DatasetError(
                    f"column {names[index]!r}: {count} missing, and training had no such row"
                )
            codes[:, index] = [table.get(item, -1) for item in column]
            if unseen := int((codes[:, index] < 0).sum()):
                events.unseen[names[index]] += unseen
        return codes


@_fits(OneHot)
@dataclass(frozen=True)
class FittedOneHot(_Categories):
    """One 0/1 column per category; zeros for one not seen in training."""

    def apply(self, values: Array, names: Names, events: Events) -> Array:
        codes = self.codes(values, names, events)
        parts = [
            (codes[:, index, np.newaxis] == np.arange(len(categories))).astype(np.float64)
            for index, categories in enumerate(self.categories)
        ]
        return np.concatenate(parts, axis=1)

    def names(self, names: Names) -> list[str]:
        return [
            f"{name}={category}"
            for name, categories in zip(names, self.categories, strict=True)
            for category in categories
        ]


@_fits(Ordinal)
@dataclass(frozen=True)
class FittedOrdinal(_Categories):
    """The number of the category; -1 for one not seen in training."""

    def apply(self, values: Array, names: Names, events: Events) -> Array:
        return self.codes(values, names, events).astype(np.float64)
