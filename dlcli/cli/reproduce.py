"""``dlcli reproduce``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli.options import Json, Quiet


def reproduce(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run directory.", show_default=False)
    ],
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Repeat a run from its directory alone, and tell whether every bit is the same.

    \b
    dlcli reproduce runs/sonar/1
    dlcli reproduce runs/sonar/latest --json
    """
    from dlcli.cli import progress, terminal
    from dlcli.network import backend

    backend.silence()
    from dlcli.experiments import reproduce as reproduction

    display = progress.ProgressDisplay()
    result = reproduction.reproduce(
        run, on_progress=None if quiet else display, download_bar=sys.stderr.isatty()
    )
    display.clear()
    if json:
        terminal.say_json(result.to_json())
    else:
        what = ", ".join(result.compared)
        verdict = f"identical: {what}" if result.is_identical else "the repetition differs"
        terminal.say(f"{result.path}: {verdict}")
        for line in result.differences:
            terminal.say(f"  {line}")
        if result.environment:
            terminal.say("environment:")
            for line in result.environment:
                terminal.say(f"  {line}")
        elif not result.is_identical:
            terminal.say("environment: the same data, versions and settings")
    if not result.is_identical:
        raise typer.Exit(1)
