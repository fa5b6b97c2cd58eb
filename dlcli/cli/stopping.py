"""Work that was stopped: what is said of it, and how it goes on."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from dlcli.errors import AlreadyFinished
from dlcli.runs.records import find_run, read_record

if TYPE_CHECKING:
    from dlcli.config import Config


def config_or_run(
    name: str, overrides: list[str], out: Path, kind: str, *, resume: bool
) -> tuple[Config, Path | None]:
    """Return the config, and the run to go on with, if that is asked for."""
    from dlcli import load_config

    if not resume:
        return load_config(name, overrides), None
    from dlcli.experiments import resume as resuming

    path = resuming.find_unfinished(name, out, kind)
    if find_run(Path(name)) is None:
        return load_config(name, overrides), path
    if not overrides and read_record(path)["status"] == "finished":
        raise AlreadyFinished(f"{path} is finished; nothing to resume")
    return resuming.config_of(path, overrides), path


def note_stop(signum: int, where: str, run: Path | None) -> None:
    """Say that a signal stopped the work, and how it can go on."""
    from dlcli.cli import terminal

    terminal.note(f"dlcli: stopped by {signal.Signals(signum).name} {where}".rstrip())
    if run is not None:
        kind = read_record(run).get("kind", "train")
        terminal.note(f"go on: dlcli {kind} --resume {shlex.quote(str(run))}")
