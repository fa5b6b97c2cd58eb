"""What is in a data set, at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.datasets.dataset import Dataset
from dlcli.datasets.tables.columns import table
from dlcli.datasets.tables.file_table import read_file_table
from dlcli.types import Array

MAX_EXAMPLES = 5


@dataclass(frozen=True)
class ColumnCard:
    """One column.

    Parameters
    ----------
    name, type : str
    missing : int
        Rows without a value.
    distinct : int
        Different values.
    low, mean, high : float or None
        Of numbers.
    examples : tuple of str
        Most frequent texts of a categorical column.
    """

    name: str
    type: str
    missing: int
    distinct: int
    low: float | None = None
    mean: float | None = None
    high: float | None = None
    examples: tuple[str, ...] = ()

    @property
    def constant(self) -> bool:
        """Whether there is at most one value."""
        return self.distinct <= 1


@dataclass(frozen=True)
class Card:
    """A data set.

    Parameters
    ----------
    name : str
    rows : int
    columns : tuple of ColumnCard
        Of a table.
    shape : tuple of int
        Of one sample of an array.
    target : str
        Empty if none is named.
    classes : mapping
        Rows per class.
    duplicates : int
        Rows that repeat an earlier one, target included.
    notices : tuple of str
    """

    name: str
    rows: int
    columns: tuple[ColumnCard, ...] = ()
    shape: tuple[int, ...] = ()
    target: str = ""
    classes: Mapping[str, int] = field(default_factory=dict)
    duplicates: int = 0
    notices: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the card as plain data."""
        return {
            "name": self.name,
            "rows": self.rows,
            "shape": list(self.shape),
            "target": self.target,
            "classes": dict(self.classes),
            "duplicates": self.duplicates,
            "constant": [column.name for column in self.columns if column.constant],
            "columns": [
                {key: value for key, value in vars(column).items() if value not in (None, ())}
                for column in self.columns
            ],
            "notices": list(self.notices),
        }


def describe(dataset: Dataset) -> Card:
    """Describe a data set that is loaded."""
    names = dataset.target.class_names
    counts = np.bincount(dataset.y, minlength=len(names)).tolist() if names else []
    classes = dict(zip(names, counts, strict=True))
    if isinstance(dataset.x, np.ndarray):
        flat = dataset.x.reshape(len(dataset), -1)
        pixels = ColumnCard(
            "all values", "numeric", int(np.isnan(flat.astype(np.float32)).sum()),
            len(np.unique(flat)), float(flat.min()), float(flat.mean()), float(flat.max()),
        )  # fmt: skip
        repeated = len(flat) - len({row.tobytes() for row in flat})
        return Card(
            dataset.name, len(dataset), (pixels,), tuple(dataset.x.shape[1:]), dataset.target.name,
            classes, repeated, dataset.notices,
        )  # fmt: skip
    frame = dataset.x
    types = {column.name: column.type for column in dataset.columns}
    rate = dataset.medium.sampling_rate
    columns = [
        _describe_medium(str(name), frame[name].to_numpy(), rate)
        if types[str(name)] in ("text", "audio")
        else describe_column(str(name), types[str(name)], frame[name].to_numpy())
        for name in frame
    ]
    if not names:
        columns.append(describe_column(dataset.target.name, "target", dataset.y))
    plain = frame.map(lambda v: v.tobytes()) if dataset.medium.kind == "audio" else frame
    repeated = int(plain.assign(**{"\0target": dataset.y}).duplicated().sum())
    return Card(
        dataset.name, len(dataset), tuple(columns), (), dataset.target.name, classes, repeated,
        dataset.notices,
    )  # fmt: skip


def _describe_medium(name: str, values: Array, sampling_rate: int) -> ColumnCard:
    """Describe a column of texts by their words, of recordings by their seconds."""
    if sampling_rate:
        kind, sizes = "audio, in seconds", [len(recording) / sampling_rate for recording in values]
        distinct = len({recording.tobytes() for recording in values})
    else:
        kind, sizes = "text, in words", [len(text.split()) for text in values]
        distinct = len(set(values))
    return ColumnCard(
        name, kind, 0, distinct, min(sizes, default=0), float(np.mean(sizes)), max(sizes, default=0)
    )


def describe_column(name: str, type: str, values: Array) -> ColumnCard:  # noqa: A002
    """Describe one column.

    Parameters
    ----------
    name, type : str
    values : ndarray, shape (n,)
        float64 with NaN, or objects with None, for what is missing.
    """
    if values.dtype == object:
        present = [value for value in values.tolist() if value is not None]
        counted = (
            {text: present.count(text) for text in set(present)} if len(set(present)) < 50 else {}
        )
        frequent = sorted(counted, key=lambda text: (-counted[text], text))[:MAX_EXAMPLES]
        missing = len(values) - len(present)
        return ColumnCard(
            name, type, missing, len(set(present)), examples=tuple(map(str, frequent))
        )
    present_values = values[~np.isnan(values)]
    if not len(present_values):
        return ColumnCard(name, type, len(values), 0)
    return ColumnCard(
        name,
        type,
        len(values) - len(present_values),
        len(np.unique(present_values)),
        float(present_values.min()),
        float(present_values.mean()),
        float(present_values.max()),
    )


def describe_file(path: Path) -> Card:
    """Describe a CSV file whose target nobody has named: every column as it is.

    Raises
    ------
    DatasetError
        If the file cannot be read.
    """
    read = read_file_table(path)
    cards = [
        describe_column(column.name, column.type, read.values[column.name])
        for column in read.columns
    ]
    repeated = int(table(dict(read.values)).duplicated().sum())
    return Card(path.name, len(read), tuple(cards), duplicates=repeated, notices=read.notices)
