"""Data sets in memory: features, target, and their meaning."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from dlcli.config.known import Facts, Task
from dlcli.datasets import storage
from dlcli.datasets.dialect import Dialect
from dlcli.errors import DatasetError
from dlcli.types import Array

if TYPE_CHECKING:
    import pandas as pd

ColumnType = Literal["numeric", "categorical", "boolean", "date", "text", "audio"]
MAX_CATEGORIES = 1000
PARTS = ("train", "validation", "test")
# Usual names of the parts, in columns and folders; the values are those of `Dataset.parts`.
PART_WORDS = {
    "train": 0, "training": 0, "validation": 1, "val": 1, "valid": 1, "test": 2, "testing": 2,
}  # fmt: skip


@dataclass(frozen=True)
class Medium:
    """The kind of the samples, so that files of that kind can be predicted.

    Parameters
    ----------
    kind : {"rows", "image", "audio", "series"}
    high : float
        Value of white in images.
    mean : float
        Mean of all values of all images; prediction compares it with that of new images.
    sampling_rate : int
        Of audio, in Hz.
    """

    kind: Literal["rows", "image", "audio", "series"] = "rows"
    high: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 255.0
    mean: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    sampling_rate: Annotated[int, Field(ge=0, le=768_000)] = 0


@dataclass(frozen=True)
class Column:
    """One feature of a table.

    Parameters
    ----------
    name : str
    type : {"numeric", "categorical", "boolean", "date", "text", "audio"}
    position : int
        Position in the file, from 0; used for files without a header.
    format : str
        Of dates: a format of Python's ``strptime``, or ``"excel"``.
    """

    name: str
    type: ColumnType
    position: int
    # Not part of the fingerprint, which is that of the values.
    format: str = field(default="", repr=False)


@dataclass(frozen=True)
class Target:
    """The target of a data set.

    Parameters
    ----------
    name : str
    task : {"classification", "multilabel", "regression"}
        ``"multilabel"``: a row has any number of the labels.
    class_names : tuple of str
        In the order of the codes 0, 1, …, or the names of the labels; empty for regression.
    unit : str
        Of a regression target.
    position : int or None
        Column in the file, from 0; None if the data are not a table, or there are several columns.
    labels : tuple of str
        The texts of the classes in the file, if they differ from `class_names`.
    columns : tuple of str
        Names of the columns, if the target has several.
    positions : tuple of int
        Their positions in the file.
    separator : str
        Between the labels of a row, if they are in one column; empty for lists as JSON has them.
    thresholds : tuple of float
        For each label, the probability above which a row has it; empty: 0.5.
    """

    name: str
    task: Task
    class_names: tuple[str, ...] = ()
    unit: str = ""
    position: int | None = None
    labels: tuple[str, ...] = ()
    # Not part of the fingerprint, which older data sets have without them.
    columns: tuple[str, ...] = field(default=(), repr=False)
    positions: tuple[int, ...] = field(default=(), repr=False)
    separator: str = field(default="", repr=False)
    thresholds: tuple[float, ...] = field(default=(), repr=False)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the labels, or of the numbers, that are predicted side by side."""
        return self.class_names if self.task == "multilabel" else (self.columns or (self.name,))

    @property
    def is_several(self) -> bool:
        """Whether a row has several targets: labels, or numbers."""
        return self.task == "multilabel" or len(self.columns) > 1


