"""``dlcli report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from dlcli.cli import confinement
from dlcli.cli.code import Code, load_code
from dlcli.cli.names import model_or_run
from dlcli.cli.options import Data, Force, MaxSize, RunPath
from dlcli.errors import DlcliError


def report(
    run: RunPath,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The .html file to write.")
    ] = Path("report.html"),
    lang: Annotated[
        Literal["en", "ko"], typer.Option("--lang", help="Language of the report.")
    ] = "en",
    data: Data = None,
    baselines: Annotated[
        bool | None,
        typer.Option(
            "--baselines/--no-baselines",
            help="Fit simpler models on the same rows.",
            show_default="for tables and texts that are not large",
        ),
    ] = None,
    importance: Annotated[
        bool | None,
        typer.Option(
            "--importance/--no-importance",
            help="Compute how much the model needs each column.",
            show_default="for tables",
        ),
    ] = None,
    code: Code = None,
    force: Force = False,
    max_size: MaxSize = "",
) -> None:
    """Write a report on a run: one HTML file, readable by someone who was not there.

    It has the data, the split, the config, the learning curves, the results with the rows that are
    most wrong, simpler models, and the command that repeats the run. It needs no network.

    \b
    dlcli report runs/iris/1
    dlcli report iris -o iris.html --force
    dlcli report runs/sonar/1 --lang ko
    """
    if output.exists() and not force:
        raise DlcliError(f"{output} exists", hint="--force replaces it; -o names another file")
    if output.suffix.lower() not in (".html", ".htm"):
        raise DlcliError(f"{output}: a report is written as .html", hint="change the name")
    run = model_or_run(run)
    confinement.confine(run)
    from dlcli.cli import terminal
    from dlcli.files import write_text
    from dlcli.reports import report as reports

    load_code(code)
    part = reports.model_of_run(run)
    model = None if part is None else confinement.load_within_limits(part, "auto", max_size)
    text = reports.report(
        run,
        data=data,
        lang=lang,
        baselines=baselines,
        importance=importance,
        model=model,
        on_status=lambda line: terminal.print_status(f"dlcli: {line}"),
    )
    write_text(output, text)
    terminal.print_written(output, "a report")
