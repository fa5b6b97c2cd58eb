"""``dlcli evaluate``, ``dlcli predict`` and ``dlcli runs``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from dlcli.cli.options import Json, MaxSize, ModelPath, Network
from dlcli.errors import DlcliError
from dlcli.models import guard


def evaluate(
    model: ModelPath,
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[CSV]",
            help="Rows with the target column; without it, the rows that the run held out.",
            show_default=False,
        ),
    ] = None,
    engine: Network = "auto",
    max_size: MaxSize = "",
    json: Json = False,
) -> None:
    """Score a saved model: loss, metrics, and what is confused with what.

    \b
    dlcli evaluate runs/sonar/latest
    dlcli evaluate model.h5 labelled.csv
    dlcli evaluate runs/sonar/1 --json
    """
    guard.confine(model)
    from dlcli.cli import tables, terminal
    from dlcli.models.limits import limits_of
    from dlcli.models.loading import find_model, load_model
    from dlcli.network import backend

    limits, size = limits_of(max_size), find_model(model).stat().st_size
    guard.limit(size)
    backend.silence()
    with guard.deadline(size):
        loaded = load_model(model, engine, limits)
    from dlcli.experiments import evaluate as evaluation

    result = evaluation.evaluate(loaded, source, download_bar=sys.stderr.isatty())
    terminal.notes(result.notices)
    if json:
        terminal.say_json(result.to_json())
        return
    terminal.say(f"{result.source}: {result.scores.rows} rows\n")
    unit = f" {result.target.unit}" if result.target.unit else ""
    for name, value in result.scores.metrics.items():
        in_unit = unit if name in ("mae", "rmse") else ""
        terminal.say(f"{name}: {terminal.number(value)}{in_unit}")
    if result.scores.classes:
        terminal.say(f"\n{tables.class_table(result.scores)}")
        terminal.say(f"\n{tables.confusion_table(result.scores)}")


def predict(
    model: ModelPath,
    source: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT...",
            help="A CSV or JSON Lines file, or - for standard input; for models of pictures, sound "
            "or text also PNG, JPEG, WAV and .txt files, and folders of them.",
            show_default=False,
        ),
    ] = None,
    text: Annotated[
        list[str] | None,
        typer.Option("--text", metavar="TEXT", help="A text to predict instead; repeatable."),
    ] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where to; - is standard output.")
    ] = "-",
    format: Annotated[  # noqa: A002
        Literal["csv", "jsonl"] | None,
        typer.Option("--format", help="Of the output; default: by its ending, else csv."),
    ] = None,
    csv_safe: Annotated[
        bool,
        typer.Option("--csv-safe", help="Keep spreadsheets from running a label as a formula."),
    ] = False,
    invert: Annotated[
        bool, typer.Option("--invert", help="Turn pictures into their negatives first.")
    ] = False,
    engine: Network = "auto",
    max_size: MaxSize = "",
) -> None:
    """Predict raw rows: the label by name and a probability per class, or the value.

    \b
    dlcli predict runs/sonar/latest input.csv
    dlcli predict model.h5 input.csv -o predictions.csv
    cat rows.jsonl | dlcli predict model.keras - --format jsonl
    dlcli predict runs/mnist_cnn/latest digit.png more/ --invert
    dlcli predict runs/spam_filter/latest --text "You have won a prize!"
    """
    guard.confine(model)
    from dlcli.cli import terminal
    from dlcli.cli.output import csv_writer, destination, format_of, json_writer
    from dlcli.models.limits import limits_of
    from dlcli.models.loading import find_model, load_model
    from dlcli.network import backend

    if bool(text) == bool(source):
        raise DlcliError("name either an INPUT or texts with --text")
    limits, size = limits_of(max_size), find_model(model).stat().st_size
    file_format = format or format_of(output)
    guard.limit(size)
    backend.silence()
    from dlcli.prediction import predict as prediction

    if output != "-" and Path(output).exists():
        for kept in (*map(Path, source or ()), find_model(model)):
            if kept.exists() and kept.samefile(output):
                raise DlcliError(f"{output} is read here; name another file for the predictions")
    with guard.deadline(size):
        loaded = load_model(model, engine, limits)
    wanted = source or prediction.table_of_texts(loaded, text or [])
    predictions = prediction.predict(loaded, wanted, invert=invert)
    blocks = iter(predictions)
    first = next(blocks, None)  # what is wrong with the input shows before anything is written
    with destination(output) as file:
        write = (
            csv_writer(predictions, file, safe=csv_safe)
            if file_format == "csv"
            else json_writer(predictions, file)
        )
        if first is not None:
            write(first)
        for block in blocks:
            write(block)
        file.flush()
    terminal.notes(predictions.notices())
    if output != "-":
        rows = f"{predictions.rows} row{'s' * (predictions.rows != 1)}"
        terminal.note(f"{rows} predicted: {output}")
    predictions.keep_graph()


def list_runs(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Folder of all runs.")] = Path(
        "runs"
    ),
    json: Json = False,
) -> None:
    """List the runs: status, seconds, and how good the model is.

    \b
    dlcli runs
    dlcli runs experiments --json
    """
    from dlcli.cli import tables, terminal
    from dlcli.runs.listing import read_runs

    runs = read_runs(folder)
    if json:
        terminal.say_json([run.to_json() for run in runs])
        return
    if not runs:
        terminal.note(f"no runs in {folder}")
        return
    rows = [["run", "kind", "status", "started", "seconds", "metric"]]
    rows += [
        [
            str(run.path),
            run.kind,
            run.status,
            run.started,
            terminal.number(run.seconds),
            run.headline,
        ]
        for run in runs
    ]
    terminal.say(tables.table(rows, left=4))
