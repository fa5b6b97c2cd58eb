"""Preprocessing fitted on training rows, and on no others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcli.config.sections import PreprocessConfig
from dlcli.config.steps import OneHot, Ordinal, Pad, Steps, Vectorize
from dlcli.datasets.dataset import Column, Dataset
from dlcli.errors import DatasetError, did_you_mean
from dlcli.preparation.preprocessor import Group, Preprocessor, position_names
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps import (
    FittedStep,
    default_steps,
    fit_step,
    learns,
    step_name,
)
from dlcli.types import Array

# Types that are no numbers, and the steps that make them numbers.
MAKES_NUMBERS = {
    "categorical": (OneHot, Ordinal),
    "text": (Vectorize,),
    "audio": (Pad,),
}


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
        used = rows if any(map(learns, steps)) else rows[:1]
        values = dataset.x[used].reshape(len(used), -1).astype(np.float32)
        names = position_names(dataset.x.shape[1:])
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
            values = fitted[-1].apply(values, out, TransformReport())
            out = fitted[-1].names(out)
        fitted.append(fit_step(step, values, out))
    return Group(tuple(names), tuple(fitted))
