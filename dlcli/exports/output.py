"""Files and folders that appear whole or not at all, and replace others on request only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dlcli.errors import DlcliError, WriteError
from dlcli.files import TEMPORARY_PREFIX, sync_folder

HINT = "--force replaces it; -o names another one"


def check_output(path: Path, *, force: bool, folder: bool) -> None:
    """Refuse a place where nothing can be written, before the work.

    Raises
    ------
    DlcliError
        If there is something, and it may not be replaced.
    """
    if not path.parent.is_dir():
        raise DlcliError(f"{path}: there is no folder {path.parent}")
    if not path.exists():
        return
    if not force:
        raise DlcliError(f"{path} exists", hint=HINT)
    if path.is_dir() != folder:
        kind = "a file" if folder else "a folder"
        raise DlcliError(f"{path} is {kind}, which is not replaced", hint="-o names another place")


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield the name of a new folder, which replaces `path` when the block ends without an error.

    The block makes the folder.

    Raises
    ------
    WriteError
        If it cannot be written; an earlier one is kept.
    """
    path = path.resolve()
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{os.urandom(8).hex()}")
    earlier = path.with_name(f"{TEMPORARY_PREFIX}{os.urandom(8).hex()}")
    try:
        yield temporary
        if path.exists():
            path.replace(earlier)
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        if earlier.exists() and not path.exists():
            earlier.replace(path)
        raise WriteError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        for folder in (temporary, earlier):
            shutil.rmtree(folder, ignore_errors=True)
