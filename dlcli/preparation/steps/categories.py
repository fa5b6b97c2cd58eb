"""Steps for categories: a 0/1 column for each, or its position in sorted order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from dlcli.config.steps import OneHot, Ordinal
from dlcli.errors import DatasetError, plural
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps.base import (
    FittedStep,
    Names,
    check_category_count,
    fitted_step_of,
)
from dlcli.preparation.steps.numbers import is_missing
from dlcli.types import Array

Categories = tuple[str | float | bool, ...]


@dataclass(frozen=True)
class FittedCategories(FittedStep):
    """The categories of each column in sorted order."""

    per_column = ("categories",)
    categories: tuple[Categories, ...]

    @classmethod
    def fit(cls, step: Any, values: Array, names: Names) -> Self:
        fitted = cls.sorted_categories(values, names)
        for name, categories in zip(names, fitted, strict=True):
            check_category_count(name, len(categories))
        return cls(fitted)

    @staticmethod
    def sorted_categories(values: Array, names: Names) -> tuple[Categories, ...]:
        """Return the categories of each column."""
        missing = is_missing(values)
        for index in np.flatnonzero(missing.any(axis=0)).tolist():
            count = int(missing[:, index].sum())
            raise DatasetError(
                f"column {names[index]!r}: {plural(count, 'value')} missing",
                hint="put impute before one_hot or ordinal",
            )
        return tuple(tuple(sorted(set(column.tolist()))) for column in values.T)

    @property
    def known(self) -> tuple[Categories, ...]:
        """The categories of each column in the training rows."""
        return self.categories

    def code_of(self, index: int) -> dict[str | float | bool, int]:
        """Return the code of each category of a column."""
        return {category: code for code, category in enumerate(self.categories[index])}

    def codes(self, values: Array, names: Names, report: TransformReport) -> Array:
        """Return the index of each category, -1 for unseen ones; int64, shape (n, columns)."""
        codes = np.empty(values.shape, np.int64)
        for index in range(len(self.categories)):
            code_of = self.code_of(index)
            column = values[:, index].tolist()
            missing = [row for row, item in enumerate(column) if item is None or item != item]
            if missing:
                raise DatasetError(
                    f"column {names[index]!r}: {plural(len(missing), 'value')} missing, "
                    "and no training row had a missing value",
                    row=missing[0],
                )
            codes[:, index] = [code_of.get(item, -1) for item in column]
            if unseen := int((codes[:, index] < 0).sum()):
                report.unseen[names[index]] += unseen
        return codes


@fitted_step_of(OneHot)
@dataclass(frozen=True)
class FittedOneHot(FittedCategories):
    """One 0/1 column per category; all zeros for a category not seen in training.

    The rare categories of a column share a last one, and those not seen in training join them.
    """

    always_finite = True
    rare: tuple[Categories, ...] = ()

    @classmethod
    def fit(cls, step: OneHot, values: Array, names: Names) -> Self:
        if step.max_categories is None and step.min_frequency is None:
            return super().fit(step, values, names)
        kept, rare = [], []
        for index, categories in enumerate(cls.sorted_categories(values, names)):
            others = _rare_categories(Counter(values[:, index].tolist()), step)
            kept.append(tuple(item for item in categories if item not in others))
            rare.append(tuple(item for item in categories if item in others))
        for name, categories in zip(names, kept, strict=True):
            check_category_count(name, len(categories))
        return cls(tuple(kept), tuple(rare))

    @property
    def known(self) -> tuple[Categories, ...]:
        if not self.rare:
            return self.categories
        return tuple(kept + few for kept, few in zip(self.categories, self.rare, strict=True))

    def code_of(self, index: int) -> dict[str | float | bool, int]:
        shared = len(self.categories[index])
        rare = self.rare[index] if self.rare else ()
        return super().code_of(index) | dict.fromkeys(rare, shared)

    def check(self, columns: int) -> None:
        super().check(columns)
        if self.rare and len(self.rare) != columns:
            raise ValueError(f"{self.name} has {len(self.rare)} rare for {columns} columns")

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        out = np.empty((len(values), self.width(len(names))), np.float64)
        self.write(values, names, report, out)
        return out

    def write(self, values: Array, names: Names, report: TransformReport, out: Array) -> None:
        codes = self.codes(values, names, report)
        out[...] = 0
        start = 0
        for index, width in enumerate(self._widths()):
            if width > len(self.categories[index]):
                codes[codes[:, index] < 0, index] = width - 1
            seen = np.flatnonzero(codes[:, index] >= 0)
            out[seen, start + codes[seen, index]] = 1
            start += width

    def _widths(self) -> list[int]:
        rare = self.rare or [()] * len(self.categories)
        return [len(kept) + bool(few) for kept, few in zip(self.categories, rare, strict=True)]

    def width(self, columns: int) -> int:
        return sum(self._widths())

    def names(self, names: Names) -> list[str]:
        columns = []
        for name, categories, width in zip(names, self.categories, self._widths(), strict=True):
            columns += [f"{name}={category}" for category in categories]
            columns += [f"{name} (rare)"] if width > len(categories) else []
        return columns


def _rare_categories(counts: Counter[str | float | bool], step: OneHot) -> set[str | float | bool]:
    """Return the categories that share a column."""
    least = step.min_frequency or 0
    least = least * counts.total() if isinstance(least, float) else least
    rare = {category for category, count in counts.items() if count < least}
    kept = [
        item for item in sorted(counts, key=lambda item: (-counts[item], item)) if item not in rare
    ]
    most = step.max_categories
    if most is not None and len(kept) + bool(rare) > most:
        rare.update(kept[most - 1 :])
    return rare


@fitted_step_of(Ordinal)
@dataclass(frozen=True)
class FittedOrdinal(FittedCategories):
    """The index of the category in sorted order; -1 for a category not seen in training."""

    always_finite = True

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        return self.codes(values, names, report).astype(np.float64)
