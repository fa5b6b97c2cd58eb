"""Find run directories by their path; no record is read."""

from __future__ import annotations

import os
import re
from pathlib import Path

from dlcli.errors import DlcliError

RECORD = "run.json"
RUNS = Path("runs")
MODELS = ("model.keras", "model.h5", "model.onnx")


def folder_name(name: str) -> str:
    """Return the name of the folder that holds a config's runs."""
    return re.sub(r"[^\w.-]+", "_", name).lstrip(".") or "run"


def named_run(path: str | os.PathLike[str]) -> Path | None:
    """Return the latest run in ./runs of a name; None if the name is another existing path.

    A folder that is no run does not hide the runs of its name: those of ``pets.yaml``, which
    `init` wrote for the folder ``pets``.
    """
    path = Path(path)
    is_plain_folder = path.is_dir() and find_run(path) is None
    return latest_run(str(path)) if is_plain_folder or not path.exists() else None


def latest_run(name: str) -> Path | None:
    """Return the latest run of a name in ./runs; None if there is none."""
    if Path(name).name != name:
        return None
    run = find_run(RUNS / folder_name(name))
    # `find_run` follows the link `latest` to an absolute path.
    return None if run is None else RUNS / run.parent.name / run.name


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


def existing_run(path: Path) -> Path:
    """Return the run directory that a path means, as `find_run` does.

    Raises
    ------
    DlcliError
        If there is none.
    """
    run = find_run(path)
    if run is None:
        raise DlcliError(f"no run in {path}", hint="`dlcli runs` lists the runs of a folder")
    return run


def numbered_runs(folder: Path) -> list[Path]:
    """Return the runs of one config, the newest first."""
    if not folder.is_dir():
        return []
    runs = [path for path in folder.iterdir() if is_numbered(path) and (path / RECORD).is_file()]
    return sorted(runs, key=lambda path: int(path.name), reverse=True)


def is_numbered(path: Path) -> bool:
    """Tell whether a folder has the name of a run: a number."""
    return path.name.isascii() and path.name.isdigit()


def model_file(run: Path) -> Path | None:
    """Return the model file of a run; None if it has none."""
    return next((run / name for name in MODELS if (run / name).is_file()), None)
