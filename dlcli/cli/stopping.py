"""Work that was stopped: what is said of it, and how it goes on."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from dlcli.errors import AlreadyFinished

if TYPE_CHECKING:
    from dlcli.config import Config
    from dlcli.runs.records import Kind


def config_or_run(
    name: str, overrides: list[str], out: Path, kind: Kind, *, resume: bool
) -> tuple[Config, Path | None]:
    """Return the config, and the run to go on with, if that is asked for."""
    from dlcli import load_config

    if not resume:
        return load_config(name, overrides), None
    from dlcli.experiments import resume as resuming
    from dlcli.runs.listing import find_run
    from dlcli.runs.records import read_record

    path = resuming.find_unfinished(name, out, kind)
    if find_run(Path(name)) is None:
        return load_config(name, overrides), path
    if not overrides and read_record(path).status == "finished":
        raise AlreadyFinished(f"{path} is finished; nothing to resume")
    return resuming.run_config(path, overrides), path


def note_stop(signum: int, where: str, run: Path | None) -> None:
    """Say that a signal stopped the work, and how it can go on."""
    from dlcli.cli import terminal

    terminal.note(f"dlcli: stopped by {signal.Signals(signum).name} {where}".rstrip())
    if run is not None:
        from dlcli.runs.records import read_record

        kind = read_record(run).kind
        terminal.note(f"go on: dlcli {kind} --resume {shlex.quote(str(run))}")
