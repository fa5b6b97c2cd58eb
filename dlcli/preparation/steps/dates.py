"""Dates as numbers: their parts, and the time since the first of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np

from dlcli.config.steps import DATE_PARTS, DatePart, DateParts
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps.base import FittedStep, Names, fitted_step_of
from dlcli.preparation.steps.terms import circle
from dlcli.types import Array

DAY = 86_400.0
# Lengths of the periods of parts that start again.
PERIODS: dict[str, int] = {"month": 12, "day": 31, "weekday": 7, "hour": 24, "minute": 60}


@fitted_step_of(DateParts)
@dataclass(frozen=True)
class FittedDateParts(FittedStep):
    """The parts of each column that vary in the training rows, and its first date in seconds."""

    per_column = ("parts", "start")
    parts: tuple[tuple[DatePart, ...], ...]
    start: tuple[float, ...]
    cyclic: bool = False

    @classmethod
    def fit(cls, step: DateParts, values: Array, names: Names) -> Self:
        parts: list[tuple[DatePart, ...]] = []
        for column in values.T:
            present = column[~np.isnan(column)]
            varying = (
                part for part in DATE_PARTS if len(present) and np.ptp(PARTS[part](present, 0.0))
            )
            parts.append(step.parts or tuple(varying) or ("year",))
        start = np.where(np.isnan(values), np.inf, values).min(axis=0)
        start = np.where(np.isfinite(start), start, 0.0)
        return cls(tuple(parts), tuple(start.tolist()), step.cyclic)

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        out = np.empty((len(values), self.width(len(names))))
        at = 0
        for column, parts, start in zip(values.T, self.parts, self.start, strict=True):
            missing = np.isnan(column)
            seconds = np.where(missing, start, column)
            for part in parts:
                numbers = np.where(missing, np.nan, PARTS[part](seconds, start))
                columns = numbers[:, None]
                if self._is_circle(part):
                    columns = circle(numbers, PERIODS[part])
                out[:, at : at + columns.shape[1]] = columns
                at += columns.shape[1]
        return out

    def _is_circle(self, part: DatePart) -> bool:
        return self.cyclic and part in PERIODS

    def width(self, columns: int) -> int:
        return sum(1 + self._is_circle(part) for parts in self.parts for part in parts)

    def names(self, names: Names) -> list[str]:
        return [
            f"{name} {part}{suffix}"
            for name, parts in zip(names, self.parts, strict=True)
            for part in parts
            for suffix in ((" sin", " cos") if self._is_circle(part) else ("",))
        ]


def _dates(seconds: Array) -> Array:
    return np.floor(seconds / DAY).astype(np.int64).astype("datetime64[D]")


def _month(seconds: Array) -> Array:
    return _dates(seconds).astype("datetime64[M]").astype(np.int64) % 12 + 1


def _day(seconds: Array) -> Array:
    dates = _dates(seconds)
    first = dates.astype("datetime64[M]").astype("datetime64[D]")
    return np.asarray((dates - first).astype(np.int64) + 1)


PARTS: dict[str, Callable[[Array, float], Array]] = {
    "year": lambda seconds, _: _dates(seconds).astype("datetime64[Y]").astype(np.int64) + 1970,
    "month": lambda seconds, _: _month(seconds),
    "day": lambda seconds, _: _day(seconds),
    "weekday": lambda seconds, _: (np.floor(seconds / DAY) + 3) % 7,  # Monday is 0
    "hour": lambda seconds, _: np.floor(seconds / 3600) % 24,
    "minute": lambda seconds, _: np.floor(seconds / 60) % 60,
    "elapsed": lambda seconds, start: (seconds - start) / DAY,
}