@dataclass(frozen=True)
class Dataset:
    """Samples with their target.

    Parameters
    ----------
    name : str
    x : DataFrame or ndarray
        A table, or an array of shape (n, …). Numeric and boolean (0 and 1) columns of a table, and
        dates (seconds since 1970), are float64, NaN where a value is missing. Others are objects:
        texts, None where a category is missing; or float32 arrays of different lengths for audio.
    y : ndarray
        int32 codes of shape (n,) for classes, float64 of shape (n,) for regression; of several
        targets, int32 of 0 and 1, or float64, of shape (n, targets).
    target : Target
    columns : tuple of Column
        The columns of a table in the order of `x`, or one per element of a flattened sample.
    dialect : Dialect
        How a text file with such rows is written.
    parts : ndarray of int8 or None
        Given split, shape (n,): 0 train, 1 validation, 2 test.
    groups : ndarray or None
        Labels, shape (n,); rows with the same label stay in one split.
    files : mapping
        SHA-256 of the files, by path.
    medium : Medium
    sampled : bool
        Whether this is a sample (``--sample``): generated rows, or the first rows of a series.
    notices : tuple of str
        What a user should know about the data.
    lines : sequence of int
        Line of each row in the file, if the rows are those of a text file.
    file_names : sequence of str
        Path of each row within the folder or archive, if each is a file of its own.
    """

    name: str
    x: pd.DataFrame | Array
    y: Array
    target: Target
    columns: tuple[Column, ...] = ()
    dialect: Dialect = field(default_factory=Dialect)
    parts: Array | None = None
    groups: Array | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    medium: Medium = field(default_factory=Medium)
    sampled: bool = False
    notices: tuple[str, ...] = ()
    lines: Sequence[int] | Array = ()
    file_names: Sequence[str] | Array = ()

    def __len__(self) -> int:
        return len(self.y)

    def __repr__(self) -> str:
        shape = f"{len(self.columns)} columns" if self.is_table else f"shape {self.x.shape[1:]}"
        return f"Dataset({self.name!r}, {len(self)} rows, {shape}, target {self.target.name!r})"

    @property
    def is_table(self) -> bool:
        """Whether `x` is a DataFrame."""
        return not isinstance(self.x, np.ndarray)

    @property
    def is_text(self) -> bool:
        """Whether the only feature is raw text."""
        return [column.type for column in self.columns] == ["text"]

    @property
    def facts(self) -> Facts:
        """The properties that configs are checked against."""
        is_number = self.target.task == "regression"
        return Facts(
            self.target.task,
            len(self.target.class_names),
            () if self.is_table else tuple(self.x.shape[1:]),
            self.target.class_names,
            tuple(column.name for column in self.columns) if self.is_table else (),
            rows=len(self),
            official_test=self.parts is not None,
            column_types=tuple(column.type for column in self.columns) if self.is_table else (),
            sampling_rate=self.medium.sampling_rate,
            target_low=float(self.y.min()) if is_number and len(self) else None,
            target_high=float(self.y.max()) if is_number and len(self) else None,
            target_zeros=int(np.count_nonzero(self.y == 0)) if is_number else 0,
            num_outputs=len(self.target.outputs) if self.target.task != "classification" else 1,
        )

    def take(self, rows: Array) -> Dataset:
        """Return a data set with some of the rows.

        Parameters
        ----------
        rows : ndarray of int
        """
        return replace(
            self,
            x=take_rows(self.x, rows),
            y=self.y[rows],
            parts=None if self.parts is None else self.parts[rows],
            groups=None if self.groups is None else self.groups[rows],
            lines=np.asarray(self.lines)[rows] if len(self.lines) else (),
            file_names=np.asarray(self.file_names)[rows] if len(self.file_names) else (),
        )

    @contextmanager
    def with_notices(self) -> Iterator[None]:
        """Add the notices to an error about the data: files left out may be its reason."""
        try:
            yield
        except DatasetError as error:
            error.notices = self.notices
            raise

    def place(self, row: int) -> str:
        """Return file and line of a row; empty if the rows are not those of a text file."""
        if not len(self.lines):
            return ""
        return f"{next(iter(self.files), self.name)}:{self.lines[row]}"

    def fingerprint(self) -> str:
        """Return the SHA-256 of columns, target, values, parts and groups."""
        digest = hashlib.sha256()
        digest.update(repr((self.columns, self.target)).encode())
        digest.update(repr(self.target.columns).encode() if self.target.columns else b"")
        for array in (*self._arrays(), self.parts, self.groups):
            if array is None:
                continue
            digest.update(f"{array.dtype}{array.shape}".encode())
            if array.dtype == object:
                for item in array.tolist():
                    plain = item.tobytes() if isinstance(item, np.ndarray) else str(item).encode()
                    digest.update(plain + b"\0")
            else:
                for block in storage.blocks(array):
                    digest.update(np.ascontiguousarray(block).data)
        return digest.hexdigest()

    def _arrays(self) -> list[Array]:
        if isinstance(self.x, np.ndarray):
            return [self.x, self.y]
        return [*(self.x[name].to_numpy() for name in self.x.columns), self.y]


def take_rows(x: Any, rows: Array) -> Any:
    """Return rows of a DataFrame or an array."""
    return x[rows] if isinstance(x, np.ndarray) else x.iloc[rows].reset_index(drop=True)


def train_test_parts(train: int, test: int) -> Array:
    """Return ``Dataset.parts`` of training rows followed by official test rows."""
    return np.repeat(np.array([0, 2], np.int8), [train, test])


def pixel_columns(shape: tuple[int, ...]) -> tuple[Column, ...]:
    """Return a numeric column for each element of a flattened sample."""
    count = int(np.prod(shape))
    return tuple(Column(f"pixel_{index}", "numeric", index) for index in range(count))
