"""``dlcli evaluate``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dlcli.cli import confinement
from dlcli.cli.code import Code, load_code
from dlcli.cli.names import model_or_run
from dlcli.cli.options import Data, Json, MaxSize, ModelPath, PredictionEngine, PredictionOnBadFile
from dlcli.errors import plural

if TYPE_CHECKING:
    from dlcli.experiments.evaluate import Evaluation
    from dlcli.experiments.predicted_rows import PredictedRow, Value


def evaluate(
    model: ModelPath,
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="CSV",
            help="Rows with the target column. Default: the test rows of the run.",
            show_default=False,
        ),
    ] = None,
    data: Data = None,
    on: Annotated[
        Literal["train", "validation", "test", "all"] | None,
        typer.Option(
            "--on", help="Rows of the run to score.", show_default="test; without it validation"
        ),
    ] = None,
    on_bad_file: PredictionOnBadFile = "error",
    rows: Annotated[
        int | None,
        typer.Option(
            "--rows",
            min=1,
            metavar="N",
            help="List N of the rows, evenly spaced: true value and prediction.",
            show_default=False,
        ),
    ] = None,
    code: Code = None,
    engine: PredictionEngine = "auto",
    max_size: MaxSize = "",
    json: Json = False,
) -> None:
    """Evaluate a saved model on labelled rows.

    Prints loss and metrics; for classes also precision, recall and the confusion matrix.

    \b
    dlcli evaluate runs/sonar/latest
    dlcli evaluate model.h5 labelled.csv
    dlcli evaluate runs/sonar/1 --data moved/sonar.csv
    dlcli evaluate runs/sonar/1 --rows 10      true value and prediction of ten rows
    dlcli evaluate runs/sonar/1 --on train     does it fit the training rows much better?
    dlcli evaluate runs/sonar/1 --json
    """
    model = model_or_run(model, "evaluate", [source] if source else ())
    confinement.confine(model)
    from dlcli.cli import terminal

    load_code(code)
    loaded = confinement.load_within_limits(model, engine, max_size)
    from dlcli.experiments import evaluate as evaluation

    result = evaluation.evaluate(
        loaded,
        source,
        data=data,
        on=on,
        on_bad_file=on_bad_file,
        download_bar=sys.stderr.isatty(),
    )
    terminal.print_notes(result.notices)
    if json:
        from dlcli.cli.documents import EvaluateDocument, RowPrediction, scores_part

        document = EvaluateDocument(
            model=str(result.model),
            source=result.source,
            scores=scores_part(result.scores),
            predictions=[RowPrediction(**vars(row)) for row in result.rows.some(rows or 0)],
            notes=list(result.notices),
        )
        terminal.print_document(document)
    else:
        _print_result(result)
        if rows:
            _print_rows(result.rows.some(rows))


def _print_result(result: Evaluation) -> None:
    from dlcli.cli.tables import confusion_table, target_tables
    from dlcli.cli.terminal import print_text
    from dlcli.number_text import number

    scores = result.scores
    print_text(f"{result.source}: {plural(scores.rows, 'row')}\n")
    for name, value in scores.metrics.items():
        unit = f" {result.target.unit}" if result.target.unit and name in ("mae", "rmse") else ""
        print_text(f"{name}: {number(value)}{unit}")
    for text in target_tables(scores):
        print_text(f"\n{text}")
    if scores.classes:
        print_text(f"\n{confusion_table(scores)}")


def _print_rows(rows: Sequence[PredictedRow]) -> None:
    from dlcli.cli.tables import table
    from dlcli.cli.terminal import print_text
    from dlcli.number_text import number

    def text(value: Value) -> str:
        if isinstance(value, dict):
            return ", ".join(f"{name} {number(item)}" for name, item in value.items())
        if isinstance(value, list):  # the labels
            return ", ".join(value) or "none"
        return value if isinstance(value, str) else number(value)

    has_shares = any(row.probability is not None for row in rows)
    lines = [["row", "true", "prediction", *(["probability"] if has_shares else []), ""]]
    for row in rows:
        share = [] if not has_shares else [number(row.probability or 0.0)]
        mark = "wrong" if row.right is False else ""
        lines.append([str(row.row), text(row.true), text(row.prediction), *share, mark])
    print_text(f"\n{table(lines, left=3)}")
