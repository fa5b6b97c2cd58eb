"""Steps of numbers and categories: what each learns from training rows, and how it applies it.

scikit-learn does the arithmetic of fitting; what it finds is kept as plain numbers and applied
with NumPy, so that training and prediction run the same lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from dlcli.config.steps import Impute, MinMax, OneHot, Ordinal, Scale, Standardize, Step
from dlcli.datasets.dataset import MAX_CATEGORIES
from dlcli.errors import DatasetError
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps.base import FittedStep, Names, fits
from dlcli.types import Array


def _plain(values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in np.ravel(values))


@fits(Standardize)
@dataclass(frozen=True)
class FittedStandardize(FittedStep):
    """Mean and standard deviation of each column; a constant column is only centred."""

    per_column = ("mean", "scale")
    mean: tuple[float, ...]
    scale: tuple[float, ...]

    @classmethod
    def fit(cls, step: Standardize, values: Array, names: Names) -> Self:
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler().fit(values)
        return cls(_plain(scaler.mean_), _plain(scaler.scale_))

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        kind = values.dtype
        return np.asarray((values - np.asarray(self.mean, kind)) / np.asarray(self.scale, kind))


@fits(MinMax)
@dataclass(frozen=True)
class FittedMinMax(FittedStep):
    """Smallest value and range of each column; the range of a constant column is 1."""

    per_column = ("low", "span")
    low: tuple[float, ...]
    span: tuple[float, ...]

    @classmethod
    def fit(cls, step: MinMax, values: Array, names: Names) -> Self:
        from sklearn.preprocessing import MinMaxScaler

        scaler = MinMaxScaler().fit(values)
        return cls(_plain(scaler.data_min_), _plain(1 / scaler.scale_))

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        kind = values.dtype
        return np.asarray((values - np.asarray(self.low, kind)) / np.asarray(self.span, kind))


@fits(Scale)
@dataclass(frozen=True)
class FittedScale(FittedStep):
    """A constant to divide by."""

    learns: ClassVar[bool] = False
    divisor: float

    @classmethod
    def fit(cls, step: Scale, values: Array, names: Names) -> Self:
        return cls(step.divisor)

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        return np.asarray(values / values.dtype.type(self.divisor))


@fits(Impute)
@dataclass(frozen=True)
class FittedImpute(FittedStep):
    """What stands for a missing value in each column, and which columns get an indicator."""

    per_column = ("fill",)
    fill: tuple[Any, ...]
    indicators: tuple[int, ...]
    missing_values: float | None = None

    @classmethod
    def fit(cls, step: Impute, values: Array, names: Names) -> Self:
        from sklearn.impute import SimpleImputer

        text = values.dtype == object
        if text and step.missing_values is not None:
            raise DatasetError(f"column {names[0]!r} holds text; missing_values is a number")
        strategy = step.strategy or ("most_frequent" if text else "mean")
        if text and strategy != "most_frequent":
            raise DatasetError(f"column {names[0]!r} holds text; impute it with most_frequent")
        values = _marked(values, step.missing_values)
        gaps = _gaps(values)
        for index in np.flatnonzero(gaps.all(axis=0)).tolist():
            raise DatasetError(
                f"column {names[index]!r} has no value in the training rows",
                hint=f"leave it out with `drop: [{names[index]}]`",
            )
        imputer = SimpleImputer(missing_values=None if text else np.nan, strategy=strategy)
        fill = imputer.fit(values).statistics_
        indicators = np.flatnonzero(gaps.any(axis=0)).tolist() if step.indicator else []
        return cls(tuple(fill.tolist()), tuple(indicators), step.missing_values)

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        values = _marked(values, self.missing_values)
        gaps = _gaps(values)
        for index in np.flatnonzero(gaps.any(axis=0)).tolist():
            report.imputed[names[index]] += int(gaps[:, index].sum())
        filled = np.where(gaps, np.asarray(self.fill, values.dtype), values)
        if not self.indicators:
            return filled
        return np.column_stack([filled, gaps[:, list(self.indicators)].astype(values.dtype)])

    def names(self, names: Names) -> list[str]:
        return [*names, *(f"{names[index]} missing" for index in self.indicators)]

    def width(self, columns: int) -> int:
        return columns + len(self.indicators)

    def check(self, columns: int) -> None:
        super().check(columns)
        if not all(0 <= index < columns for index in self.indicators):
            raise ValueError(f"{self.name} marks columns that are not there")


def _marked(values: Array, missing: float | None) -> Array:
    """Turn the number that stands for no value into NaN."""
    return values if missing is None else np.where(values == missing, np.nan, values)


def _gaps(values: Array) -> Array:
    found = np.equal(values, None) if values.dtype == object else np.isnan(values)  # type: ignore[call-overload]
    return np.asarray(found, bool)


@dataclass(frozen=True)
class FittedCategories(FittedStep):
    """The categories of each column in sorted order."""

    per_column = ("categories",)
    categories: tuple[tuple[str | float | bool, ...], ...]

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

    def codes(self, values: Array, names: Names, report: TransformReport) -> Array:
        """Return the number of each category, -1 for one not seen; shape (n, columns)."""
        codes = np.empty(values.shape, np.int64)
        for index, categories in enumerate(self.categories):
            table = {category: code for code, category in enumerate(categories)}
            column = values[:, index].tolist()
            if any(item is None or item != item for item in column):
                gaps = [row for row, item in enumerate(column) if item is None or item != item]
                raise DatasetError(
                    f"column {names[index]!r}: {len(gaps)} missing, and training had no such row",
                    row=gaps[0],
                )
            codes[:, index] = [table.get(item, -1) for item in column]
            if unseen := int((codes[:, index] < 0).sum()):
                report.unseen[names[index]] += unseen
        return codes


@fits(OneHot)
@dataclass(frozen=True)
class FittedOneHot(FittedCategories):
    """One 0/1 column per category; zeros for one not seen in training."""

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        codes = self.codes(values, names, report)
        parts = [
            (codes[:, index, np.newaxis] == np.arange(len(categories))).astype(np.float64)
            for index, categories in enumerate(self.categories)
        ]
        return np.concatenate(parts, axis=1)

    def width(self, columns: int) -> int:
        return sum(map(len, self.categories))

    def names(self, names: Names) -> list[str]:
        return [
            f"{name}={category}"
            for name, categories in zip(names, self.categories, strict=True)
            for category in categories
        ]


@fits(Ordinal)
@dataclass(frozen=True)
class FittedOrdinal(FittedCategories):
    """The number of the category; -1 for one not seen in training."""

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        return self.codes(values, names, report).astype(np.float64)
