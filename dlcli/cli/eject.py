"""``dlcli eject``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlcli.cli.code import Code, load_code
from dlcli.cli.options import Json, Overrides, complete_config

if TYPE_CHECKING:
    from dlcli.eject import Ejected


def eject(
    config: Annotated[
        str,
        typer.Argument(
            metavar="CONFIG|RUN",
            help="A YAML file, the name of a config (see `dlcli list`), or a run directory.",
            autocompletion=complete_config,
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The script.",
            show_default="the name of the config with .py or .ipynb",
        ),
    ] = None,
    kfold: Annotated[
        bool,
        typer.Option(
            "--kfold", help="Write a cross-validation, with the folds of `dlcli kfold`."
        ),
    ] = False,
    notebook: Annotated[
        bool,
        typer.Option(
            "--notebook", help="Write a Jupyter notebook; so does an output that ends in .ipynb."
        ),
    ] = False,
    proof: Annotated[
        bool,
        typer.Option(
            "--proof/--no-proof",
            help="Run the script, and compare its rows and weights with those of dlcli.",
        ),
    ] = True,
    proof_epochs: Annotated[
        int | None,
        typer.Option(
            "--proof-epochs", min=1, metavar="N",
            help="Largest number of epochs of the two trainings that are compared.",
            show_default="those of the config",
        ),
    ] = None,
    overrides: Overrides = None,
    code: Code = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    json: Json = False,
) -> None:  # fmt: skip
    """Write a config as a plain script of Keras, pandas and scikit-learn, without dlcli.

    The script is run once, in a process of its own, and its split, its preprocessed rows and its
    weights are compared with those of dlcli. The exit code is 1 if they differ.

    \b
    dlcli eject sonar -o train.py
    dlcli eject runs/sonar/latest -o train.py
    dlcli eject sonar --kfold -o folds.py
    dlcli eject my.yaml --notebook --proof-epochs 1
    """
    from dlcli.cli import signals, terminal
    from dlcli.network import backend

    signals.watch()
    backend.silence()
    load_code(code)
    from dlcli.eject import eject as write

    if proof and not json:
        terminal.print_status("comparing the script with dlcli: both are trained …")
    result = write(
        config,
        output,
        overrides=overrides or (),
        kfold=kfold,
        notebook=notebook or (output is not None and output.suffix.lower() == ".ipynb"),
        proof=proof,
        proof_epochs=proof_epochs,
        force=force,
        download_bar=sys.stderr.isatty(),
    )
    if json:
        from dlcli.cli.documents import EjectDocument

        terminal.print_document(EjectDocument.model_validate(result.to_json()))
    else:
        _print_result(result)
    if result.comparisons and not result.is_proven:
        raise typer.Exit(1)


def _print_result(result: Ejected) -> None:
    from dlcli.cli import terminal

    terminal.print_notes(result.notes)
    for copy in result.copies:
        terminal.print_status(f"dlcli: copied the data beside the script: {copy}")
    for comparison in result.comparisons:
        terminal.print_text(f"  {comparison}")
    if result.comparisons and not result.is_proven:
        terminal.print_text("the script differs from dlcli")
    how = "proven to train as dlcli does" if result.is_proven else "not compared with dlcli"
    if not result.comparisons or result.is_proven:
        terminal.print_written(result.path, f"a plain script, {how}")
    else:
        terminal.print_written(result.path, "a plain script")
