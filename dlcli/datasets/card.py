"""Summaries of data sets: columns, classes, repeated rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.datasets.dataset import PARTS, Dataset
from dlcli.datasets.row_hashes import row_hashes, sample_hashes
from dlcli.datasets.tables import read_file_table
from dlcli.types import Array

MAX_EXAMPLES = 5
# Of a column with as many distinct texts, no text is typical.
MAX_DISTINCT = 50
# Samples that are summarised at a time, and distinct values beyond which none are counted.
BLOCK_ROWS = 512
MAX_EXACT_DISTINCT = 1_000_000


@dataclass(frozen=True)
class ColumnCard:
    """Summary of a column.

    Parameters
    ----------
    name, type : str
    missing : int
        Rows without a value.
    distinct : int
        Number of distinct values.
    low, mean, high : float or None
        Minimum, mean and maximum of numbers.
    examples : tuple of str
        The most frequent texts of a categorical column; the first and the last date.
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
    """Summary of a data set.

    Parameters
    ----------
    name : str
    rows : int
    columns : tuple of ColumnCard
    shape : tuple of int
        Shape of a sample, if these are arrays.
    target : str
        Empty if there is none.
    classes : mapping
        Rows per class.
    duplicates : int
        Rows that repeat an earlier row, target included.
    notices : tuple of str
    parts : mapping
        Rows of the official training, validation and test sets.
    """

    name: str
    rows: int
    columns: tuple[ColumnCard, ...] = ()
    shape: tuple[int, ...] = ()
    target: str = ""
    classes: Mapping[str, int] = field(default_factory=dict)
    duplicates: int = 0
    notices: tuple[str, ...] = ()
    parts: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the card as values that JSON can store."""
        return {
            "name": self.name,
            "rows": self.rows,
            "shape": list(self.shape),
            "target": self.target,
            "classes": dict(self.classes),
            "duplicates": self.duplicates,
            "parts": dict(self.parts),
            "constant": [column.name for column in self.columns if column.constant],
            "columns": [
                {key: value for key, value in vars(column).items() if value not in (None, ())}
                for column in self.columns
            ],
            "notices": list(self.notices),
        }


def describe(dataset: Dataset) -> Card:
    """Summarise a data set."""
    names = dataset.target.class_names
    if dataset.target.task == "multilabel":
        counts = dataset.y.sum(axis=0).tolist()
    else:
        counts = np.bincount(dataset.y, minlength=len(names)).tolist() if names else []
    classes = dict(zip(names, counts, strict=True))
    hashes = sample_hashes(dataset.x, dataset.columns, dataset.y)
    repeated = len(dataset) - len(np.unique(hashes))
    if isinstance(dataset.x, np.ndarray):
        return Card(
            dataset.name, len(dataset), (_describe_arrays(dataset.x),),
            tuple(dataset.x.shape[1:]), dataset.target.name, classes, repeated, dataset.notices,
            _official_parts(dataset),
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
        columns += [
            describe_column(name, "target", dataset.y.reshape(len(dataset), -1)[:, at])
            for at, name in enumerate(dataset.target.outputs)
        ]
    return Card(
        dataset.name, len(dataset), tuple(columns), (), dataset.target.name, classes, repeated,
        dataset.notices, _official_parts(dataset),
    )  # fmt: skip


def _official_parts(dataset: Dataset) -> dict[str, int]:
    if dataset.parts is None:
        return {}
    counts = np.bincount(dataset.parts, minlength=len(PARTS)).tolist()
    return {name: count for name, count in zip(PARTS, counts, strict=True) if count}


def _describe_arrays(x: Array) -> ColumnCard:
    """Summarise all values of samples, by blocks, since they may be larger than the memory."""
    missing, total, low, high = 0, 0.0, np.inf, -np.inf
    distinct = np.empty(0, x.dtype)
    for start in range(0, len(x), BLOCK_ROWS):
        block = np.asarray(x[start : start + BLOCK_ROWS])
        missing += int(np.isnan(block).sum()) if block.dtype.kind == "f" else 0
        total += float(block.sum(dtype=np.float64))
        low, high = min(low, float(block.min())), max(high, float(block.max()))
        if len(distinct) <= MAX_EXACT_DISTINCT:
            distinct = np.unique(np.concatenate([distinct, np.unique(block)]))
    return ColumnCard(
        "all values", "numeric", missing, len(distinct), low, total / max(x.size, 1), high
    )


def _describe_medium(name: str, values: Array, sampling_rate: int) -> ColumnCard:
    """Summarise texts by their numbers of words, recordings by their seconds."""
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
    """Summarise a column.

    Parameters
    ----------
    name, type : str
    values : ndarray, shape (n,)
        float64 with NaN, or objects with None, for missing values.
    """
    if values.dtype == object:
        counts = Counter(values.tolist())
        missing = counts.pop(None, 0)
        frequent: list[Any] = []
        if len(counts) < MAX_DISTINCT:
            frequent = sorted(counts, key=lambda text: (-counts[text], text))[:MAX_EXAMPLES]
        return ColumnCard(name, type, missing, len(counts), examples=tuple(map(str, frequent)))
    present = values[~np.isnan(values)]
    if not len(present):
        return ColumnCard(name, type, len(values), 0)
    if type == "date":
        ends = [str(np.datetime64(int(second), "s")) for second in (present.min(), present.max())]
        missing = len(values) - len(present)
        return ColumnCard(name, type, missing, len(np.unique(present)), examples=tuple(ends))
    return ColumnCard(
        name,
        type,
        len(values) - len(present),
        len(np.unique(present)),
        float(present.min()),
        float(present.mean()),
        float(present.max()),
    )


def describe_file(path: Path) -> Card:
    """Summarise a CSV file without a target.

    Raises
    ------
    DatasetError
        If the file cannot be read.
    """
    table = read_file_table(path)
    cards = [
        describe_column(column.name, column.type, table.values[column.name])
        for column in table.columns
    ]
    repeated = len(table) - len(np.unique(row_hashes(table.values.values(), len(table))))
    return Card(path.name, len(table), tuple(cards), duplicates=repeated, notices=table.notices)
