"""Write the results of a cross-validation into its run directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dlcli.files import write_csv, write_json
from dlcli.plots import results as plots
from dlcli.plots.several import draw_several
from dlcli.preparation.labels import decode_labels, label_probabilities
from dlcli.preparation.targets import (
    Output,
    class_columns,
    decode,
    float_text,
    output_columns,
    probabilities,
)

if TYPE_CHECKING:
    from dlcli.experiments.kfold_result import KfoldResult, OutOfFoldPredictions


def write_folds(
    path: Path, result: KfoldResult, out_of_fold: OutOfFoldPredictions, kind: Output
) -> None:
    """Write ``folds.csv``, ``out_of_fold.csv``, ``metrics.json`` and a picture.

    Parameters
    ----------
    path : Path
        The run directory.
    result : KfoldResult
    out_of_fold : OutOfFoldPredictions
    kind : {"value", "probability", "logit", "score"}
        Of the network's outputs.
    """
    names = list(result.summaries)
    write_csv(
        path / "folds.csv",
        ["fold", "rows", "epochs", "seconds", *names],
        (
            [f.fold, f.rows, f.epochs, round(f.seconds, 3), *(f.metrics[name] for name in names)]
            for f in result.folds
        ),
    )
    _write_out_of_fold(path / "out_of_fold.csv", out_of_fold, kind)
    write_json(path / "metrics.json", result.to_json())
    target = out_of_fold.dataset.target
    mark = " (sample)" if result.sampled else ""
    title = f"{result.config.name}{mark}, out of fold"
    rows, _, outputs = out_of_fold.in_order()
    y = out_of_fold.dataset.y[rows]
    if target.is_several:
        draw_several(path, y, outputs, result.scores, target, title)
    elif target.task == "classification":
        confusion = result.scores.confusion
        plots.draw_confusion(path / "confusion.png", confusion, target.class_names, title)
    else:
        plots.draw_predicted(path / "predicted.png", y, outputs[:, 0], target, title)


def _write_out_of_fold(path: Path, out_of_fold: OutOfFoldPredictions, kind: Output) -> None:
    """Write the out-of-fold prediction of each row, in the order of the data."""
    rows, folds, outputs = out_of_fold.in_order()
    target = out_of_fold.dataset.target
    names = target.class_names
    true = out_of_fold.dataset.y[rows]
    if target.is_several:
        _write_several(path, out_of_fold, kind)
        return
    header = ["row", "fold", "true", "prediction", *class_columns(kind, names)]
    if names:
        labels = np.asarray(names, object)
        true, predicted = labels[true], labels[decode(outputs, kind)]
        shares = probabilities(outputs, kind).tolist()
    else:
        predicted = np.array([float_text(value) for value in outputs[:, 0]], object)
        shares = [[]] * len(rows)
    columns = zip(rows + 1, folds, true, predicted, shares, strict=True)
    write_csv(path, header, ([*cells, *map(float_text, row)] for *cells, row in columns))


def _write_several(path: Path, out_of_fold: OutOfFoldPredictions, kind: Output) -> None:
    """Write true values and predictions of several targets."""
    rows, folds, outputs = out_of_fold.in_order()
    target = out_of_fold.dataset.target
    true = out_of_fold.dataset.y[rows]
    columns = [f"true_{name}" for name in target.outputs]
    columns += output_columns(kind, target.class_names, target)
    if target.task == "multilabel":
        values = [true, decode_labels(outputs, kind, target)]
        numbers = label_probabilities(outputs, kind)
    else:
        values, numbers = [true], outputs
    cells = (
        [*row, *map(float_text, floats)]
        for *row, floats in zip(
            rows + 1,
            folds,
            *(column for block in values for column in block.T),
            numbers,
            strict=True,
        )
    )
    write_csv(path, ["row", "fold", *columns], cells)
