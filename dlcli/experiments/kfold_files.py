"""Write the results of a cross-validation into its run directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dlcli.experiments.prediction_files import write_table
from dlcli.files import write_csv, write_json
from dlcli.plots import results as plots
from dlcli.plots.several import draw_several
from dlcli.preparation.targets import Output

if TYPE_CHECKING:
    from dlcli.experiments.kfold_result import KfoldResult, OutOfFoldPredictions


def write_folds(
    path: Path, result: KfoldResult, out_of_fold: OutOfFoldPredictions, kind: Output
) -> None:
    """Write scores, curves and predictions of the folds, ``metrics.json`` and a picture.

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
    _write_histories(path / "fold_history.csv", out_of_fold.histories)
    write_json(path / "metrics.json", result.to_json())
    target = out_of_fold.dataset.target
    mark = " (sample)" if result.sampled else ""
    title = f"{result.config.name}{mark}, out of fold"
    rows, folds, outputs = out_of_fold.in_order()
    y = out_of_fold.dataset.y[rows]
    first = {"row": rows + 1, "fold": folds}
    write_table(path / "out_of_fold.csv", first, y, outputs, target, kind)
    if target.is_several:
        draw_several(path, y, outputs, result.scores, target, title)
    elif target.task == "classification":
        confusion = result.scores.confusion
        plots.draw_confusion(path / "confusion.png", confusion, target.class_names, title)
    else:
        plots.draw_predicted(path / "predicted.png", y, outputs[:, 0], target, title)


def _write_histories(path: Path, histories: Sequence[Mapping[str, list[float]]]) -> None:
    """Write loss and metrics of each fold and epoch."""
    names = list(dict.fromkeys(name for history in histories for name in history))
    if not names:
        return
    rows = (
        [fold, epoch, *values]
        for fold, history in enumerate(histories, 1)
        for epoch, values in enumerate(zip(*(history[name] for name in names), strict=True), 1)
    )
    write_csv(path, ["fold", "epoch", *names], rows)
