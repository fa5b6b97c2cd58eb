"""A fitted preprocessor: plain data that transforms training and prediction rows alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dlcli.datasets.storage import aligned_empty
from dlcli.errors import ModelFileError, first_line
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps import (
    MAX_VALUES,
    FittedCategories,
    FittedStep,
    FittedVectorize,
    step_from_json,
    step_to_json,
)
from dlcli.preparation.value_checks import all_finite, check_finite, check_not_infinite
from dlcli.types import Array


@dataclass(frozen=True)
class Group:
    """Columns that pass through the same steps together."""

    columns: tuple[str, ...]
    steps: tuple[FittedStep, ...]

    @property
    def width(self) -> int:
        """Number of output columns."""
        width = len(self.columns)
        for step in self.steps:
            width = step.width(width)
        return width

    @property
    def feature_names(self) -> list[str]:
        """Names of the output columns."""
        names = list(self.columns)
        for step in self.steps:
            names = step.names(names)
        return names

    def transform(
        self, x: Mapping[str, Any] | Any, report: TransformReport, out: Array | None = None
    ) -> Array:
        """Apply the steps to named columns.

        Parameters
        ----------
        x : DataFrame or mapping of arrays
        report : TransformReport
        out : ndarray of float32, shape (n, width), optional
            Where the result is written; default: a new array.

        Returns
        -------
        ndarray of float32, shape (n, width)
            All values are finite.
        """
        values = np.column_stack([np.asarray(x[name]) for name in self.columns])
        check_not_infinite(values, self.columns)
        if out is None:
            out = np.empty((len(values), self.width), np.float32)
        names = list(self.columns)
        for step in self.steps[:-1]:
            values = step.apply(values, names, report)
            names = step.names(names)
        with np.errstate(over="ignore"):
            if self.steps:
                self.steps[-1].write(values, names, report, out)
            else:
                out[...] = values
        if not (self.steps and self.steps[-1].always_finite) and not all_finite(out):
            check_finite(out, self.feature_names)
        return out


@dataclass(frozen=True)
class Preprocessor:
    """Fitted preprocessing of a table or an array.

    Parameters
    ----------
    groups : tuple of Group
        Their outputs are concatenated in this order.
    shape : tuple of int
        Shape of one sample of an array; ``()`` for tables.
    """

    groups: tuple[Group, ...]
    shape: tuple[int, ...] = ()

    @property
    def feature_names(self) -> list[str]:
        """Names of the output columns."""
        return [name for group in self.groups for name in group.feature_names]

    @cached_property
    def categories(self) -> dict[str, set[str]]:
        """The texts that each categorical column has in the training rows."""
        found: dict[str, set[str]] = {}
        for group in self.groups:
            for step in group.steps:
                if isinstance(step, FittedCategories) and len(step.known) == len(group.columns):
                    for name, items in zip(group.columns, step.known, strict=True):
                        texts = {item for item in items if isinstance(item, str)}
                        found.setdefault(name, set()).update(texts)
        return found

    @property
    def keeps_order(self) -> bool:
        """Whether the output rises, or falls, with each value of an array."""
        return bool(self.shape) and all(s.keeps_order for g in self.groups for s in g.steps)

    @property
    def is_coded(self) -> bool:
        """Whether the outputs contain word indices, the input of an Embedding."""
        steps = [step for group in self.groups for step in group.steps]
        return any(isinstance(s, FittedVectorize) and s.output_mode == "int" for s in steps)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one preprocessed sample, which is the input shape of the network."""
        return self.shape or (sum(group.width for group in self.groups),)

    def transform(self, x: Mapping[str, Any] | Any, report: TransformReport | None = None) -> Array:
        """Apply the steps.

        Parameters
        ----------
        x : DataFrame, mapping of arrays, or ndarray
            Named columns of shape (n,), or an array of shape (n, …).
        report : TransformReport, optional
            Where unseen categories and imputed values are counted.

        Returns
        -------
        ndarray of float32, shape (n, …)
            All values are finite.

        Raises
        ------
        DatasetError
            If a value is infinite, too large for float32, or missing where no step imputes it;
            its ``row`` is the first such row.
        """
        report = TransformReport() if report is None else report
        if self.shape:
            return self._transform_array(np.asarray(x), report)
        widths = [group.width for group in self.groups]
        # All groups write into one array: results are often much larger than the columns.
        out = np.empty((len(x[self.groups[0].columns[0]]), sum(widths)), np.float32)
        start = 0
        for group, width in zip(self.groups, widths, strict=True):
            group.transform(x, report, out[:, start : start + width])
            start += width
        return out

    def _transform_array(self, x: Array, report: TransformReport) -> Array:
        (group,) = self.groups
        rows = x.reshape(len(x), -1)
        values = aligned_empty(rows.shape, np.float32)
        with np.errstate(over="ignore"):
            if group.steps:
                values = group.steps[0].apply_to_array(rows, group.columns, report, values)
            else:
                np.copyto(values, rows, casting="unsafe")
        for step in group.steps[1:]:
            values = step.apply(values, group.columns, report)
        if not all_finite(values):
            check_not_infinite(rows, group.columns)
            check_finite(values, group.feature_names)
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
            If `to_json` cannot have returned them.
        """
        try:
            shape = tuple(int(size) for size in document["shape"])
            positions = position_names(shape) if shape else ()
            groups = []
            for group in document["groups"]:
                columns = tuple(map(str, group["columns"]))
                steps = tuple(map(step_from_json, group["steps"]))
                groups.append(Group(columns or positions, steps))
                _check_widths(groups[-1], keeps_width=bool(shape))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            reason = first_line(error)
            raise ModelFileError(f"the stored preprocessing is damaged: {reason}") from None
        return cls(tuple(groups), shape)


def _check_widths(group: Group, *, keeps_width: bool) -> None:
    """Raise ValueError if a step does not fit the number of columns before it."""
    width = len(group.columns)
    for step in group.steps:
        step.check(width)
        width = step.width(width)
        if width > MAX_VALUES:
            raise ValueError(f"{width:,} columns")
    if keeps_width and width != len(group.columns):
        raise ValueError(f"{width:,} values instead of {len(group.columns):,}")


def position_names(shape: tuple[int, ...]) -> tuple[str, ...]:
    """Name the flattened positions of an array."""
    if math.prod(shape) > MAX_VALUES:
        raise ValueError(f"a sample of {math.prod(shape)} values")
    return tuple(f"pixel_{index}" for index in range(int(np.prod(shape))))
