"""Read the predictions that a run has written for rows that were held out."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dlcli.errors import DlcliError
from dlcli.experiments.prediction_files import PREDICTIONS
from dlcli.types import Array

OUT_OF_FOLD = "out_of_fold.csv"
MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class ScoredPredictions:
    """True values and predictions.

    Parameters
    ----------
    rows : list
        Row numbers, and the fold of each, if there are folds.
    true, predicted : ndarray, shape (n, targets)
        Numbers, or names of classes.
    shares : ndarray, shape (n, classes), or None
        Probabilities, if one class is predicted.
    classes : tuple of str
        Names of the columns of `shares`.
    """

    rows: list[tuple[str, ...]]
    true: Array
    predicted: Array
    shares: Array | None = None
    classes: tuple[str, ...] = ()

    @property
    def is_numeric(self) -> bool:
        """Whether these are numbers."""
        return bool(self.true.dtype.kind == "f")

    def has_rows_of(self, other: ScoredPredictions) -> bool:
        """Return whether both are of the same rows, with the same true values."""
        return self.rows == other.rows and bool(np.array_equal(self.true, other.true))

    def right(self) -> Array:
        """Return whether each row is predicted correctly, in all its labels."""
        right: Array = (self.true == self.predicted).all(axis=1)
        return right

    def errors(self, power: int) -> Array:
        """Return the absolute or squared error of each row, the mean over its targets."""
        return np.asarray((np.abs(self.true - self.predicted) ** power).mean(axis=1))


def read_predictions(run: Path) -> ScoredPredictions | None:
    """Read ``predictions.csv`` or ``out_of_fold.csv`` of a run; None if it has neither.

    Raises
    ------
    DlcliError
        If the file is damaged.
    """
    path = next((run / n for n in (PREDICTIONS, OUT_OF_FOLD) if (run / n).is_file()), None)
    if path is None:
        return None
    header, table = _read_table(path)
    keys = [at for at, name in enumerate(header) if name in ("row", "fold")]
    true = [at for at, name in enumerate(header) if name == "true" or name.startswith("true_")]
    predicted = [header.index(f"prediction{header[at][4:]}") for at in true
                 if f"prediction{header[at][4:]}" in header]  # fmt: skip
    has_columns = "row" in header and true and len(true) == len(predicted)
    if not table or not has_columns:
        raise DlcliError(f"{path} is damaged: it has no columns 'row', 'true' and 'prediction'")
    # Probabilities stand beside the predictions of classes; without them they are numbers.
    is_number = not any(name.startswith(("p_", "score_")) for name in header)
    rows = [tuple(row[at] for at in keys) for row in table]
    try:
        values, answers = (
            np.array([[row[at] for at in places] for row in table], float if is_number else str)
            for places in (true, predicted)
        )
        names = [name for name in header if name.startswith("p_")] if len(true) == 1 else []
        places = [header.index(name) for name in names]
        shares = np.array([[row[at] for at in places] for row in table], float) if names else None
    except ValueError as error:
        raise DlcliError(f"{path} is damaged: {error}") from None
    classes = tuple(name.removeprefix("p_") for name in names)
    return ScoredPredictions(rows, values, answers, shares, classes)


def _read_table(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows."""
    if path.stat().st_size > MAX_BYTES:
        raise DlcliError(f"{path} is larger than {MAX_BYTES // 1024**2} MB")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            table = [*reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DlcliError(f"{path} is damaged: {error}") from None
    for number, row in enumerate(table, 2):
        if len(row) != len(header):
            problem = f"line {number} has {len(row)} fields, the header {len(header)}"
            raise DlcliError(f"{path} is damaged: {problem}")
    return header, table
