"""Find run directories by their path; no record is read."""

from __future__ import annotations

from pathlib import Path

RECORD = "run.json"


def find_run(path: Path) -> Path | None:
    """Return the run directory that a path means, or None.

    Parameters
    ----------
    path : Path
        A run, the folder above its numbered runs, or ``…/latest``.
    """
    if (path / RECORD).is_file():
        return path
    folder = path.parent if path.name == "latest" else path
    linked = folder / "latest"
    if (linked / RECORD).is_file():
        return linked.resolve()
    return next(iter(numbered_runs(folder)), None)


def numbered_runs(folder: Path) -> list[Path]:
    """Return the runs of one config, the newest first."""
    if not folder.is_dir():
        return []
    runs = [path for path in folder.iterdir() if path.name.isdigit() and (path / RECORD).is_file()]
    return sorted(runs, key=lambda path: int(path.name), reverse=True)
