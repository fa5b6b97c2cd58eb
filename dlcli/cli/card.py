"""``dlcli card``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli import confinement
from dlcli.cli.names import model_or_run
from dlcli.cli.options import Force, MaxSize, RunPath
from dlcli.errors import DlcliError


def card(
    run: RunPath,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The file to write.", show_default="print it"
        ),
    ] = None,
    license_id: Annotated[
        str,
        typer.Option(
            "--license",
            metavar="ID",
            help="The licence of the model for the Hub, e.g. apache-2.0.",
            show_default="none",
        ),
    ] = "",
    force: Force = False,
    max_size: MaxSize = "",
) -> None:
    """Write a model card: what the model is for, its data, training, results and limits.

    The card is Markdown with the front matter of the Hugging Face Hub, and has the facts of the
    run alone.

    \b
    dlcli card runs/iris/1
    dlcli card runs/iris/1 -o README.md --license apache-2.0
    """
    if output is not None and output.exists() and not force:
        raise DlcliError(f"{output} exists", hint="--force replaces it; -o names another file")
    run = model_or_run(run)
    confinement.confine(run)
    from dlcli.cli import terminal
    from dlcli.files import write_text
    from dlcli.reports import card as cards

    path = cards.run_with_model(run)
    text = confinement.open_within_limits(
        path, max_size, lambda _, limits: cards.card(path, license=license_id, limits=limits)
    )
    if output is None:
        terminal.print_text(text)
        return
    write_text(output, text)
    terminal.print_written(output, "a model card")
