"""Which process works in a folder: the kernel knows, and forgets it when the process dies."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

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
