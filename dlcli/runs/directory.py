"""Run directories: numbered, used by one process at a time, described by ``run.json``."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from dlcli.config.sections import Config
from dlcli.config.yaml_text import dump
from dlcli.errors import DlcliError, Interrupted
from dlcli.files import FolderLock, remove_temporary, write_json, write_text
from dlcli.runs.description import data_path, with_path
from dlcli.runs.finding import RECORD, folder_name, is_numbered, model_file
from dlcli.runs.records import Extension, Resumed, RunRecord, read_record

CONFIG, CHECKPOINT = "config.yaml", "checkpoint"


class RunDirectory:
    """A locked run directory and its record; see `create` and `reopen`.

    Parameters
    ----------
    path : Path
    lock : FolderLock
        Held.
    record : RunRecord
    root : Path
        Folder of all runs.
    """

    def __init__(self, path: Path, lock: FolderLock, record: RunRecord, root: Path) -> None:
        self.path, self.record, self.root = path, record, root
        self._lock = lock
        self._started = time.monotonic()
        self._earlier_seconds = record.seconds

    @classmethod
    def create(cls, root: Path, config: Config, record: RunRecord) -> RunDirectory:
        """Create the next numbered directory of a config.

        Parameters
        ----------
        root : Path
            Folder of all runs.
        config : Config
            Resolved.
        record : RunRecord
            From `dlcli.runs.description.describe_run`.
        """
        return cls._begin(_create_numbered(root / folder_name(config.name)), config, record, root)

    def create_inside(self, name: str, config: Config, record: RunRecord) -> RunDirectory:
        """Create the directory of a run that belongs to this one; an earlier one is removed.

        Parameters
        ----------
        name : str
            Of the directory.
        config : Config
            Resolved.
        record : RunRecord
        """
        path = self.path / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        return self._begin(path, config, record, self.root)

    @classmethod
    def _begin(cls, path: Path, config: Config, record: RunRecord, root: Path) -> RunDirectory:
        run = cls(path, _lock(path), record, root)
        run.write_config(config)
        run._write()
        return run

    @classmethod
    def reopen(cls, path: Path) -> RunDirectory:
        """Lock an existing run directory and read its record.

        Raises
        ------
        DlcliError
            If another process works on the run, the directory contains a symbolic link, or
            ``run.json`` is damaged.
        """
        # A link could lead writes out of the run directory.
        link = next((item for item in path.rglob("*") if item.is_symlink()), None)
        if link is not None:
            raise DlcliError(f"{link} is a link, which could lead out of the run directory")
        lock = _lock(path)
        try:
            record = read_record(path)
        except DlcliError:
            lock.release()
            raise
        remove_temporary(path)
        return cls(path, lock, record, path.parent.parent)

    @property
    def checkpoint(self) -> Path:
        """Folder of the training state."""
        return self.path / CHECKPOINT

    def resume(
        self, resumed: Resumed, extension: Extension | None = None, forced: list[str] | None = None
    ) -> None:
        """Record that the run continues in this process.

        Parameters
        ----------
        resumed : Resumed
        extension : Extension, optional
        forced : list of str, optional
            Differences to the earlier processes.
        """
        record = self.record
        record.error = record.epochs = record.fit_seconds = record.best_epoch = None
        record.status, record.pid = "running", os.getpid()
        record.resumed = [*record.resumed, resumed]
        if extension is not None:
            record.extended = [*record.extended, extension]
        if forced:
            record.forced = [*record.forced, *forced]
        self._write()

    def finish(
        self,
        status: Literal["finished", "interrupted", "failed"],
        *,
        epochs: int | None = None,
        fit_seconds: float | None = None,
        best_epoch: int | None = None,
        error: str | None = None,
    ) -> None:
        """Record how the run ended, and release it.

        Parameters
        ----------
        status : {"finished", "interrupted", "failed"}
        epochs : int, optional
            Completed epochs.
        fit_seconds : float, optional
        best_epoch : int, optional
            The epoch, from 1, whose weights were kept instead of the last ones.
        error : str, optional
        """
        record = self.record
        record.status, record.pid = status, None
        record.seconds = round(self._earlier_seconds + time.monotonic() - self._started, 3)
        record.epochs, record.fit_seconds = epochs, fit_seconds
        record.best_epoch, record.error = best_epoch, error
        self._write()
        if is_numbered(self.path) and has_model(self.path, record):
            point_latest(self.path)
        self.release()

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Record an exception of the block as the end of the run, and raise it again.

        A run that was interrupted can be resumed; `Interrupted` gets its path.
        """
        try:
            yield
        except BaseException as error:
            interrupted = isinstance(error, KeyboardInterrupt | Interrupted)
            if isinstance(error, Interrupted):
                error.path = self.path
            # On a full disk the record cannot be written either; the first error is the cause.
            with suppress(DlcliError, OSError):
                if interrupted:
                    self.finish("interrupted")
                else:
                    self.finish("failed", error=f"{type(error).__name__}: {error}")
            self.release()
            raise

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """Finish a run that cannot be resumed after the block; a signal removes it."""
        try:
            with self.failing():
                yield
        except (KeyboardInterrupt, Interrupted) as interrupted:
            self.remove()
            if isinstance(interrupted, Interrupted):
                interrupted.path = None
            raise
        self.finish("finished")

    def remove_checkpoint(self) -> None:
        """Delete the training state."""
        shutil.rmtree(self.checkpoint, ignore_errors=True)

    def remove(self) -> None:
        """Delete the run directory."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.release()

    def write_config(self, config: Config) -> None:
        """Write the resolved config, with the path of the data relative to the run.

        So the folder of a project can be moved or copied with its data and runs.
        """
        plain = config.plain()
        path = data_path(plain)
        if path is not None:
            with suppress(ValueError):  # another drive of Windows
                relative = os.path.relpath(path, self.path.absolute())
                plain = with_path(plain, Path(relative).as_posix())
        write_text(self.path / CONFIG, dump(plain))

    def release(self) -> None:
        """Unlock the run for other processes."""
        self._lock.release()

    def _write(self) -> None:
        write_json(self.path / RECORD, self.record.to_json())


def check_writable(root: Path) -> None:
    """Check that run directories can be created in a folder, which need not exist yet.

    Raises
    ------
    DlcliError
        If it or the nearest folder above it cannot be written.
    """
    folder = root.absolute()
    try:
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
    except OSError as error:
        raise _not_created(root, error.strerror) from None
    if not folder.is_dir():
        raise _not_created(root, f"{folder} is a file")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _not_created(root, f"{folder} cannot be written")


def _not_created(folder: Path, reason: str | None) -> DlcliError:
    return DlcliError(
        f"cannot create a run directory in {folder}: {reason}",
        hint="name another folder with --out",
    )


def in_use(path: Path) -> DlcliError:
    """Return the error for a run that another process works on."""
    try:
        pid = read_record(path).pid
    except DlcliError:
        pid = None
    return DlcliError(f"{path} is in use by process {pid or '?'}")


def _lock(path: Path) -> FolderLock:
    lock = FolderLock(path)
    if not lock.acquire():
        raise in_use(path)
    return lock


def _create_numbered(folder: Path) -> Path:
    """Create the next numbered directory; two processes at once get different ones."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = max((int(p.name) for p in folder.iterdir() if is_numbered(p)), default=0) + 1
        while True:
            path = folder / str(number)
            try:
                path.mkdir()
            except FileExistsError:
                number += 1
            else:
                return path
    except OSError as error:
        raise _not_created(folder, error.strerror) from None


def has_model(path: Path, record: RunRecord) -> bool:
    """Tell whether ``latest`` may be this run: `predict runs/x/latest` needs a trained model."""
    is_complete = record.status in ("finished", "interrupted")
    return record.kind == "train" and is_complete and model_file(path) is not None


def point_latest(path: Path) -> None:
    """Point the link ``latest`` to a run."""
    link = path.parent / "latest"
    temporary = path.parent / f".latest-{os.getpid()}"
    try:
        temporary.symlink_to(path.name)
        temporary.replace(link)
    except OSError:  # a file system without links: `find_run` takes the highest number
        temporary.unlink(missing_ok=True)
