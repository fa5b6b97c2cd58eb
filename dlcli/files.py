"""Files that appear whole or not at all."""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dlcli.errors import DlcliError, WriteError

TEMPORARY = ".tmp-"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that replaces it when the block ends well.

    Parameters
    ----------
    path : Path
        What readers see: the old file, then the new one, never a part of it.
    """
    path = path.resolve()  # a symbolic link keeps pointing where it does
    temporary = path.with_name(f"{TEMPORARY}{os.urandom(8).hex()}{path.suffix}")
    try:
        temporary.open("xb").close()
    except OSError as error:
        kind = WriteError if error.errno in FULL else DlcliError
        raise kind(f"cannot write {path}: {error.strerror}") from error
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise WriteError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def remove_temporary(folder: Path) -> None:
    """Remove what a process that was killed had not finished writing."""
    for path in folder.rglob(f"{TEMPORARY}*"):
        with suppress(OSError):
            path.unlink()


def sync_folder(folder: Path) -> None:
    """Have the names of a folder's files reach the disk."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text, whole or not at all."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write a JSON document, whole or not at all; NaN becomes null."""
    write_text(path, json.dumps(to_jsonable(value), indent=2, ensure_ascii=False) + "\n")


def to_jsonable(value: Any) -> Any:
    """Replace what JSON has no word for by null."""
    if isinstance(value, Mapping):
        return {str(key): to_jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_jsonable(item) for item in value]
    if hasattr(value, "tolist"):  # a NumPy scalar or array
        return to_jsonable(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV file, whole or not at all."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, text.getvalue())


def cache_folder() -> Path:
    """Return the user's cache of downloaded data sets."""
    import platformdirs  # pooch's own way, without pooch's import of a whole HTTP library

    return Path(platformdirs.user_cache_dir("dlcli"))


try:
    import fcntl
except ImportError:  # Windows has no locks on folders
    fcntl = None  # type: ignore[assignment]

BUSY = (errno.EWOULDBLOCK, errno.EACCES)
FILE = ".lock"
TRIES, PAUSE = 5, 0.02  # seconds


class FolderLock:
    """A lock on a folder, held until it is released or the process ends, however it ends.

    It is the kernel's lock on an empty file that stays; the file alone means nothing. A file system
    without such locks has none; the folder is used all the same.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the lock; return whether no other process has it."""
        if fcntl is None:
            return True
        # Open for writing, which locks in networks want.
        descriptor = os.open(self.folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        busy = False
        for _ in range(TRIES):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                busy = error.errno in BUSY
                if not busy:
                    break
                time.sleep(PAUSE)  # it may be a process that only looks
            else:
                self._descriptor = descriptor
                return True
        os.close(descriptor)
        return not busy

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_locked(folder: Path) -> bool:
    """Tell whether a process that is alive works in a folder."""
    if fcntl is None:
        return False
    try:
        descriptor = os.open(folder / FILE, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in BUSY
    finally:
        os.close(descriptor)
    return False
