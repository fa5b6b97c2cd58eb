"""Preprocessing: fitted on training rows only, kept as plain data, applied alike everywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcli.config.sections import PreprocessConfig
from dlcli.config.steps import OneHot, Ordinal, Pad, Steps, Vectorize
from dlcli.datasets.dataset import Column, Dataset
from dlcli.errors import DatasetError, ModelFileError, did_you_mean, first_line
from dlcli.events import Events
from dlcli.steps import (
    FittedStep,
    default_steps,
    fit_step,
    step_from_json,
    step_name,
    step_to_json,
)
from dlcli.steps.base import MOST
from dlcli.steps.numbers import FittedCategories
from dlcli.steps.words import FittedVectorize

Array = np.ndarray[Any, Any]

# Types that are no numbers, and the steps that make them numbers.
MAKES_NUMBERS = {
    "categorical": (OneHot, Ordinal),
    "text": (Vectorize,),
    "audio": (Pad,),
}


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

    def transform(self, x: Mapping[str, Any] | Any, events: Events) -> Array:
        """Apply the steps to named columns; float32, shape (n, width), nothing missing."""
        values = np.column_stack([np.asarray(x[name]) for name in self.columns])
        names = list(self.columns)
        for number, step in enumerate(self.steps, 1):
            values = step.apply(values, names, events)
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

    def transform(self, x: Mapping[str, Any] | Any, events: Events | None = None) -> Array:
        """Apply the steps.

        Parameters
        ----------
        x : DataFrame, mapping of arrays, or ndarray
            Named columns of shape (n,), or an array of shape (n, …).
        events : Events, optional
            Where unseen categories and filled gaps are counted.

        Returns
        -------
        ndarray of float32, shape (n, …)

        Raises
        ------
        DatasetError
            If a value is missing and no step fills it in.
        """
        events = Events() if events is None else events
        if self.shape:
            return self._transform_array(np.asarray(x), events)
        parts = [group.transform(x, events) for group in self.groups]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def _transform_array(self, x: Array, events: Events) -> Array:
        values = x.reshape(len(x), -1).astype(np.float32)
        for step in self.groups[0].steps:
            values = step.apply(values, self.groups[0].columns, events)
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
            positions = _positions(shape) if shape else ()
            groups = []
            for group in document["groups"]:
                columns = tuple(map(str, group["columns"]))
                steps = tuple(map(step_from_json, group["steps"]))
                groups.append(Group(columns or positions, steps))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            reason = first_line(error)
            raise ModelFileError(f"the stored preprocessing is damaged: {reason}") from None
        return cls(tuple(groups), shape)


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
        )
    return inputs


def _positions(shape: tuple[int, ...]) -> tuple[str, ...]:
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
    )


def resolve(dataset: Dataset, section: PreprocessConfig) -> PreprocessConfig:
    """Fill in the steps that a config leaves to the data.

    Returns
    -------
    PreprocessConfig
        With steps for every type of column; a column with gaps has its own.

    Raises
    ------
    DatasetError
        If the config names a column that is not there.
    """
    _check_types(dataset, section)
    if isinstance(dataset.x, np.ndarray):
        return section.model_copy(update={"numeric": section.numeric or ()})
    for name in section.columns:
        if name not in dataset.x:
            hint = did_you_mean(name, map(str, dataset.x.columns))
            raise DatasetError(f"preprocess.columns: no column {name!r}. {hint}".rstrip())
    chosen: dict[str, Any] = {"columns": dict(section.columns)}
    for kind in sorted({column.type for column in dataset.columns}):
        steps = getattr(section, kind)
        chosen[kind] = default_steps(kind, gaps=False) if steps is None else steps
        if steps is not None:
            continue
        for column in dataset.columns:
            has_gaps = column.type == kind and bool(dataset.x[column.name].isna().any())
            if has_gaps and column.name not in section.columns:
                chosen["columns"][column.name] = default_steps(kind, gaps=True)
    return section.model_copy(update=chosen)


def _check_types(dataset: Dataset, section: PreprocessConfig) -> None:
    """Refuse steps of texts or recordings where there are none."""
    types = {column.type for column in dataset.columns} if dataset.is_table else {"numeric"}
    for kind in ("text", "audio"):
        if getattr(section, kind) is not None and kind not in types:
            found = ", ".join(sorted(types))
            raise DatasetError(
                f"preprocess.{kind}: {dataset.name} has no column of that type, but {found}",
                hint="set `types: {…: text}` in the loader, or use the loader text"
                if kind == "text"
                else None,
            )


def fit_preprocessor(dataset: Dataset, rows: Array, section: PreprocessConfig) -> Preprocessor:
    """Fit the steps of a config on some rows of a data set, and on no others.

    Parameters
    ----------
    dataset : Dataset
    rows : ndarray of int
        The training rows.
    section : PreprocessConfig
        As `resolve` returns it.

    Raises
    ------
    DatasetError
        If a step does not fit a column.
    """
    if isinstance(dataset.x, np.ndarray):
        steps = section.numeric or ()
        values = dataset.x[rows].reshape(len(rows), -1).astype(np.float32)
        names = _positions(dataset.x.shape[1:])
        return Preprocessor((_fit_group(names, values, steps),), tuple(dataset.x.shape[1:]))
    by_steps: dict[tuple[str, Steps], list[str]] = {}
    for column in dataset.columns:
        steps = section.columns.get(column.name, getattr(section, column.type) or ())
        _check_steps(column, steps)
        alone = column.name if column.type in ("text", "audio") else ""
        kind = "categorical" if column.type == "categorical" else alone
        by_steps.setdefault((kind, steps), []).append(column.name)
    groups = []
    for (_, steps), grouped in by_steps.items():
        values = np.column_stack([dataset.x[name].to_numpy()[rows] for name in grouped])
        groups.append(_fit_group(grouped, values, steps))
    return Preprocessor(tuple(groups))


def _check_steps(column: Column, steps: Steps) -> None:
    for step in steps:
        if column.type not in step.takes:
            raise DatasetError(
                f"column {column.name!r} is {column.type}; {step_name(step)} does not take it"
            )
    wanted = MAKES_NUMBERS.get(column.type)
    if wanted is not None and not any(isinstance(step, wanted) for step in steps):
        names = " or ".join(step_name(step.model_construct()) for step in wanted)
        what = "recordings" if column.type == "audio" else "text"
        raise DatasetError(
            f"column {column.name!r} holds {what} and no step makes it a number",
            hint=f"use {names}, or leave the column out with `drop: [{column.name}]`",
        )


def _fit_group(names: Sequence[str], values: Array, steps: Steps) -> Group:
    fitted: list[FittedStep] = []
    out = list(names)
    for step in steps:
        if fitted:  # what the next step learns from is what the one before it makes
            values = fitted[-1].apply(values, out, Events())
            out = fitted[-1].names(out)
        fitted.append(fit_step(step, values, out))
    return Group(tuple(names), tuple(fitted))
