"""Rows to predict, and the predictions of a block of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dlcli.datasets.tables import objects
from dlcli.prediction.rows import RawBlock
from dlcli.types import Array

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class PredictionBlock:
    """Predictions of some rows.

    Parameters
    ----------
    prediction : ndarray, shape (n,) or (n, targets)
        Class names (text), or values (float64); of several labels 0 and 1.
    probabilities : ndarray of float64, shape (n, classes), or None
        None for regression.
    outputs : ndarray of float32, shape (n, units)
        Outputs of the network; they are not calibrated, and the preprocessing of a target is not
        inverted in them.
    names : sequence of str
        Names of the rows: paths of files, or row numbers of a series; else empty.
    kept : mapping
        Values of the input columns that are kept, by name.
    intervals : ndarray of float64, shape (n, 2 * targets), or None
        Lower and upper ends for each number, if the model is calibrated.
    """

    prediction: Array
    probabilities: Array | None
    outputs: Array
    names: Sequence[str] = ()
    kept: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    intervals: Array | None = None

    def __len__(self) -> int:
        return len(self.prediction)

    @property
    def names_of_classes(self) -> int:
        """Number of columns with names of classes in place of numbers: the first, or none."""
        return int(self.probabilities is not None and self.prediction.ndim == 1)

    def labels(self, names: Sequence[str]) -> Array | None:
        """Return the labels of each row as lists; None if a row has one class, or numbers."""
        if self.probabilities is None or self.prediction.ndim == 1:
            return None
        rows = self.prediction.tolist()
        return objects(
            [[n for n, is_label in zip(names, row, strict=True) if is_label] for row in rows]
        )

    def columns(self) -> list[Array]:
        """Return the columns of `Predictions.outputs`."""
        several = self.prediction.ndim > 1
        predictions = list(self.prediction.T) if several else [self.prediction]
        if self.intervals is not None:
            return [*predictions, *self.intervals.T]
        return predictions if self.probabilities is None else [*predictions, *self.probabilities.T]


@dataclass(frozen=True)
class Source:
    """Rows to predict.

    Parameters
    ----------
    open_blocks : callable
        Starts reading from the first row.
    name_column : str
        Column that names the rows: ``file``, ``row``, or empty.
    once : bool
        Whether the source can be read only once, as standard input.
    """

    open_blocks: Callable[[], Generator[RawBlock]]
    name_column: str = ""
    once: bool = False
