"""Work that was stopped: what is said of it, and how it goes on."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from dlcli.config import Config


def config_or_run(
    name: str, overrides: list[str], out: Path, kind: str, *, resume: bool
) -> tuple[Config, Path | None]:
    """Return the config, and the run to go on with, if that is asked for."""
    from dlcli import load_config

    if not resume:
        return load_config(name, overrides), None
    from dlcli import resuming
    from dlcli.records import find_run, read_record

    path = resuming.find_unfinished(name, out, kind)
    own = resuming.config_of(path, overrides)
    if read_record(path)["status"] == "finished" and not resuming.asks_for_more(path, own):
        from dlcli.cli import terminal

        terminal.note(f"{path} is finished; nothing to resume")
        raise typer.Exit
    return (own if find_run(Path(name)) else load_config(name, overrides)), path


def note_stop(signum: int, where: str, run: Path | None) -> None:
    """Say that a signal stopped the work, and how it can go on."""
    from dlcli.cli import terminal
    from dlcli.records import read_record

    terminal.note(f"dlcli: stopped by {signal.Signals(signum).name} {where}".rstrip())
    if run is not None:
        kind = read_record(run).get("kind", "train")
        terminal.note(f"go on: dlcli {kind} --resume {shlex.quote(str(run))}")
