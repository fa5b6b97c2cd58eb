"""``dlcli reproduce``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlcli.cli.code import Code, load_code
from dlcli.cli.options import Data, Json, Quiet

if TYPE_CHECKING:
    from dlcli.experiments.reproduce import Reproduction


def reproduce(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run directory.", show_default=False)
    ],
    data: Data = None,
    code: Code = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Repeat a run and check whether every bit is the same.

    Only the run directory and the data are needed. The exit code is 1 if the results differ.

    \b
    dlcli reproduce runs/sonar/1
    dlcli reproduce runs/sonar/latest --json
    """
    from dlcli.cli import progress, signals, terminal
    from dlcli.cli.epoch_table import EpochTable
    from dlcli.cli.names import model_or_run
    from dlcli.network import backend

    run = model_or_run(run)
    signals.watch()
    backend.silence()
    load_code(code)
    from dlcli.experiments import reproduce as reproduction

    with progress.ProgressDisplay(table=EpochTable(), quiet=quiet) as display:
        result = reproduction.reproduce(
            run,
            data=data,
            on_progress=None if quiet else display,
            download_bar=sys.stderr.isatty(),
        )
    if json:
        from dlcli.cli.documents import ReproduceDocument

        document = ReproduceDocument(
            run=str(result.path),
            identical=result.is_identical,
            compared=list(result.compared),
            differences=list(result.differences),
            environment=list(result.environment),
        )
        terminal.print_document(document)
    else:
        _print_result(result)
    if not result.is_identical:
        raise typer.Exit(1)


def _print_result(result: Reproduction) -> None:
    from dlcli.cli.terminal import print_text

    compared = ", ".join(result.compared)
    verdict = f"identical: {compared}" if result.is_identical else "the repetition differs"
    print_text(f"{result.path}: {verdict}")
    for difference in result.differences:
        print_text(f"  {difference}")
    if result.environment:
        print_text("environment:")
        for difference in result.environment:
            print_text(f"  {difference}")
    elif not result.is_identical:
        print_text("environment: same data, versions and settings")
