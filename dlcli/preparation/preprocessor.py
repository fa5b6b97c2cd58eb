"""Fitted preprocessing: kept as plain data, applied alike everywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcli.errors import DatasetError, ModelFileError, first_line
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps import FittedStep, step_from_json, step_to_json
from dlcli.preparation.steps.base import MOST
from dlcli.preparation.steps.numbers import FittedCategories
from dlcli.preparation.steps.words import FittedVectorize
from dlcli.types import Array


@dataclass(frozen=True)
class Group:
    """Columns that go through the same steps together."""

    columns: tuple[str, ...]
    steps: tuple[FittedStep, ...]

    @property
    def width(self) -> int:
        """Columns that come out."""
        width = len(self.columns)
        for step in self.steps:
            width = step.width(width)
        return width

    @property
    def feature_names(self) -> list[str]:
        """Names of the columns that come out."""
        names = list(self.columns)
        for step in self.steps:
            names = step.names(names)
        return names

    def transform(self, x: Mapping[str, Any] | Any, report: TransformReport) -> Array:
        """Apply the steps to named columns; float32, shape (n, width), nothing missing."""
        values = np.column_stack([np.asarray(x[name]) for name in self.columns])
        names = list(self.columns)
        for number, step in enumerate(self.steps, 1):
            values = step.apply(values, names, report)
            if number < len(self.steps):  # a recording has more names than are worth making
                names = step.names(names)
        return _inputs(values, self)


@dataclass(frozen=True)
class Preprocessor:
    """Fitted preprocessing of a table or an array.

    Parameters
    ----------
    groups : tuple of Group
        Their outputs stand side by side in this order.
    shape : tuple of int
        Of one sample of an array; ``()`` for tables.
    """

    groups: tuple[Group, ...]
    shape: tuple[int, ...] = ()

    @property
    def feature_names(self) -> list[str]:
        """Names of the columns that come out."""
        return [name for group in self.groups for name in group.feature_names]

    @property
    def categories(self) -> set[str]:
        """Every text that a categorical column had in the training rows."""
        steps = [step for group in self.groups for step in group.steps]
        columns = [c for s in steps if isinstance(s, FittedCategories) for c in s.categories]
        return {item for column in columns for item in column if isinstance(item, str)}

    @property
    def is_coded(self) -> bool:
        """Whether numbers of words come out, which an Embedding takes."""
        steps = [step for group in self.groups for step in group.steps]
        return any(isinstance(s, FittedVectorize) and s.output_mode == "int" for s in steps)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample that comes out."""
        return self.shape or (sum(group.width for group in self.groups),)

    def transform(self, x: Mapping[str, Any] | Any, report: TransformReport | None = None) -> Array:
        """Apply the steps.

        Parameters
        ----------
        x : DataFrame, mapping of arrays, or ndarray
            Named columns of shape (n,), or an array of shape (n, …).
        report : TransformReport, optional
            Where unseen categories and filled gaps are counted.

        Returns
        -------
        ndarray of float32, shape (n, …)

        Raises
        ------
        DatasetError
            If a value is missing and no step fills it in.
        """
        report = TransformReport() if report is None else report
        if self.shape:
            return self._transform_array(np.asarray(x), report)
        parts = [group.transform(x, report) for group in self.groups]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def _transform_array(self, x: Array, report: TransformReport) -> Array:
        values = x.reshape(len(x), -1).astype(np.float32)
        for step in self.groups[0].steps:
            values = step.apply(values, self.groups[0].columns, report)
        if np.isnan(values).any():
            raise DatasetError("the array holds values that are not numbers")
        return values.astype(np.float32, copy=False).reshape(len(x), *self.shape)

    def to_json(self) -> dict[str, Any]:
        """Return the fitted state as plain data."""
        groups = [
            {
                "columns": list(group.columns) if not self.shape else [],
                "steps": [step_to_json(step) for step in group.steps],
            }
            for group in self.groups
        ]
        return {"shape": list(self.shape), "groups": groups}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Preprocessor:
        """Rebuild from plain data.

        Raises
        ------
        ModelFileError
            If the data are not what `to_json` writes.
        """
        try:
            shape = tuple(int(size) for size in document["shape"])
            positions = position_names(shape) if shape else ()
            groups = []
            for group in document["groups"]:
                columns = tuple(map(str, group["columns"]))
                steps = tuple(map(step_from_json, group["steps"]))
                groups.append(Group(columns or positions, steps))
                _check_steps(groups[-1])
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            reason = first_line(error)
            raise ModelFileError(f"the stored preprocessing is damaged: {reason}") from None
        return cls(tuple(groups), shape)


def _check_steps(group: Group) -> None:
    """Raise ValueError if a step does not go with what the one before it gives."""
    width = len(group.columns)
    for step in group.steps:
        step.check(width)
        width = step.width(width)
        if width > MOST:
            raise ValueError(f"{width:,} columns")


def _inputs(values: Array, group: Group) -> Array:
    """Return what the network takes: float32, and finite."""
    gaps = np.isnan(values)
    if gaps.any():
        raise _missing_values(gaps, group.feature_names)
    with np.errstate(over="ignore"):
        inputs = values.astype(np.float32)
    if not np.isfinite(inputs).all():
        column = int(np.flatnonzero(~np.isfinite(inputs).all(axis=0))[0])
        raise DatasetError(
            f"column {group.feature_names[column]!r} has values too large for the network",
            hint="mend or drop the column, or scale it with `preprocess`",
            row=int(np.flatnonzero(~np.isfinite(inputs[:, column]))[0]),
        )
    return inputs


def position_names(shape: tuple[int, ...]) -> tuple[str, ...]:
    """Name the flattened positions of an array."""
    if math.prod(shape) > MOST:
        raise ValueError(f"a sample of {math.prod(shape)} values")
    return tuple(f"pixel_{index}" for index in range(int(np.prod(shape))))


def _missing_values(gaps: Array, names: Sequence[str]) -> DatasetError:
    column = int(np.flatnonzero(gaps.any(axis=0))[0])
    count = int(gaps[:, column].sum())
    name = names[column]
    verb = "value is" if count == 1 else "values are"
    return DatasetError(
        f"column {name!r}: {count} {verb} missing",
        hint=f"fill them in with `preprocess: {{columns: {{{name}: [impute, standardize]}}}}`",
        row=int(np.flatnonzero(gaps[:, column])[0]),
    )
