"""Choose and fit preprocessing steps; they are fitted to training rows alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from dlcli.config.sections import PreprocessConfig
from dlcli.config.steps import Hash, OneHot, Ordinal, Pad, Step, Steps, Vectorize
from dlcli.datasets import storage
from dlcli.datasets.dataset import Column, Dataset
from dlcli.errors import DatasetError, did_you_mean, raise_all, rows_counted_from
from dlcli.preparation.preprocessor import Group, Preprocessor, position_names
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps import (
    FittedStep,
    check_category_count,
    default_steps,
    fit_step,
    step_name,
    uses_rows,
)
from dlcli.preparation.target_preprocessing import resolve_target_steps
from dlcli.preparation.value_checks import check_not_infinite, check_range
from dlcli.types import Array

# Column types that are not numeric, and the steps that encode them as numbers.
ENCODERS = {
    "categorical": (OneHot, Ordinal, Hash),
    "text": (Vectorize, Hash),
    "audio": (Pad,),
}
# How a data set gets a column of a type.
TYPE_HINTS = {
    "text": "set `types: {…: text}` in the loader, or use the loader text",
    "date": "name the columns in `dates` of the loader",
}


def resolve(dataset: Dataset, section: PreprocessConfig) -> PreprocessConfig:
    """Fill in the steps that the config leaves open.

    Returns
    -------
    PreprocessConfig
        With steps for every column type; columns with missing values have steps of their own.

    Raises
    ------
    DatasetError
        If the config names a column or a column type that the data set does not have.
    """
    _check_types(dataset, section)
    target = resolve_target_steps(section.target, dataset.target)
    if isinstance(dataset.x, np.ndarray):
        return section.model_copy(update={"numeric": section.numeric or (), "target": target})
    for name in section.columns:
        if name not in dataset.x:
            hint = did_you_mean(name, map(str, dataset.x.columns))
            raise DatasetError(f"preprocess.columns: no column {name!r}. {hint}".rstrip())
    resolved: dict[str, Any] = {"columns": dict(section.columns), "target": target}
    for kind in sorted({column.type for column in dataset.columns}):
        steps = getattr(section, kind)
        resolved[kind] = default_steps(kind, has_missing=False) if steps is None else steps
        if steps is not None:
            continue
        for column in dataset.columns:
            has_missing = column.type == kind and bool(dataset.x[column.name].isna().any())
            if has_missing and column.name not in section.columns:
                resolved["columns"][column.name] = default_steps(kind, has_missing=True)
    section = section.model_copy(update=resolved)
    _check_categories(dataset, section)
    return section


def _check_categories(dataset: Dataset, section: PreprocessConfig) -> None:
    """Refuse columns with too many categories, unless the rare ones share a column."""
    errors = []
    for column in dataset.columns:
        steps = section.columns.get(column.name, section.categorical or ())
        if column.type != "categorical" or any(map(limits_categories, steps)):
            continue
        count = len(set(dataset.x[column.name].tolist()))
        try:
            check_category_count(column.name, count, where=next(iter(dataset.files), dataset.name))
        except DatasetError as error:
            errors.append(error)
    raise_all(errors)


def limits_categories(step: Step) -> bool:
    """Tell whether a step has a limit for the number of categories, or needs none."""
    if isinstance(step, Hash):
        return True
    limits = (step.max_categories, step.min_frequency) if isinstance(step, OneHot) else ()
    return any(limit is not None for limit in limits)


def _check_types(dataset: Dataset, section: PreprocessConfig) -> None:
    """Refuse steps for texts or recordings if the data set has none."""
    types = {column.type for column in dataset.columns} if dataset.is_table else {"numeric"}
    for kind in ("text", "audio", "date"):
        if getattr(section, kind) is not None and kind not in types:
            raise DatasetError(
                f"preprocess.{kind}: {dataset.name} has no column of type {kind}, "
                f"but {', '.join(sorted(types))}",
                hint=TYPE_HINTS.get(kind),
            )


def fit_preprocessor(dataset: Dataset, rows: Array, section: PreprocessConfig) -> Preprocessor:
    """Fit the steps of a config to some rows of a data set.

    Parameters
    ----------
    dataset : Dataset
    rows : ndarray of int
        The training rows; no other row is used.
    section : PreprocessConfig
        As `resolve` returns it.

    Raises
    ------
    DatasetError
        If a step cannot be applied to a column, or a value is infinite. Its ``row`` is a
        position in `rows`.
    """
    if isinstance(dataset.x, np.ndarray):
        return _fit_array(dataset.x, rows, section.numeric or ())
    groups = []
    for columns, steps in column_groups(dataset, section):
        groups.append(_fit_group(columns, partial(_column_blocks, dataset.x, columns, rows), steps))
    return Preprocessor(tuple(groups))


def column_groups(
    dataset: Dataset, section: PreprocessConfig
) -> list[tuple[tuple[str, ...], Steps]]:
    """Return the columns of a table that pass through the same steps together, with the steps.

    Raises
    ------
    DatasetError
        If a step cannot be applied to a column.
    """
    columns_of: dict[tuple[str, Steps], list[str]] = {}
    for column in dataset.columns:
        steps = section.columns.get(column.name, getattr(section, column.type) or ())
        _check_steps(column, steps)
        # Categories are objects, which cannot share an array with numbers; each text or
        # recording column becomes many columns and is a group of its own.
        kind = "categorical" if column.type == "categorical" else ""
        kind = column.name if column.type in ("text", "audio") else kind
        columns_of.setdefault((kind, steps), []).append(column.name)
    return [(tuple(columns), steps) for (_, steps), columns in columns_of.items()]


def _fit_array(x: Array, rows: Array, steps: Steps) -> Preprocessor:
    names = position_names(x.shape[1:])
    sample = rows if any(map(uses_rows, steps)) else rows[:1]
    size = storage.rows_per_block(len(names))

    def blocks() -> Iterator[Array]:
        for start in range(0, len(sample), size):
            values = storage.take(x, sample[start : start + size]).reshape(-1, len(names))
            with rows_counted_from(start), np.errstate(over="ignore"):
                check_not_infinite(values, names)
                values = values.astype(np.float32)
                check_range(values, names)
            yield values

    group = _fit_group(names, blocks, steps)
    for step in group.steps:
        if step.width(len(names)) != len(names):
            raise DatasetError(
                f"preprocess.numeric: {step.name} changes the number of values of a sample, and "
                "arrays keep their shape",
                hint="use scale, standardize, min_max or another step with a result per value",
            )
    return Preprocessor((group,), tuple(x.shape[1:]))


def _column_blocks(x: Any, names: Sequence[str], rows: Array) -> Iterator[Array]:
    """Yield the values of some columns and rows, as many rows at a time as the memory holds."""
    columns = [x[name].to_numpy() for name in names]
    size = storage.rows_per_block(len(names))
    for start in range(0, len(rows), size):
        values = np.column_stack([column[rows[start : start + size]] for column in columns])
        with rows_counted_from(start):
            check_not_infinite(values, names)
        storage.release_all()
        yield values


def _check_steps(column: Column, steps: Steps) -> None:
    for step in steps:
        if column.type not in step.column_types:
            raise DatasetError(
                f"column {column.name!r} is {column.type}; {step_name(step)} does not take it"
            )
    encoders = ENCODERS.get(column.type)
    if encoders is not None and not any(isinstance(step, encoders) for step in steps):
        names = " or ".join(step_name(encoder.model_construct()) for encoder in encoders)
        content = "recordings" if column.type == "audio" else "text"
        raise DatasetError(
            f"column {column.name!r} holds {content}, and no step encodes it as numbers",
            hint=f"use {names}, or leave the column out with `drop: [{column.name}]`",
        )


def _fit_group(names: Sequence[str], blocks: Callable[[], Iterator[Array]], steps: Steps) -> Group:
    """Fit steps to the training rows, which are read once per step, block by block."""
    fitted: list[FittedStep] = []
    step_names = [list(names)]

    def before_step() -> Iterator[Array]:
        for values in blocks():  # a step is fitted to the output of the step before it
            for step, columns in zip(fitted, step_names, strict=False):
                values = step.apply(values, columns, TransformReport())  # noqa: PLW2901
            yield values

    if not steps:
        for _ in blocks():  # which checks the values
            pass
    for step in steps:
        fitted.append(fit_step(step, before_step(), step_names[-1]))
        step_names.append(fitted[-1].names(step_names[-1]))
    return Group(tuple(names), tuple(fitted))
