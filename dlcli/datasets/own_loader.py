"""Data that a function of one's own returns: arrays, or a table."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.config.base import composed
from dlcli.config.known import Task
from dlcli.config.own_loaders import OwnLoader
from dlcli.config.split_section import SplitConfig
from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.dataset import Dataset
from dlcli.datasets.media import dataset_of_arrays
from dlcli.datasets.tables import dataset_of_table, date_columns, table_of_frame
from dlcli.errors import DatasetError, DlcliError, first_line, plural
from dlcli.types import Array

RETURNS = "the arrays (x, y) or (x_train, y_train, x_test, y_test), or a DataFrame"


def load_own(
    loader: OwnLoader, name: str, split: SplitConfig, implied_task: Task | None
) -> Dataset:
    """Call a loader of one's own.

    Parameters
    ----------
    loader : OwnLoader
    name : str
        Name of the data set.
    split : SplitConfig
        Its ``column`` and ``group`` are for tables.
    implied_task : {"classification", "regression"}, optional
        What the loss and the last layer of the config are for.

    Raises
    ------
    DatasetError
        If the function fails, with the line in it, or returns something else.
    """
    returned = _call(loader, name)
    if hasattr(returned, "columns") and hasattr(returned, "to_csv"):
        return _from_frame(loader, returned, name, split, implied_task)
    if loader.target is not None:
        raise DatasetError(f"loader {name}: it returns no table; remove `target`")
    if split.column is not None or split.group is not None:
        raise DatasetError(f"loader {name}: split.column and split.group are for tables")
    if not isinstance(returned, tuple | list) or len(returned) not in (2, 4):
        count = f" of {len(returned)}" if isinstance(returned, tuple | list) else ""
        raise DatasetError(
            f"loader {name} returns a {type(returned).__name__}{count}; expected {RETURNS}"
        )
    try:
        arrays = [np.asarray(item) for item in returned]
    except ValueError:
        raise DatasetError(f"loader {name} returns rows of different lengths") from None
    _check_labels(returned[1::2], name)
    return dataset_of_arrays(name, [*_with_texts(arrays)], [], loader)


def _call(loader: OwnLoader, name: str) -> Any:
    function = type(loader).function
    try:
        return function(**loader.arguments())
    except DlcliError:
        raise
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        file = function.__code__.co_filename
        line = next((frame.lineno for frame in reversed(frames) if frame.filename == file), None)
        place = f"{Path(file).name}:{line}: " if line else ""
        message = f"{place}{type(error).__name__}: {first_line(error)}"
        raise DatasetError(f"loader {name}: {message}") from error


def _check_labels(labels: Sequence[Any], name: str) -> None:
    """Refuse labels that are None or NaN, which would be classes of these names as texts."""
    import pandas as pd

    for y in labels:
        # NumPy makes a text of NaN in a list of texts.
        missing = np.asarray(pd.isna(y if hasattr(y, "dtype") else np.asarray(y, object)))
        rows = np.flatnonzero(missing.any(axis=tuple(range(1, missing.ndim))))
        if len(rows):
            verb = "is" if len(rows) == 1 else "are"
            count = f"{plural(len(rows), 'label')} {verb} missing"
            raise DatasetError(
                f"loader {name}: {count} (row {rows[0] + 1})", hint="leave out rows without a label"
            )


def _with_texts(arrays: Sequence[Array]) -> Sequence[Array]:
    """Return arrays whose labels are of one type of text, if they are texts."""
    labels = arrays[1::2]
    if any(y.dtype.kind in "OUS" for y in labels):
        labels = [y.astype(str) for y in labels]
    return [item for pair in zip(arrays[::2], labels, strict=True) for item in pair]


def _from_frame(
    loader: OwnLoader, frame: Any, name: str, split: SplitConfig, implied_task: Task | None
) -> Dataset:
    if loader.target is None:
        names = ", ".join(map(str, list(frame.columns)[:10]))
        raise DatasetError(
            f"loader {name}: which column is the target? There are {names}",
            hint="set `target` in the config, beside the arguments of the loader",
        )
    if not len(frame):
        raise DatasetError(f"loader {name} returns a table without rows")
    aside = [column for column in (split.column, split.group) if column is not None]
    options = CsvLoader(
        path=name, target=loader.target, task=loader.task, unit=loader.unit,
        class_names=loader.class_names,
    )  # fmt: skip
    others = {*options.targets, *aside}
    dates = {column: "" for column in date_columns(frame) if column not in others}
    options = options.model_copy(update={"dates": dates})
    wanted = {composed(column) for column in others}
    try:
        table = table_of_frame(frame, options, f"loader {name}", wanted)
        return dataset_of_table(table, options, name, split, {}, implied_task=implied_task)
    except DatasetError as error:
        # The hint names an option of the csv loader, which this one does not have.
        if "in the loader" not in (error.hint or ""):
            raise
        raise DatasetError(str(error), hint="correct the table in the function") from None
