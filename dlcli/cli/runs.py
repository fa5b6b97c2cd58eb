"""``dlcli runs``."""

from __future__ import annotations

from pathlib import Path

from dlcli.cli.options import Json, RunsFolder


def runs(folder: RunsFolder = Path("runs"), json: Json = False) -> None:
    """List the runs of a folder: status, duration, metric.

    \b
    dlcli runs
    dlcli runs experiments --json
    """
    from dlcli.cli import tables, terminal
    from dlcli.cli.formatting import duration
    from dlcli.runs.listing import read_runs

    entries = read_runs(folder)
    if json:
        terminal.print_json([entry.to_json() for entry in entries])
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
