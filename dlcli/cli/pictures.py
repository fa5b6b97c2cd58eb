"""``dlcli plot`` and ``dlcli board``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def plot(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...",
            help="Runs, as in runs/sonar/2, runs/sonar/latest or runs/sonar.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="A .png, .svg or .pdf to write."),
    ] = Path("curves.png"),
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            metavar="NAME",
            help="Draw this metric, or loss; repeatable. Default: all that the runs share.",
        ),
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="Make the axis of the loss logarithmic.")] = (
        False
    ),
) -> None:
    """Draw the learning curves of one or several runs into one picture.

    \b
    dlcli plot runs/sonar/latest
    dlcli plot runs/sonar/1 runs/sonar/2 -o sonar.svg --metric loss --log
    """
    from dlcli.cli import terminal
    from dlcli.plots.curves import draw_curves, read_curves

    draw_curves(output, read_curves(runs), metrics=metrics or (), log=log)
    terminal.wrote(output, "learning curves")


def board(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Folder of all runs.")] = Path(
        "runs"
    ),
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Of this machine; 0: any free one.")
    ] = 6006,
) -> None:
    """Serve TensorBoard on the runs of a folder, to this machine only; Ctrl-C ends it.

    \b
    dlcli board
    dlcli board experiments --port 6007
    """
    from dlcli.cli import board as server

    server.board(folder, port)
