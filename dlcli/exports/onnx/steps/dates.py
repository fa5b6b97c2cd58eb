"""The graph of date_parts: dates are seconds since 1970, as `predict` computes with them."""

from __future__ import annotations

import numpy as np

from dlcli.exports.onnx.functions import floor, isnan, where
from dlcli.exports.onnx.steps.numbers import circle
from dlcli.exports.onnx.steps.registry import graph_of
from dlcli.exports.onnx.tensors import Graph, Tensor
from dlcli.preparation.steps import PERIODS, FittedDateParts

DAY = 86_400.0


@graph_of(FittedDateParts)
def date_parts(graph: Graph, step: FittedDateParts, values: Tensor) -> Tensor:
    """Build the graph of date_parts."""
    columns = []
    for index, (parts, start) in enumerate(zip(step.parts, step.start, strict=True)):
        column = values.column(index)
        missing = isnan(column)
        seconds = where(missing, start, column)
        for part in parts:
            numbers = where(missing, np.nan, _part(part, seconds, start))
            if step.cyclic and part in PERIODS:
                columns.append(circle(numbers, float(PERIODS[part])).reshape(0, -1))
            else:
                columns.append(numbers)
    return graph.concat(columns)


def _part(part: str, seconds: Tensor, start: float) -> Tensor:
    """Return a part of dates, as ``PARTS`` of `dlcli.preparation.steps.dates` does."""
    days = floor(seconds / DAY)
    if part == "elapsed":
        return (seconds - start) / DAY
    if part == "weekday":
        return _rest(days + 3.0, 7)
    if part in ("hour", "minute"):
        size, length = (3600.0, 24) if part == "hour" else (60.0, 60)
        return _rest(floor(seconds / size), length)
    return _calendar(days)[part]


def _rest(values: Tensor, size: int) -> Tensor:
    """Return the remainder of whole numbers, which is not negative."""
    return values - floor(values / float(size)) * float(size)


def _calendar(days: Tensor) -> dict[str, Tensor]:
    """Return year, month and day of days since 1970.

    Notes
    -----
    Source: Hinnant (2013), "chrono-Compatible Low-Level Date Algorithms", civil_from_days; a year
    starts in March there.
    """
    days = days + 719_468.0
    era = floor(days / 146_097.0)
    day_of_era = days - era * 146_097.0
    year_of_era = floor(
        (
            day_of_era
            - floor(day_of_era / 1_460.0)
            + floor(day_of_era / 36_524.0)
            - floor(day_of_era / 146_096.0)
        )
        / 365.0
    )
    leap_days = floor(year_of_era / 4.0) - floor(year_of_era / 100.0)
    day_of_year = day_of_era - (year_of_era * 365.0 + leap_days)
    month = floor((day_of_year * 5.0 + 2.0) / 153.0)
    day = day_of_year - floor((month * 153.0 + 2.0) / 5.0) + 1.0
    year = year_of_era + era * 400.0
    return {
        "day": day,
        "month": where(month < 10.0, month + 3.0, month - 9.0),
        "year": where(month < 10.0, year, year + 1.0),
    }
