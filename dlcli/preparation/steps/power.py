"""Power transforms, which make skewed columns symmetric."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np

from dlcli.config.steps import Power
from dlcli.errors import DatasetError
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps.base import InvertibleStep, Names, fitted_step_of
from dlcli.preparation.steps.numbers import LARGEST_LOGARITHM, centred, check_not_empty, plain
from dlcli.preparation.steps.sampling import SampledStep
from dlcli.types import Array

MAX_RANGES = 10
# Used in place of an exponent of 0, which means a logarithm; the difference is below rounding.
SMALLEST_EXPONENT = 1e-12
SMALLEST_SPREAD = 1e-9  # relative to the mean: less would be mere rounding
HINT = "use standardize, robust or quantile"


@fitted_step_of(Power)
@dataclass(frozen=True)
class FittedPower(SampledStep, InvertibleStep):
    """Exponent of each column, mean and standard deviation of its powers, and its range.

    Constant columns become 0. Many powers have a bound that an output of a network may exceed: an
    inverted value is at most ten times the range of the training rows beyond them.

    Notes
    -----
    Sources: Yeo and Johnson (2000), doi:10.1093/biomet/87.4.954; Box and Cox (1964),
    doi:10.1111/j.2517-6161.1964.tb00553.x.
    """

    keeps_order = True
    max_values = 1_000_000  # ten million would take half a minute
    per_column = ("exponent", "mean", "scale", "low", "high")
    exponent: tuple[float, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    method: Literal["yeo-johnson", "box-cox"]

    @classmethod
    def fit(cls, step: Power, values: Array, names: Names) -> Self:
        check_not_empty(np.isnan(values), names)
        values = values.astype(np.float64, copy=False)
        low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
        if step.method == "box-cox":
            for index in np.flatnonzero(low <= 0).tolist():
                message = f"column {names[index]!r} has the value {low[index]:g}; box-cox"
                raise DatasetError(f"{message} needs numbers above 0", hint="use yeo-johnson")
        exponent, mean, scale = np.ones(len(low)), np.zeros(len(low)), np.zeros(len(low))
        for index in np.flatnonzero(low < high).tolist():
            column = values[:, [index]]
            try:
                exponent[index], mean[index], scale[index] = _fit_column(column, step.method)
            except (ValueError, RuntimeError):
                message = f"column {names[index]!r}: no power makes its values symmetric"
                raise DatasetError(message, hint=HINT) from None
        constants = map(plain, (exponent, mean, scale, low, high))
        return cls(**dict(zip(cls.per_column, constants, strict=True)), method=step.method)

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        exponent, mean, scale, low, _ = self.constants
        values = np.asarray(values, np.float64)
        if self.method == "box-cox":  # a later row may have a value that has no power
            values = np.maximum(values, low / 1000)
        with np.errstate(over="ignore", divide="ignore"):
            return centred(_power(values, exponent, self.method), mean, scale)

    def check(self, columns: int) -> None:
        super().check(columns)
        if self.method == "box-cox" and min(self.low, default=1.0) <= 0:
            raise ValueError(f"{self.name} has values that are not above 0")

    @staticmethod
    def invert(values: Any, constants: Sequence[Any], ops: Any, step: Any) -> Any:
        exponent, mean, scale, low, high = constants
        margin = MAX_RANGES * (high - low)
        low, high = low - margin, high + margin
        values = values * scale + mean
        if step.method == "box-cox":
            return ops.clip(ops.exp(_inverse_log(values, exponent, ops)), low, high)
        size = ops.abs(values)
        above = ops.expm1(_inverse_log(size, exponent, ops))
        below = -ops.expm1(_inverse_log(size, 2 - exponent, ops))
        return ops.clip(ops.where(values >= 0, above, below), low, high)


def _fit_column(column: Array, method: str) -> tuple[float, float, float]:
    """Return exponent, mean and standard deviation; ValueError if there are none."""
    from sklearn.preprocessing import PowerTransformer

    transformer = PowerTransformer(method=method, standardize=False)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        exponent = float(transformer.fit(column).lambdas_[0])
        powers = _power(column, np.array([exponent]), method)
        mean, scale = float(np.nanmean(powers)), float(np.nanstd(powers))
    if not np.isfinite([exponent, mean, scale]).all() or scale <= SMALLEST_SPREAD * abs(mean):
        raise ValueError(f"exponent {exponent}")
    return exponent, mean, scale


def _power(values: Array, exponent: Array, method: str) -> Array:
    if method == "box-cox":
        return _power_of_log(np.log(values), exponent)
    log = np.log1p(np.abs(values))
    return np.where(values >= 0, _power_of_log(log, exponent), -_power_of_log(log, 2 - exponent))


def _power_of_log(log: Array, exponent: Array) -> Array:
    """Return (x ** exponent - 1) / exponent for the logarithm of x."""
    exponent = np.where(exponent == 0, SMALLEST_EXPONENT, exponent)
    return np.asarray(np.expm1(log * exponent) / exponent)


def _inverse_log(values: Any, exponent: Any, ops: Any) -> Any:
    """Return the logarithm of the x for which (x ** exponent - 1) / exponent is a value."""
    exponent = ops.where(exponent == 0, SMALLEST_EXPONENT, exponent)
    # Values beyond the bound of a power get the logarithm of a number that is clipped later.
    product = ops.maximum(values * exponent, -1 + 1e-7)
    return ops.clip(ops.log1p(product) / exponent, -LARGEST_LOGARITHM, LARGEST_LOGARITHM)
