"""Delete run directories, and nothing else."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from dlcli.errors import DlcliError
from dlcli.files import LOCK_NAME, TEMPORARY_PREFIX, FolderLock, is_locked
from dlcli.runs.directory import has_model, in_use, point_latest
from dlcli.runs.finding import RECORD, numbered_runs
from dlcli.runs.records import read_record


def check_removable(path: Path) -> None:
    """Check that a path is a run directory, and that no process works on it.

    Raises
    ------
    DlcliError
        If it is a link, no run, or in use.
    """
    if path.is_symlink():
        raise DlcliError(
            f"{path} is a link to {path.resolve()}, which is not followed",
            hint="name the run itself",
        )
    record = path / RECORD
    if record.is_symlink() or not record.is_file():
        raise DlcliError(
            f"{path} is no run directory: it has no {RECORD}", hint="`dlcli runs` lists the runs"
        )
    # A trial inside a search has a lock of its own.
    for folder in (path, *(file.parent for file in path.rglob(LOCK_NAME))):
        if is_locked(folder):
            raise in_use(folder)


def remove_run(path: Path) -> None:
    """Delete a run directory; ``latest`` points to the newest training that is left.

    It disappears at once, and is deleted after that, so that no half of a run is left to be listed.

    Raises
    ------
    DlcliError
        As `check_removable`, or if the folder cannot be changed.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 (`resolve` would follow a link)
    check_removable(path)
    lock = FolderLock(path)
    moved = path.with_name(f"{TEMPORARY_PREFIX}{os.urandom(8).hex()}")
    try:
        if not lock.acquire():
            raise in_use(path)
        path.rename(moved)
        shutil.rmtree(moved)
    except OSError as error:
        raise DlcliError(f"cannot delete {path}: {error.strerror}") from None
    finally:
        lock.release()
    _update_latest(path)


def _update_latest(path: Path) -> None:
    """Point ``latest`` to another run if it pointed to the deleted one; leave no empty folder."""
    latest = path.parent / "latest"
    if latest.is_symlink() and latest.readlink().name == path.name:
        latest.unlink()
        trained = (run for run in numbered_runs(path.parent) if _is_trained(run))
        newest = next(trained, None)
        if newest is not None:
            point_latest(newest)
    with suppress(OSError):
        path.parent.rmdir()


def _is_trained(run: Path) -> bool:
    with suppress(DlcliError):
        return has_model(run, read_record(run))
    return False
