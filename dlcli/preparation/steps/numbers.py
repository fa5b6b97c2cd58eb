"""Steps for numbers.

They have the values of scikit-learn's. The fitted values are stored as plain numbers and applied
with NumPy, so that training and prediction run the same code. scikit-learn is not imported, which
takes longer than fitting.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from dlcli.config.steps import Impute, Log, MinMax, Scale, Standardize
from dlcli.errors import DatasetError
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps.base import FittedStep, InvertibleStep, Names, fitted_step_of
from dlcli.preparation.steps.statistics import extremes, moments, typical_values
from dlcli.types import Array

LARGEST_LOGARITHM = 88.0  # exp of more is infinite in float32


def plain(values: Any) -> tuple[float, ...]:
    """Return the values of an array as they are stored."""
    return tuple(float(value) for value in np.ravel(values))


def centred(values: Array, centres: Array, sizes: Array) -> Array:
    """Subtract the centre of each column and divide by its size; columns of size 0 become 0."""
    centres, sizes = (array.astype(values.dtype, copy=False) for array in (centres, sizes))
    if sizes.all():
        scaled = values - centres
        return np.asarray(np.divide(scaled, sizes, out=scaled))
    scaled = (values - centres) / np.where(sizes == 0, 1, sizes)
    # Not a product with 0: missing values stay missing, and are reported as such.
    return np.asarray(np.where((sizes == 0) & ~np.isnan(scaled), 0, scaled), values.dtype)


class _Centring(InvertibleStep):
    """Subtracts the centre of each column and divides by its size; columns of size 0 become 0."""

    keeps_order = True

    @property
    def is_line(self) -> bool:
        return True

    @classmethod
    def fit(cls, step: Any, values: Array, names: Names) -> Self:
        return cls.fit_blocks(step, iter([values]), names)

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        return centred(values, *self._arrays)

    @cached_property
    def _arrays(self) -> list[Array]:
        """Centre and size of each column; an image has a hundred thousand, for every batch."""
        return self.constants

    @staticmethod
    def invert(values: Any, constants: Sequence[Any], ops: Any, step: Any) -> Any:
        centre, size = constants
        return values * size + centre


@fitted_step_of(Standardize)
@dataclass(frozen=True)
class FittedStandardize(_Centring):
    """Mean and standard deviation of each column; 0 for a constant column, which becomes 0.

    Nothing can be learned from such a column, and another value in a later row would be arbitrarily
    far from the mean. Files of dlcli 0.1 have 1 there.
    """

    per_column = ("mean", "scale")
    mean: tuple[float, ...]
    scale: tuple[float, ...]

    @classmethod
    def fit_blocks(cls, step: Standardize, blocks: Iterator[Array], names: Names) -> Self:
        mean, variance, counts = moments(blocks)
        # scikit-learn's test for a constant column, which allows for rounding errors.
        epsilon = np.finfo(np.float64).eps
        rounding = counts * epsilon * variance + (counts * mean * epsilon) ** 2
        return cls(plain(mean), plain(np.sqrt(np.where(variance <= rounding, 0, variance))))


@fitted_step_of(MinMax)
@dataclass(frozen=True)
class FittedMinMax(_Centring):
    """Smallest value and range of each column; 0 for a constant column, which becomes 0."""

    per_column = ("low", "span")
    low: tuple[float, ...]
    span: tuple[float, ...]

    @classmethod
    def fit_blocks(cls, step: MinMax, blocks: Iterator[Array], names: Names) -> Self:
        low, high = extremes(blocks)
        span = high - low
        # scikit-learn leaves ranges of rounding errors as they are.
        tiny = span < 10 * np.finfo(span.dtype).eps
        scale = 1 / np.where(tiny, 1, span)  # in their type
        return cls(plain(low), plain(np.where(span == 0, 0, 1 / scale)))


@fitted_step_of(Log)
@dataclass(frozen=True)
class FittedLog(InvertibleStep):
    """What is added to each column before its logarithm is taken: 1 if it has zeros, else 0."""

    per_column = ("shift",)
    shift: tuple[float, ...]

    @classmethod
    def fit(cls, step: Log, values: Array, names: Names) -> Self:
        with np.errstate(invalid="ignore"):
            low = np.nanmin(values, axis=0)
        for index in np.flatnonzero(low < 0).tolist():
            raise DatasetError(
                f"column {names[index]!r} has the value {low[index]:g}, which has no logarithm",
                hint="use standardize",
            )
        return cls(plain(np.where(low == 0, 1, 0)))

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        # A later row can be smaller than all training rows; it gets the logarithm of the smallest
        # positive number, which is far below all others, and finite.
        shifted = values + np.asarray(self.shift, values.dtype)
        return np.asarray(np.log(np.maximum(shifted, np.finfo(np.float32).tiny)))

    @staticmethod
    def invert(values: Any, constants: Sequence[Any], ops: Any, step: Any) -> Any:
        return ops.exp(ops.minimum(values, LARGEST_LOGARITHM)) - constants[0]


@fitted_step_of(Scale)
@dataclass(frozen=True)
class FittedScale(FittedStep):
    """A constant divisor."""

    uses_rows = False
    keeps_order = True
    divisor: float

    @property
    def is_line(self) -> bool:
        return True

    @classmethod
    def fit(cls, step: Scale, values: Array, names: Names) -> Self:
        return cls(step.divisor)

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        return np.asarray(values / values.dtype.type(self.divisor))

    def apply_to_array(
        self, values: Array, names: Names, report: TransformReport, out: Array
    ) -> Array:
        # NumPy converts a piece at a time, which takes a third of the time of two passes.
        return np.divide(
            values, np.float32(self.divisor), out=out, dtype=np.float32, casting="unsafe"
        )


@fitted_step_of(Impute)
@dataclass(frozen=True)
class FittedImpute(FittedStep):
    """Value imputed in each column, and the columns that get a missing-value indicator."""

    per_column = ("fill",)
    fill: tuple[Any, ...]
    indicators: tuple[int, ...]
    missing_values: float | None = None

    @property
    def is_line(self) -> bool:
        return not self.indicators and self.missing_values is None  # of values that are not missing

    @classmethod
    def fit(cls, step: Impute, values: Array, names: Names) -> Self:
        text = values.dtype == object
        if text and step.missing_values is not None:
            raise DatasetError(f"column {names[0]!r} holds text; missing_values is a number")
        strategy = step.strategy or ("most_frequent" if text else "mean")
        if text and strategy != "most_frequent":
            raise DatasetError(f"column {names[0]!r} holds text; impute it with most_frequent")
        values = _with_nan(values, step.missing_values)
        missing = is_missing(values)
        check_not_empty(missing, names)
        fill = typical_values(values, missing, strategy)
        indicators = np.flatnonzero(missing.any(axis=0)).tolist() if step.indicator else []
        return cls(tuple(fill.tolist()), tuple(indicators), step.missing_values)

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        values = _with_nan(values, self.missing_values)
        missing = is_missing(values)
        for index in np.flatnonzero(missing.any(axis=0)).tolist():
            report.imputed[names[index]] += int(missing[:, index].sum())
        imputed = np.where(missing, np.asarray(self.fill, values.dtype), values)
        if not self.indicators:
            return imputed
        return np.column_stack([imputed, missing[:, list(self.indicators)].astype(values.dtype)])

    def names(self, names: Names) -> list[str]:
        return [*names, *(f"{names[index]} missing" for index in self.indicators)]

    def width(self, columns: int) -> int:
        return columns + len(self.indicators)

    def check(self, columns: int) -> None:
        super().check(columns)
        if not all(0 <= index < columns for index in self.indicators):
            raise ValueError(f"{self.name} has indicators of columns that do not exist")


def check_not_empty(missing: Array, names: Names) -> None:
    """Refuse a column without any value.

    Parameters
    ----------
    missing : ndarray of bool, shape (n, columns)
    names : sequence of str
        Of the columns.

    Raises
    ------
    DatasetError
    """
    for index in np.flatnonzero(missing.all(axis=0)).tolist():
        raise DatasetError(
            f"column {names[index]!r} has no value in the training rows",
            hint=f"leave it out with `drop: [{names[index]}]`",
        )


def _with_nan(values: Array, missing: float | None) -> Array:
    """Replace the number that marks missing values by NaN."""
    return values if missing is None else np.where(values == missing, np.nan, values)


def is_missing(values: Array) -> Array:
    """Return which values are NaN or None."""
    missing = np.equal(values, None) if values.dtype == object else np.isnan(values)  # type: ignore[call-overload]
    return np.asarray(missing, bool)
