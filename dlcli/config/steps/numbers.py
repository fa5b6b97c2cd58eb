"""Steps for numbers."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from dlcli.config.base import as_tuple
from dlcli.config.steps.base import STEPS, Step

MAX_QUANTILES = 10_000
# Products of so many values of float32 are finite in float64.
MAX_DEGREE = 8


@STEPS.register("standardize")
class Standardize(Step):
    """Subtract the mean and divide by the standard deviation."""


@STEPS.register("min_max")
class MinMax(Step):
    """Map the smallest training value to 0 and the largest to 1."""


@STEPS.register("log")
class Log(Step):
    """Natural logarithm; of 1 + x if a training value is 0."""


@STEPS.register("scale")
class Scale(Step):
    """Divide by a constant."""

    divisor: float = Field(description="Divisor: 255 for 8-bit images.")

    @model_validator(mode="after")
    def _not_zero(self) -> Scale:
        if self.divisor == 0:
            raise ValueError("the divisor must not be 0")
        return self


@STEPS.register("impute")
class Impute(Step):
    """Replace missing values."""

    column_types: ClassVar[tuple[str, ...]] = ("numeric", "boolean", "categorical", "date")

    strategy: Literal["mean", "median", "most_frequent"] | None = Field(
        default=None,
        description="Statistic to insert; default: mean, or most_frequent for categories.",
    )
    missing_values: float | None = Field(
        default=None,
        description="A number that also means a missing value, for example 0 for a pulse.",
    )
    indicator: bool = Field(
        default=False, description="Add a 0/1 column for each column that has missing values."
    )


@STEPS.register("robust")
class Robust(Step):
    """Subtract the median and divide by the interquartile range, which outliers do not change."""

    smooth_clip: bool = Field(
        default=True,
        description="Bend values far from the median, so that all are between -3 and 3.",
    )


@STEPS.register("quantile")
class Quantile(Step):
    """The share of training values that are smaller, or the value that has it in a bell curve."""

    output_distribution: Literal["normal", "uniform"] = Field(
        default="normal",
        description="A bell curve between -5.2 and 5.2 (normal), or shares from 0 to 1 (uniform).",
    )
    n_quantiles: int = Field(
        default=1000,
        gt=1,
        le=MAX_QUANTILES,
        description="Number of quantiles, with straight lines between them; at most one per row.",
    )


@STEPS.register("power")
class Power(Step):
    """A power that makes a skewed column symmetric, then mean 0 and standard deviation 1."""

    method: Literal["yeo-johnson", "box-cox"] = Field(
        default="yeo-johnson",
        description="yeo-johnson takes all numbers, box-cox only those above 0.",
    )


@STEPS.register("clip")
class Clip(Step):
    """Move values beyond two bounds to the bounds."""

    min: float | None = Field(default=None, description="Lower bound; default: none.")
    max: float | None = Field(default=None, description="Upper bound; default: none.")
    quantiles: (
        Annotated[
            tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]],
            BeforeValidator(as_tuple),
        ]
        | None
    ) = Field(
        default=None,
        description="Bounds as quantiles of the training rows, for example [0.01, 0.99].",
    )

    @model_validator(mode="after")
    def _has_bounds(self) -> Clip:
        bounds = (self.min, self.max) if self.quantiles is None else self.quantiles
        if self.quantiles is not None and (self.min, self.max) != (None, None):
            raise ValueError("use quantiles, or min and max, not both")
        if bounds == (None, None):
            raise ValueError("name a bound: min, max or quantiles")
        low, high = bounds
        if low is not None and high is not None and low >= high:
            raise ValueError(f"the lower bound {low:g} is not below the upper one, {high:g}")
        return self


@STEPS.register("polynomial")
class Polynomial(Step):
    """Powers and products of the columns that share the step, besides the columns themselves."""

    degree: int = Field(
        default=2, gt=1, le=MAX_DEGREE, description="Largest number of factors in a product."
    )
    interaction_only: bool = Field(
        default=False, description="Only products of different columns: a * b, but not a^2."
    )


def _one_or_several(value: object) -> object:
    return as_tuple(value) if isinstance(value, list | tuple) else (value,)


@STEPS.register("periodic")
class Periodic(Step):
    """Sine and cosine, so that the end of a period is next to its start: 23 hours to 0."""

    period: Annotated[
        tuple[Annotated[float, Field(gt=0)], ...], BeforeValidator(_one_or_several)
    ] = Field(
        min_length=1,
        max_length=100,
        description="Length of a period, or a list of them: 24 for hours, 12 for months.",
    )
