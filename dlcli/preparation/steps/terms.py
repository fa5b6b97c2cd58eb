"""Steps that compute further columns from numbers: products, powers, and positions in a period."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, combinations_with_replacement
from typing import Annotated, Self

import numpy as np
from pydantic import Field

from dlcli.config.steps import MAX_DEGREE, Periodic, Polynomial
from dlcli.errors import DatasetError
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps.base import FittedStep, Names, fitted_step_of
from dlcli.types import Array

MAX_TERMS = 10_000


@fitted_step_of(Polynomial)
@dataclass(frozen=True)
class FittedPolynomial(FittedStep):
    """All products of up to ``degree`` columns, in the order of scikit-learn."""

    uses_rows = False
    columns: int
    degree: Annotated[int, Field(gt=1, le=MAX_DEGREE)]
    interaction_only: bool

    @classmethod
    def fit(cls, step: Polynomial, values: Array, names: Names) -> Self:
        fitted = cls(len(names), step.degree, step.interaction_only)
        if (terms := fitted.width(len(names))) > MAX_TERMS:
            raise DatasetError(
                f"polynomial of degree {step.degree} makes {terms:,} columns of {len(names)}; at "
                f"most {MAX_TERMS:,} are possible",
                hint="use a smaller degree, interaction_only, or name some columns: "
                f"`preprocess: {{columns: {{{names[0]}: [polynomial, standardize], …}}}}`",
            )
        return fitted

    @cached_property
    def products(self) -> list[tuple[int, ...]]:
        """Columns of each product of two or more."""
        choose = combinations if self.interaction_only else combinations_with_replacement
        degrees = range(2, self.degree + 1)
        return [term for degree in degrees for term in choose(range(self.columns), degree)]

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        out = np.empty((len(values), self.width(self.columns)), np.float64)
        out[:, : self.columns] = values
        # Products of larger numbers could be infinite in float64, and then times 0 be missing.
        largest = np.finfo(np.float32).max
        factors = np.clip(np.asarray(values, np.float64), -largest, largest)
        index_of: dict[tuple[int, ...], int] = {}
        for index, term in enumerate(self.products, self.columns):
            *first, last = term
            rest = factors[:, first[0]] if len(first) == 1 else out[:, index_of[tuple(first)]]
            np.multiply(rest, factors[:, last], out=out[:, index])
            index_of[term] = index
        return out

    def names(self, names: Names) -> list[str]:
        return [*names, *(_product_name(names, term) for term in self.products)]

    def width(self, columns: int) -> int:
        if self.interaction_only:
            return sum(math.comb(columns, degree) for degree in range(1, self.degree + 1))
        return math.comb(columns + self.degree, self.degree) - 1

    def check(self, columns: int) -> None:
        super().check(columns)
        if self.columns != columns:
            raise ValueError(f"{self.name} is for {self.columns} columns, not {columns}")
        if self.width(columns) > MAX_TERMS:
            raise ValueError(f"{self.name} makes {self.width(columns):,} columns")


def _product_name(names: Names, term: tuple[int, ...]) -> str:
    factors = (
        names[index] if power == 1 else f"{names[index]}^{power}"
        for index, power in Counter(term).items()
    )
    return " * ".join(factors)


@fitted_step_of(Periodic)
@dataclass(frozen=True)
class FittedPeriodic(FittedStep):
    """The periods; each column becomes a sine and a cosine for each."""

    uses_rows = False
    period: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)]

    @classmethod
    def fit(cls, step: Periodic, values: Array, names: Names) -> Self:
        return cls(step.period)

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        pairs = (circle(column, period) for column in values.T for period in self.period)
        return np.concatenate(list(pairs), axis=1)

    def width(self, columns: int) -> int:
        return 2 * columns * len(self.period)

    def names(self, names: Names) -> list[str]:
        return [part for name in names for part in self._parts(name)]

    def _parts(self, name: str) -> Iterator[str]:
        for period in self.period:
            suffix = f" {period:g}" if len(self.period) > 1 else ""
            yield from (f"{name} sin{suffix}", f"{name} cos{suffix}")


def circle(values: Array, period: float) -> Array:
    """Return sine and cosine of the position in a period; float64, shape (n, 2)."""
    # The remainder first: the quotient of a large value and a short period may be infinite.
    angle = np.mod(np.asarray(values, np.float64), period) / period * (2 * np.pi)
    return np.column_stack([np.sin(angle), np.cos(angle)])
