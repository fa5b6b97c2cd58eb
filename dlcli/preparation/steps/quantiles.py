"""The quantile transform: the ranks of values as shares, or as values of a normal distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field

from dlcli.config.steps import MAX_QUANTILES, Quantile
from dlcli.errors import DatasetError
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps.base import InvertibleStep, Names, fitted_step_of
from dlcli.preparation.steps.normal import normal_quantile, normal_share
from dlcli.preparation.steps.numbers import check_not_empty, plain
from dlcli.preparation.steps.sampling import SampledStep
from dlcli.types import Array

# scikit-learn's bound for shares of a normal distribution, whose ends are infinite.
SMALLEST_SHARE = 1e-7
MAX_STORED = 400_000  # 8 MB of JSON; a model file may have 16
# Smallest and largest value of each output_distribution.
END = float(normal_quantile(np.array([1 - (SMALLEST_SHARE - np.spacing(1))]))[0])
ENDS = {"normal": (-END, END), "uniform": (0.0, 1.0)}


@fitted_step_of(Quantile)
@dataclass(frozen=True)
class FittedQuantile(SampledStep, InvertibleStep):
    """Quantiles of each column, in ascending order and at equal distances from 0 to 1.

    Constant columns become 0. Values beyond those of the training rows become the ends; targets
    continue with the mean slope, so that they are inverted exactly.
    """

    keeps_order = True
    per_column = ("quantiles",)
    quantiles: tuple[tuple[float, ...], ...]
    output_distribution: Literal["normal", "uniform"]
    n_quantiles: Annotated[int, Field(gt=1, le=MAX_QUANTILES)]

    @classmethod
    def fit(cls, step: Quantile, values: Array, names: Names) -> Self:
        check_not_empty(np.isnan(values), names)
        count = min(step.n_quantiles, len(values))
        if count * len(names) > MAX_STORED:
            raise DatasetError(
                f"{count:,} quantiles of {len(names):,} columns are too many for a model file",
                hint=f"use `quantile: {{n_quantiles: {max(MAX_STORED // len(names), 2)}}}`",
            )
        shares = np.linspace(0, 1, count) * 100  # scikit-learn's, to the bit
        quantiles = np.nanpercentile(values.astype(np.float64, copy=False), shares, axis=0)
        # Interpolation may be wrong in the last bit.
        ascending = np.maximum.accumulate(quantiles, axis=0)
        columns = tuple(plain(column) for column in ascending.T)
        return cls(columns, step.output_distribution, step.n_quantiles)

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        out = np.empty(values.shape, values.dtype if values.dtype.kind == "f" else np.float64)
        for index, quantiles in enumerate(self.quantiles):
            shares = _shares(np.asarray(values[:, index], np.float64), np.array(quantiles))
            if quantiles[0] == quantiles[-1]:
                out[:, index] = np.where(np.isnan(shares), shares, 0)
            elif self.output_distribution == "uniform":
                out[:, index] = shares
            else:
                least = SMALLEST_SHARE - np.spacing(1)
                out[:, index] = normal_quantile(np.clip(shares, least, 1 - least))
        return out

    def apply_to_target(self, values: Array, names: Names) -> Array:
        start, end = ENDS[self.output_distribution]
        low, high = (np.array([column[at] for column in self.quantiles]) for at in (0, -1))
        slope = (end - start) / np.where(high > low, high - low, np.inf)
        beyond: Array = slope * _beyond(values, low, high, np)
        return super().apply_to_target(values, names) + beyond

    def check(self, columns: int) -> None:
        super().check(columns)
        for quantiles in self.quantiles:
            if not 1 <= len(quantiles) <= self.n_quantiles:
                raise ValueError(f"{self.name} has {len(quantiles)} of {self.n_quantiles} values")
            if list(quantiles) != sorted(quantiles):
                raise ValueError(f"{self.name} has values that are not in ascending order")
        if len(set(map(len, self.quantiles))) > 1:
            raise ValueError(f"{self.name} has columns with different numbers of values")

    @property
    def constants(self) -> list[Array]:
        """Number of intervals; quantiles, the last repeated: splits differ in their number."""
        quantiles = np.array(self.quantiles, np.float64).T
        padding = [(0, self.n_quantiles - len(quantiles)), (0, 0)]
        return [np.array([len(quantiles) - 1.0]), np.pad(quantiles, padding, mode="edge")]

    @classmethod
    def constant_shapes(cls, step: Quantile, columns: int) -> list[tuple[int, ...]]:
        return [(1,), (step.n_quantiles, columns)]

    @staticmethod
    def invert(values: Any, constants: Sequence[Any], ops: Any, step: Any) -> Any:
        intervals, quantiles = constants
        start, end = ENDS[step.output_distribution]
        shares = ops.clip(values, 0, 1)
        if step.output_distribution == "normal":
            shares = normal_share(values, ops)
            shares = ops.where(shares < SMALLEST_SHARE, 0.0, shares)
            shares = ops.where(shares > 1 - SMALLEST_SHARE, 1.0, shares)
        position = shares * intervals
        below = ops.maximum(ops.minimum(ops.floor(position), intervals - 1), 0)
        below = ops.where(ops.isnan(below), 0.0, below)  # of a training that diverges
        columns = quantiles.shape[1]
        index = below.astype(np.int64) if ops is np else ops.cast(below, "int32")
        index = index * columns + np.arange(columns, dtype=np.int32)
        flat = ops.reshape(quantiles, (-1,))
        low, high = ops.take(flat, index), ops.take(flat, index + columns)
        slope = (quantiles[-1] - quantiles[0]) / (end - start)
        return low + (position - below) * (high - low) + slope * _beyond(values, start, end, ops)


def _beyond(values: Any, low: Any, high: Any, ops: Any) -> Any:
    """Return how far values are below or above an interval; 0 within."""
    return ops.minimum(values - low, 0) + ops.maximum(values - high, 0)


def _shares(column: Array, quantiles: Array) -> Array:
    """Return the share of each value; the middle one where several quantiles are equal."""
    references = np.linspace(0, 1, len(quantiles))
    rising = np.interp(column, quantiles, references)
    falling = np.interp(-column, -quantiles[::-1], -references[::-1])
    shares = np.where(column >= quantiles[-1], 1.0, (rising - falling) / 2)
    return np.where(column <= quantiles[0], 0.0, shares)
