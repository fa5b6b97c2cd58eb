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
LARGEST_SLOPE = 60.0  # as a logarithm: products with larger ones may be infinite in float32
# Used in place of an exponent of 0, which means a logarithm; the difference is below rounding.
SMALLEST_EXPONENT = 1e-12
SMALLEST_SPREAD = 1e-9  # relative to the mean: less would be mere rounding
# Exponent, reference, mean and standard deviation of a constant column.
UNCHANGED = (1.0, 0.0, 0.0, 0.0)
HINT = "use standardize, robust or quantile"


@fitted_step_of(Power)
@dataclass(frozen=True)
class FittedPower(SampledStep, InvertibleStep):
    """Exponent of each column, mean and standard deviation of its powers, and its range.

    Powers are relative to a reference, the mean logarithm of a column without a change of sign
    (below 0 if the values are): those of 2000 and 2001 differ in few digits. Constant columns
    become 0. Many powers have a bound that an output of a network may exceed: an
    inverted value is at most ten times the range of the training rows beyond them.

    Notes
    -----
    Sources: Yeo and Johnson (2000), doi:10.1093/biomet/87.4.954; Box and Cox (1964),
    doi:10.1111/j.2517-6161.1964.tb00553.x.
    """

    keeps_order = True
    max_values = 1_000_000  # ten million would take half a minute
    per_column = ("exponent", "reference", "mean", "scale", "low", "high")
    exponent: tuple[float, ...]
    reference: tuple[float, ...]
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
        state = np.tile(UNCHANGED, (len(low), 1))
        for index in np.flatnonzero(low < high).tolist():
            try:
                state[index] = _fit_column(values[:, [index]], step.method)
            except (ValueError, RuntimeError):
                message = f"column {names[index]!r}: no power makes its values symmetric"
                raise DatasetError(message, hint=HINT) from None
        constants = map(plain, (*state.T, low, high))
        return cls(**dict(zip(cls.per_column, constants, strict=True)), method=step.method)

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        _, _, mean, scale, low, _ = self.constants
        values = np.asarray(values, np.float64)
        if self.method == "box-cox":  # a later row may have a value that has no power
            values = np.maximum(values, low / 1000)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            return centred(np.asarray(self.powers(values, np)), mean, scale)

    def powers(self, values: Any, ops: Any) -> Any:
        """Return the powers before they are standardized; `values` and `ops` as for `invert`."""
        exponent, reference, *_ = self.constants
        return _power(values, exponent, reference, self.method, ops)

    def check(self, columns: int) -> None:
        super().check(columns)
        if self.method == "box-cox" and min(self.low, default=1.0) <= 0:
            raise ValueError(f"{self.name} has values that are not above 0")

    @staticmethod
    def invert(values: Any, constants: Sequence[Any], ops: Any, step: Any) -> Any:
        exponent, reference, mean, scale, low, high = constants
        margin = MAX_RANGES * (high - low)
        low, high = low - margin, high + margin
        values = values * scale + mean
        if step.method == "box-cox":
            log = reference + _inverse_log(values, exponent, ops)
            return ops.clip(ops.exp(ops.minimum(log, LARGEST_LOGARITHM)), low, high)
        sign = ops.where(reference < 0, -1.0, 1.0)
        values, reference = sign * values, ops.abs(reference)
        exponent = ops.where(sign < 0, 2 - exponent, exponent)
        log = reference + _inverse_log(values, exponent, ops)
        above = ops.expm1(ops.minimum(log, LARGEST_LOGARITHM))
        start = _power_of_log(-reference, exponent, ops)  # of 0
        size = (start - values) * ops.exp(ops.minimum(exponent * reference, LARGEST_SLOPE))
        below = -ops.expm1(_inverse_log(size, 2 - exponent, ops))
        return ops.clip(sign * ops.where(values >= start, above, below), low, high)


def _fit_column(column: Array, method: str) -> tuple[float, float, float, float]:
    """Return exponent, reference, mean and standard deviation; ValueError if there are none."""
    from sklearn.preprocessing import PowerTransformer

    transformer = PowerTransformer(method=method, standardize=False)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        exponent = float(transformer.fit(column).lambdas_[0])
        reference = _reference(column, method)
        powers = _power(column, np.array([exponent]), np.array([reference]), method, np)
        mean, scale = float(np.nanmean(powers)), float(np.nanstd(powers))
    state = (exponent, reference, mean, scale)
    if not np.isfinite(state).all() or scale <= SMALLEST_SPREAD * abs(mean):
        raise ValueError(f"exponent {exponent}")
    return state


def _reference(column: Array, method: str) -> float:
    if method == "box-cox":
        return float(np.nanmean(np.log(column)))
    sign = 1.0 if np.nanmin(column) >= 0 else -1.0 if np.nanmax(column) <= 0 else 0.0
    return sign * float(np.nanmean(np.log1p(np.abs(column))))


def _power(values: Any, exponent: Array, reference: Array, method: str, ops: Any) -> Any:
    """Return (power - that of the reference) / (derivative at the reference)."""
    if method == "box-cox":
        return _power_of_log(ops.log(values) - reference, exponent, ops)
    sign = np.where(reference < 0, -1.0, 1.0)
    values, reference = sign * values, np.abs(reference)
    exponent = np.where(sign < 0, 2 - exponent, exponent)
    log = ops.log1p(ops.abs(values))
    above = _power_of_log(log - reference, exponent, ops)
    below = np.exp(-exponent * reference) * _power_of_log(log, 2 - exponent, ops)
    start = _power_of_log(-reference, exponent, np)  # of 0
    return sign * ops.where(values >= 0, above, start - below)


def _power_of_log(log: Any, exponent: Any, ops: Any) -> Any:
    """Return (x ** exponent - 1) / exponent for the logarithm of x."""
    exponent = ops.where(exponent == 0, SMALLEST_EXPONENT, exponent)
    return ops.expm1(log * exponent) / exponent


def _inverse_log(values: Any, exponent: Any, ops: Any) -> Any:
    """Return the logarithm of the x for which (x ** exponent - 1) / exponent is a value."""
    exponent = ops.where(exponent == 0, SMALLEST_EXPONENT, exponent)
    # Values beyond the bound of a power get the logarithm of a number that is clipped later.
    product = ops.maximum(values * exponent, -1 + 1e-7)
    return ops.clip(ops.log1p(product) / exponent, -LARGEST_LOGARITHM, LARGEST_LOGARITHM)
