"""Write true values and predictions of rows as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.config.components import Component
from dlcli.datasets.dataset import Dataset, Target
from dlcli.files import write_csv
from dlcli.preparation.labels import decode_labels, label_probabilities
from dlcli.preparation.targets import (
    Output,
    class_columns,
    decode,
    float_text,
    output_columns,
    output_kind,
    probabilities,
)
from dlcli.types import Array

PREDICTIONS = "predictions.csv"
# The file of a run has at most so many rows, and numbers: about 10 MB.
MAX_ROWS, MAX_NUMBERS = 100_000, 1_000_000


def write_predictions(
    path: Path, dataset: Dataset, rows: Array, outputs: Array, loss: Component
) -> None:
    """Write ``predictions.csv`` of a training: some of the rows, if they are many.

    They are then evenly spaced, so that two runs that were scored on the same rows have the same
    ones in their files.

    Parameters
    ----------
    path : Path
        The run directory.
    dataset : Dataset
    rows : ndarray of int, shape (n,)
        Row numbers, from 0.
    outputs : ndarray, shape (n, units)
    loss : Component
    """
    most = max(1, min(MAX_ROWS, MAX_NUMBERS // outputs.shape[1]))
    if len(rows) > most:
        kept = np.linspace(0, len(rows) - 1, most).astype(np.int64)
        rows, outputs = rows[kept], outputs[kept]
    order = np.argsort(rows, kind="stable")
    rows, outputs = rows[order], outputs[order]
    target, y = dataset.target, dataset.y[rows]
    extra = {}
    if target.task == "regression" and not target.is_several:
        errors = outputs[:, 0].astype(np.float64) - y.reshape(len(y))
        extra["error"] = [float_text(error) for error in errors]
    kind = output_kind(target, loss)
    write_table(path / PREDICTIONS, {"row": rows + 1}, y, outputs, target, kind, extra)


def write_table(
    path: Path,
    first: Mapping[str, Iterable[Any]],
    y: Array,
    outputs: Array,
    target: Target,
    kind: Output,
    last: Mapping[str, Iterable[Any]] = {},
) -> None:
    """Write true values, predictions and probabilities, a line per row.

    Parameters
    ----------
    path : Path
        The file.
    first, last : mapping
        Other columns, before and after.
    y, outputs, target, kind
        As in `write_predictions`.
    """
    names, true, numbers = (
        _several(y, outputs, target, kind)
        if target.is_several
        else _single(y, outputs, target, kind)
    )
    columns = [*first.values(), *true, numbers, *last.values()]
    middle, end = len(first) + len(true), len(last)
    cells = (
        [*row[:middle], *map(float_text, row[middle]), *(row[-end:] if end else ())]
        for row in zip(*columns, strict=True)
    )
    write_csv(path, [*first, *names, *last], cells)


def _single(y: Array, outputs: Array, target: Target, kind: Output) -> Any:
    """Return the names of the columns, those of values, and the floats of each row."""
    if not target.class_names:
        return ["true", "prediction"], [y], outputs[:, :1]
    labels = np.asarray(target.class_names, object)
    names = ["true", "prediction", *class_columns(kind, target.class_names)]
    predicted = labels[decode(outputs, kind)]
    return names, [labels[y], predicted], probabilities(outputs, kind).tolist()


def _several(y: Array, outputs: Array, target: Target, kind: Output) -> Any:
    """Return the same of several targets."""
    names = [f"true_{name}" for name in target.outputs]
    names += output_columns(kind, target.class_names, target)
    if target.task != "multilabel":
        return names, [*y.T], outputs
    labels = decode_labels(outputs, kind, target)
    return names, [*y.T, *labels.T], label_probabilities(outputs, kind)
