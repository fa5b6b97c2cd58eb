"""``dlcli plot``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def plot(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN",
            help="Run directories, e.g. runs/sonar/2 or runs/sonar/latest; sonar is the latest.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The .png, .svg or .pdf file to write."
        ),
    ] = Path("curves.png"),
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            metavar="NAME",
            help="Metric to plot, or loss; repeatable. Default: all that the runs share.",
        ),
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="Use a logarithmic axis for the loss.")] = (
        False
    ),
) -> None:
    """Plot the learning curves of one or more runs.

    \b
    dlcli plot runs/sonar/latest
    dlcli plot runs/sonar/1 runs/sonar/2 -o sonar.svg --metric loss --log
    """
    from dlcli.cli import terminal
    from dlcli.cli.names import model_or_run
    from dlcli.plots.curves import draw_curves, read_curves

    draw_curves(
        output, read_curves([model_or_run(run) for run in runs]), metrics=metrics or (), log=log
    )
    terminal.print_written(output, "learning curves")
