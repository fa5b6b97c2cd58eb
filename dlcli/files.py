"""Write files atomically, lock folders, find the cache folder."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import math
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dlcli.errors import DlcliError, WriteError

try:
    import fcntl
except ImportError:  # Windows has no locks on folders
    fcntl = None  # type: ignore[assignment]

MODEL_ENDINGS = (".keras", ".h5", ".hdf5", ".onnx")
TEMPORARY_PREFIX = ".tmp-"
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

LOCK_NAME = ".lock"
LOCK_TAKEN = (errno.EWOULDBLOCK, errno.EACCES)
LOCK_ATTEMPTS, LOCK_PAUSE = 5, 0.02  # seconds between attempts


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` when the block ends without an error.

    Readers see the old file or the new one, never a part of it. A file that replaces another
    one has its mode; until it is complete, only its owner can read it.

    Parameters
    ----------
    path : Path
        The file to write. The temporary file is in the same folder.

    Raises
    ------
    WriteError
        If the file cannot be written; an earlier version is kept.
    DlcliError
        If the folder does not exist or cannot be written.
    """
    path = path.resolve()  # a symbolic link is kept; its target is replaced
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{os.urandom(8).hex()}{path.suffix}")
    try:
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
        temporary.touch(0o666 if mode is None else 0o600, exist_ok=False)
    except OSError as error:
        kind = WriteError if error.errno in DISK_FULL else DlcliError
        raise kind(f"cannot write {path}: {error.strerror}") from error
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        if mode is not None:
            with suppress(OSError):  # some file systems have no modes
                temporary.chmod(mode)
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise WriteError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def remove_temporary(folder: Path) -> None:
    """Remove the temporary files that a killed process has left in a folder."""
    for path in folder.rglob(f"{TEMPORARY_PREFIX}*"):
        with suppress(OSError):
            path.unlink()


def sync_folder(folder: Path) -> None:
    """Flush the entries of a folder to the disk, so that a rename survives a power failure."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file atomically; `to_jsonable` converts the value."""
    write_text(path, json.dumps(to_jsonable(value), indent=2, ensure_ascii=False) + "\n")


def to_jsonable(value: Any) -> Any:
    """Return mappings, sequences and NumPy values as JSON types; NaN and infinity become None."""
    if isinstance(value, Mapping):
        return {str(key): to_jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_jsonable(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):  # a NumPy scalar or array
        return to_jsonable(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV file atomically."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, text.getvalue())


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cache_folder() -> Path:
    """Return the folder for everything that can be downloaded or computed again."""
    import platformdirs  # as pooch.os_cache, which would import an HTTP library

    return Path(platformdirs.user_cache_dir("dlcli"))


class FolderLock:
    """A lock that gives one process at a time the right to write into a folder.

    It is a lock of the kernel on an empty file, released at the latest when the process ends. The
    file stays; its existence means nothing. Without support for such locks (Windows, some network
    file systems) the lock is always granted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the lock; return False if another process holds it."""
        if fcntl is None:
            return True
        # NFS grants exclusive locks only on files that are open for writing.
        descriptor = os.open(self.folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        is_held = False
        for _ in range(LOCK_ATTEMPTS):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                is_held = error.errno in LOCK_TAKEN
                if not is_held:
                    break
                time.sleep(LOCK_PAUSE)  # `is_locked` of another process takes it for a moment
            else:
                self._descriptor = descriptor
                return True
        os.close(descriptor)
        return not is_held

    def release(self) -> None:
        """Release the lock."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_locked(folder: Path) -> bool:
    """Return whether a running process holds the lock of a folder."""
    if fcntl is None:
        return False
    try:
        descriptor = os.open(folder / LOCK_NAME, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in LOCK_TAKEN
    finally:
        os.close(descriptor)
    return False
