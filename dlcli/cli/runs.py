"""``dlcli runs``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.cli.options import Json, RunsFolder
from dlcli.errors import DlcliError
from dlcli.runs.finding import RUNS

if TYPE_CHECKING:
    from dlcli.runs.listing import RunSummary


def runs(folder: RunsFolder = RUNS, json: Json = False) -> None:
    """List the runs of a folder: status, duration, metric.

    \b
    dlcli runs
    dlcli runs sonar
    dlcli runs experiments --json
    """
    from dlcli.cli import tables, terminal
    from dlcli.cli.formatting import duration
    from dlcli.runs.listing import read_runs

    if not folder.is_dir() and folder != RUNS:
        folder = _folder_of_name(folder)
    entries = read_runs(folder)
    if json:
        from dlcli.cli.documents import Run, RunsDocument

        runs = [Run(run=str(entry.path), **_fields(entry)) for entry in entries]
        terminal.print_document(RunsDocument(runs=runs))
        return
    if not entries:
        terminal.print_status(f"folder {str(folder)!r} contains no runs")
        return
    rows = [["run", "kind", "status", "started", "duration", "metric"]]
    rows += [
        [
            str(entry.path),
            entry.kind,
            entry.status,
            entry.started,
            duration(entry.seconds),
            entry.headline,
        ]
        for entry in entries
    ]
    terminal.print_text(tables.table(rows, left=6))


def _fields(entry: RunSummary) -> dict[str, Any]:
    return {name: value for name, value in vars(entry).items() if name != "path"}


def _folder_of_name(name: Path) -> Path:
    """Return the folder of the runs of a name.

    Raises
    ------
    DlcliError
        If there is no such folder.
    """
    if not (RUNS / name).is_dir():
        raise DlcliError(f"no folder {str(name)!r}", hint="`dlcli runs` lists the runs in ./runs")
    return RUNS / name
