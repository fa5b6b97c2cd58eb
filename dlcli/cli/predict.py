"""``dlcli predict``."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from dlcli.cli import confinement
from dlcli.cli.code import Code, load_code
from dlcli.cli.names import model_or_run
from dlcli.cli.options import Json, MaxSize, ModelPath, PredictionEngine, PredictionOnBadFile
from dlcli.errors import DlcliError, plural

if TYPE_CHECKING:
    from dlcli.cli.documents import Document
    from dlcli.prediction.predictions import Predictions


def predict(
    model: ModelPath,
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT",
            help="A CSV or JSON Lines file, or - for standard input. Models of images, recordings "
            "or text also take image, .wav and .txt files, and folders and tables of them.",
            show_default=False,
        ),
    ] = None,
    texts: Annotated[
        list[str] | None,
        typer.Option("--text", metavar="TEXT", help="A text to predict; repeatable."),
    ] = None,
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", help="File for the predictions; -: standard output."
        ),
    ] = "-",
    format: Annotated[  # noqa: A002
        Literal["csv", "jsonl", "xlsx"] | None,
        typer.Option(
            "--format", help="Format of the predictions. Default: by the file's ending, or csv."
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            "--keep",
            metavar="COLUMNS|all",
            help="Columns of the input to put in front of the predictions, as in id,name; all: all "
            "of them. Repeatable.",
        ),
    ] = None,
    excel: Annotated[
        bool,
        typer.Option(
            "--excel",
            help="Write a CSV that Excel opens: UTF-8 with a byte order mark, decimal sign and "
            "delimiter of the locale, --csv-safe.",
        ),
    ] = False,
    csv_safe: Annotated[
        bool,
        typer.Option(
            "--csv-safe", help="Write texts so that spreadsheets do not run them as formulas."
        ),
    ] = False,
    invert: Annotated[bool, typer.Option("--invert", help="Invert the pixels of images.")] = False,
    on_bad_file: PredictionOnBadFile = "error",
    code: Code = None,
    engine: PredictionEngine = "auto",
    max_size: MaxSize = "",
    json: Json = False,
) -> None:
    """Predict new rows, texts, images or recordings.

    Prints the label and the probability of each class, or the value.

    \b
    dlcli predict runs/sonar/latest input.csv
    dlcli predict model.h5 input.csv -o predictions.csv --keep id
    dlcli predict sonar input.csv -o predictions.xlsx --keep all
    cat rows.jsonl | dlcli predict model.keras - --format jsonl
    dlcli predict runs/mnist_cnn/latest digit.png more/ --invert
    dlcli predict runs/spam_filter/latest --text "You have won a prize!"
    """
    model = model_or_run(model, "predict", inputs or ())
    confinement.confine(model)
    from dlcli.cli import terminal
    from dlcli.cli.excel_file import check_excel
    from dlcli.cli.prediction_files import csv_style, format_of, write_predictions
    from dlcli.models.loading import find_model
    from dlcli.prediction.output import records

    if texts and inputs:
        raise DlcliError("INPUT and --text exclude each other", hint="leave one of them out")
    if not texts and not inputs:
        raise DlcliError("no input", hint="name a file, - for standard input, or use --text")
    file_format = format or format_of(output)
    if file_format == "xlsx":
        check_excel()
        if output == "-":
            raise DlcliError("an Excel file needs a name", hint="-o predictions.xlsx")
    if json and output == "-" and (format or excel):
        hint = "leave out --format and --excel, or name a file with -o"
        raise DlcliError("--json prints the predictions as JSON", hint=hint)
    if excel and file_format != "csv":
        raise DlcliError("--excel is for .csv and .tsv files", hint="leave it out")
    _check_not_read(output, [*map(Path, inputs or ()), find_model(model)])
    load_code(code)
    loaded = confinement.load_within_limits(model, engine, max_size)
    from dlcli.prediction.memory import table_of_texts
    from dlcli.prediction.predict import predict as predict_rows

    source = inputs or table_of_texts(loaded, texts or [])
    columns = _columns(keep or [])
    predictions = predict_rows(loaded, source, invert=invert, on_bad_file=on_bad_file, keep=columns)
    style = csv_style(output, safe=csv_safe, excel=excel)
    rows = None
    if json and output == "-":
        rows = [row for block in predictions for row in records(predictions, block)]
    else:
        write_predictions(predictions, output, file_format, style)
    terminal.print_notes(predictions.notices())
    if output != "-":
        terminal.print_status(f"{plural(predictions.rows, 'row')} predicted: {output}")
    predictions.keep_graph()
    if json:
        terminal.print_document(_document(predictions, output, rows))


def _document(predictions: Predictions, output: str, rows: list[dict[str, Any]] | None) -> Document:
    from dlcli.cli.documents import PredictDocument

    return PredictDocument(
        model=str(predictions.model.path),
        rows=predictions.rows,
        columns=list(rows[0]) if rows else predictions.columns,
        output=None if output == "-" else output,
        predictions=rows,
        notes=list(predictions.notices()),
    )


def _columns(keep: list[str]) -> list[str] | Literal["all"]:
    """Return the names in values of ``--keep``; one with a comma is in double quotes."""
    names = [name for text in keep for name in next(csv.reader([text]), [])]
    return "all" if names == ["all"] else names


def _check_not_read(output: str, inputs: list[Path]) -> None:
    """Refuse to overwrite an input file."""
    if output == "-" or not Path(output).exists():
        return
    if any(path.exists() and path.samefile(output) for path in inputs):
        raise DlcliError(f"{output} is an input; choose another file for the predictions")
