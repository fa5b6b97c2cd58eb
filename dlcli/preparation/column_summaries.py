"""Ranges and typical values of columns in the training rows, kept in model files for forms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from dlcli.datasets.dataset import Column, Dataset
from dlcli.types import Array

# A form with more columns would help nobody.
MAX_COLUMNS = 1_000
MAX_ROWS = 1_000_000
MAX_LENGTH = 1_000
# A text that only one row has may be about one person.
MIN_ROWS = 2

Number = float | None


class ColumnSummary(BaseModel):
    """Range and typical value of a column in the training rows."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True)

    name: str
    low: Number = Field(default=None, description="Smallest number; dates: seconds since 1970.")
    median: Number = Field(default=None, description="A value of the column; booleans: 0 or 1.")
    high: Number = Field(default=None, description="Largest number.")
    integers: bool = Field(default=False, description="Whether all numbers are integers.")
    most_frequent: str | None = Field(default=None, description="Text of a categorical column.")


def summarize_columns(dataset: Dataset, rows: Array) -> tuple[ColumnSummary, ...]:
    """Summarize the columns of a table.

    Parameters
    ----------
    dataset : Dataset
    rows : ndarray of int
        Training rows. Of more than a million, medians and most frequent texts are those of
        every second, third, … row.

    Returns
    -------
    tuple of ColumnSummary
        Empty for arrays and for tables of more than 1,000 columns. Columns of free text and of
        audio have only their names.
    """
    columns, x = dataset.columns, dataset.x
    if isinstance(x, np.ndarray) or len(columns) > MAX_COLUMNS:
        return ()
    return tuple(_summary(column, x[column.name].to_numpy()[rows]) for column in columns)


def _summary(column: Column, values: Array) -> ColumnSummary:
    name, step = column.name, 1 + len(values) // MAX_ROWS
    if column.type == "categorical":
        return ColumnSummary(name=name, most_frequent=_most_frequent(values[::step]))
    if column.type in ("text", "audio"):
        return ColumnSummary(name=name)
    numbers = values[np.isfinite(values)]
    if not len(numbers):
        return ColumnSummary(name=name)
    # A value of the column, also if their number is even: 3.5 legs look wrong in a form.
    median = np.quantile(numbers[::step], 0.5, method="lower")
    return ColumnSummary(
        name=name,
        low=float(numbers.min()),
        median=float(median),
        high=float(numbers.max()),
        integers=bool((numbers == np.floor(numbers)).all()),
    )


def _most_frequent(values: Array) -> str | None:
    """Return the most frequent text; of several, the first in alphabetical order."""
    import pandas as pd

    counts: Any = pd.Series(values).value_counts()
    if not len(counts) or counts.iloc[0] < MIN_ROWS:
        return None
    text = min(str(value) for value in counts.index[counts == counts.iloc[0]])
    return text if len(text) <= MAX_LENGTH else None


def summary_problems(
    summaries: Sequence[ColumnSummary], columns: Sequence[Column]
) -> Iterator[str]:
    """Yield problems that summaries written by dlcli never have."""
    names = [summary.name for summary in summaries]
    if len(names) > MAX_COLUMNS:
        yield f"summaries of more than {MAX_COLUMNS:,} columns"
    elif names and names != [column.name for column in columns]:
        yield "summaries of other columns than those of the model"
    for summary in summaries[:MAX_COLUMNS]:
        numbers = [summary.low, summary.median, summary.high]
        present = [number for number in numbers if number is not None]
        if len(present) not in (0, 3) or not all(map(math.isfinite, present)):
            yield f"a range of column {summary.name[:40]!r} that is none"
        elif present != sorted(present):
            yield f"a median of column {summary.name[:40]!r} outside its range"
        if len(summary.most_frequent or "") > MAX_LENGTH:
            yield f"a text of more than {MAX_LENGTH:,} characters"
