"""What runs say of themselves, read without anything that takes long to import."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dlcli.files import is_locked

RECORD = "run.json"


def read_record(path: Path) -> dict[str, Any]:
    """Return what ``run.json`` of a run says; nothing, if it cannot be read.

    A run that says it is running, though no process works in it, was killed: it is interrupted.
    """
    try:
        record = json.loads((path / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(record, dict):
        return {}
    if record.get("status") == "running" and not is_locked(path):
        record["status"] = "interrupted"
    return record


def find_run(path: Path) -> Path | None:
    """Return the run directory that a path means.

    Parameters
    ----------
    path : Path
        A run, the folder above its numbered runs, or ``…/latest``.
    """
    if (path / RECORD).is_file():
        return path
    folder = path.parent if path.name == "latest" else path
    if not folder.is_dir():
        return None
    runs = sorted(
        (p for p in folder.iterdir() if p.name.isdigit() and (p / RECORD).is_file()),
        key=lambda p: int(p.name),
    )
    linked = folder / "latest"
    return linked.resolve() if (linked / RECORD).is_file() else (runs[-1] if runs else None)
