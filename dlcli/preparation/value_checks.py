"""Refuse values that are missing, infinite, or too large for float32."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlcli.errors import DatasetError, plural
from dlcli.types import Array


def check_not_infinite(values: Array, names: Sequence[str]) -> None:
    """Refuse infinite values, which no step can scale.

    Parameters
    ----------
    values : ndarray, shape (n, columns)
    names : sequence of str
        Of the columns.

    Raises
    ------
    DatasetError
        With the first column and row.
    """
    if values.dtype.kind == "f" and (infinite := np.isinf(values)).any():
        row, column = _first(infinite)
        raise DatasetError(
            f"column {names[column]!r}: {values[row, column]} is not a finite number",
            hint="correct the value, or leave it empty and use `impute`",
            row=row,
        )


def check_finite(values: Array, names: Sequence[str]) -> None:
    """Refuse outputs that are missing, or too large for float32; as `check_not_infinite`."""
    missing = np.isnan(values)
    if missing.any():
        row, column = _first(missing)
        count = int(missing[:, column].sum())
        verb = "is" if count == 1 else "are"
        raise DatasetError(
            f"column {names[column]!r}: {plural(count, 'value')} {verb} missing",
            hint="fill them in with `preprocess: {columns: "
            f"{{{names[column]}: [impute, standardize]}}}}`",
            row=row,
        )
    check_range(values, names)


def all_finite(values: Array) -> bool:
    """Return whether no value is missing or infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        # The sum is finite only if all values are, and needs no second array.
        return bool(np.isfinite(values.sum())) or bool(np.isfinite(values).all())


def check_range(values: Array, names: Sequence[str]) -> None:
    """Refuse values that became infinite in float32.

    Parameters
    ----------
    values : ndarray of float32, shape (n, columns)
    names : sequence of str
        Of the columns.

    Raises
    ------
    DatasetError
        With the first column and row.
    """
    if (infinite := np.isinf(values)).any():
        row, column = _first(infinite)
        raise DatasetError(
            f"column {names[column]!r} has values too large for the network",
            hint="correct or drop the column, or scale it with `preprocess`",
            row=row,
        )


def _first(marks: Array) -> tuple[int, int]:
    """Return row and column of the first mark in the first column that has one."""
    column = int(np.flatnonzero(marks.any(axis=0))[0])
    return int(np.flatnonzero(marks[:, column])[0]), column
