"""Steps for columns with outliers: scales on which they have no weight, and bounds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from dlcli.config.steps import Clip, Robust
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps.base import Names, fitted_step_of
from dlcli.preparation.steps.numbers import centred, check_not_empty, plain
from dlcli.preparation.steps.sampling import SampledStep
from dlcli.types import Array

SMOOTH_BOUND = 3.0


@fitted_step_of(Robust)
@dataclass(frozen=True)
class FittedRobust(SampledStep):
    """Median and interquartile range of each column; half the range if the quartiles are equal.

    Constant columns become 0.

    Notes
    -----
    ``smooth_clip`` maps a scaled value x to x / sqrt(1 + (x / 3)²). Source: Holzmüller, Grinsztajn
    and Steinwart (2024), "Better by default: Strong pre-tuned MLPs and boosted trees on tabular
    data", arXiv:2407.04491.
    """

    keeps_order = True
    per_column = ("median", "scale")
    median: tuple[float, ...]
    scale: tuple[float, ...]
    smooth_clip: bool

    @property
    def is_line(self) -> bool:
        return not self.smooth_clip

    @classmethod
    def fit(cls, step: Robust, values: Array, names: Names) -> Self:
        check_not_empty(np.isnan(values), names)
        values = values.astype(np.float64, copy=False)
        low, median, high = np.nanquantile(values, [0.25, 0.5, 0.75], axis=0)
        half_range = (np.nanmax(values, axis=0) - np.nanmin(values, axis=0)) / 2
        scale = np.where(high > low, high - low, half_range)
        return cls(plain(median), plain(scale), step.smooth_clip)

    @cached_property
    def _arrays(self) -> tuple[Array, Array]:
        return np.asarray(self.median, np.float64), np.asarray(self.scale, np.float64)

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        scaled = centred(values, *self._arrays)
        if not self.smooth_clip:
            return scaled
        # The square of a large number would overflow.
        return np.asarray(scaled / np.hypot(1, scaled / SMOOTH_BOUND), scaled.dtype)


@fitted_step_of(Clip)
@dataclass(frozen=True)
class FittedClip(SampledStep):
    """The bounds of each column; None for none."""

    keeps_order = True
    per_column = ("low", "high")
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]

    @classmethod
    def fit(cls, step: Clip, values: Array, names: Names) -> Self:
        if step.quantiles is None:
            return cls((step.min,) * len(names), (step.max,) * len(names))
        check_not_empty(np.isnan(values), names)
        low, high = np.nanquantile(values.astype(np.float64, copy=False), step.quantiles, axis=0)
        return cls(plain(low), plain(high))

    @cached_property
    def _arrays(self) -> tuple[Array, Array]:
        low = [-np.inf if bound is None else bound for bound in self.low]
        high = [np.inf if bound is None else bound for bound in self.high]
        return np.array(low, np.float64), np.array(high, np.float64)

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        low, high = (bounds.astype(values.dtype, copy=False) for bounds in self._arrays)
        return np.asarray(np.clip(values, low, high))
