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

    They are drawn over the epochs, those of `dlcli learning-curve` over the training rows.

    \b
    dlcli plot runs/sonar/latest
    dlcli plot runs/sonar/1 runs/sonar/2 -o sonar.svg --metric loss --log
    """
    from dlcli.cli import terminal
    from dlcli.cli.names import model_or_run
    from dlcli.plots.curves import draw_curves, read_curves
    from dlcli.plots.learning_curve import are_learning_curves, draw_learning_curves, read_curve

    paths = [model_or_run(run) for run in runs]
    if are_learning_curves(paths):
        draw_learning_curves(output, [read_curve(path) for path in paths])
    else:
        draw_curves(output, read_curves(paths), metrics=metrics or (), log=log)
    terminal.print_picture(output, "learning curves")
