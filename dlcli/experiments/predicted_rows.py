"""True values of rows beside what a model predicts for them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dlcli.datasets.dataset import Target
from dlcli.preparation.labels import decode_labels
from dlcli.preparation.targets import Output, decode, probabilities
from dlcli.types import Array

Value = str | float | list[str] | dict[str, float]


@dataclass(frozen=True)
class PredictedRow:
    """One row.

    Parameters
    ----------
    row : int
        Number of the row, from 1.
    true, prediction : str, float, list or dict
        Name of the class, a number, the labels, or the values of several targets by their names.
    probability : float or None
        Of the predicted class, if the outputs are probabilities.
    right : bool or None
        Whether the class, or all labels, are right; None for numbers.
    """

    row: int
    true: Value
    prediction: Value
    probability: float | None = None
    right: bool | None = None


@dataclass(frozen=True)
class PredictedRows:
    """The rows that were scored.

    Parameters
    ----------
    numbers : ndarray of int, shape (n,)
        Numbers of the rows, from 1.
    y : ndarray
    outputs : ndarray of float32, shape (n, units)
        Calibrated, and numbers in the unit of the target.
    target : Target
    kind : {"value", "probability", "logit", "score"}
    """

    numbers: Array = field(repr=False)
    y: Array = field(repr=False)
    outputs: Array = field(repr=False)
    target: Target
    kind: Output

    def some(self, count: int) -> list[PredictedRow]:
        """Return some of the rows, evenly spaced, since data are often sorted by class."""
        count = min(count, len(self.y))
        places = np.linspace(0, len(self.y) - 1, count).astype(np.int64)
        y, outputs, target = self.y[places], self.outputs[places], self.target
        numbers = self.numbers[places].tolist()
        if target.task == "multilabel":
            labels = decode_labels(outputs, self.kind, target)
            return [
                PredictedRow(number, true, predicted, right=true == predicted)
                for number, true, predicted in zip(
                    numbers, _names(y, target), _names(labels, target), strict=True
                )
            ]
        if target.is_several:
            return [
                PredictedRow(number, _by_name(true, target), _by_name(predicted, target))
                for number, true, predicted in zip(
                    numbers, y.tolist(), outputs.tolist(), strict=True
                )
            ]
        if not target.class_names:
            pairs = zip(numbers, y.tolist(), outputs[:, 0].tolist(), strict=True)
            return [PredictedRow(number, true, predicted) for number, true, predicted in pairs]
        codes, names = decode(outputs, self.kind), target.class_names
        shares: list[float | None] = [None] * len(codes)
        if self.kind in ("probability", "logit"):
            shares = probabilities(outputs, self.kind)[np.arange(len(codes)), codes].tolist()
        return [
            PredictedRow(number, names[true], names[code], share, true == code)
            for number, true, code, share in zip(
                numbers, y.tolist(), codes.tolist(), shares, strict=True
            )
        ]


def _names(rows: Array, target: Target) -> list[list[str]]:
    """Return the labels of each row of 0 and 1."""
    return [
        [name for name, is_label in zip(target.outputs, row, strict=True) if is_label]
        for row in rows.tolist()
    ]


def _by_name(values: list[float], target: Target) -> dict[str, float]:
    return dict(zip(target.outputs, map(float, values), strict=True))
