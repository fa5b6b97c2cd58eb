"""``dlcli export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from dlcli.cli import confinement
from dlcli.cli.code import Code, load_code
from dlcli.cli.names import model_or_run
from dlcli.cli.options import Json, MaxSize, ModelPath


def export(
    model: ModelPath,
    to: Annotated[
        Literal["onnx", "savedmodel", "litert", "openvino", "sklearn", "mlflow", "html"],
        typer.Option("--to", help="Format of the export.", show_default=False),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="File or folder of the export.",
            show_default="the name of the model",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace an existing file or folder.")
    ] = False,
    runtime: Annotated[
        Path | None,
        typer.Option(
            "--runtime",
            metavar="PATH",
            help="For html: onnxruntime-web, as `npm pack onnxruntime-web` writes it, or its "
            "folder.",
        ),
    ] = None,
    code: Code = None,
    max_size: MaxSize = "",
    json: Json = False,
) -> None:
    """Export a model for other programs, and compare the export with `dlcli predict`.

    onnx contains the preprocessing: columns in, names of classes and probabilities, or values, out.
    sklearn is a fitted estimator for joblib.load, mlflow a folder that MLflow loads and serves.
    html is the page of `dlcli serve` as one file that works offline, with the model inside.
    savedmodel, litert and openvino are the network alone, which takes preprocessed rows.

    \b
    dlcli export runs/sonar/latest --to onnx
    dlcli export sonar --to onnx -o model.onnx --force
    dlcli export digits_cnn --to litert -o digits.tflite
    """
    model = model_or_run(model)
    confinement.confine(model)
    from dlcli.cli import terminal
    from dlcli.exports import export as exports

    load_code(code)
    loaded = confinement.load_within_limits(model, "auto", max_size)
    result = exports.export(loaded, to, output, force=force, runtime=runtime)
    terminal.print_notes(result.notices)
    if json:
        from dlcli.cli.documents import ExportDocument

        terminal.print_document(
            ExportDocument(
                model=str(loaded.path),
                output=str(result.path),
                format=result.format,
                rows=result.comparison.rows,
                refused=result.comparison.refused,
                largest_difference=result.comparison.difference,
                notes=list(result.notices),
            )
        )
        return
    terminal.print_text(str(result.comparison))
    terminal.print_text(f"written: {result.path}")
