"""A model file as bytes on a disk: what it is, and that it stays the same."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from dlcli.errors import ModelFileError
from dlcli.models.limits import Limits

ZIP = b"PK\x03\x04"
HDF5 = b"\x89HDF\r\n\x1a\n"
ENDINGS = {"zip": (".keras",), "hdf5": (".h5", ".hdf5")}
# Windows reads text otherwise; a pipe would make opening wait for whoever writes to it.
FLAGS: int = getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
Kind = Literal["zip", "hdf5"]


@dataclass(frozen=True)
class Source:
    """A local file as it was when it was opened.

    Parameters
    ----------
    path : Path
    kind : {"zip", "hdf5"} or None
        By its first bytes.
    size : int
    identity : tuple of int
        Device, inode, size, and the times of the last changes of content and of anything.
    """

    path: Path
    kind: Kind | None
    size: int
    identity: tuple[int, ...]

    def check(self) -> None:
        """Refuse to go on with a file that was changed or replaced in between.

        Libraries open files by their names. The time of the last change of a file's state cannot
        be set by anybody, so that its being the same costs nothing and says as much as a copy.

        Raises
        ------
        ModelFileError
            If it is another one.
        """
        try:
            found = self.path.stat()
        except OSError as error:
            raise _unreadable(self.path, error) from None
        self._compare(found)

    @contextmanager
    def reopened(self) -> Iterator[BinaryIO]:
        """Open the same file once more.

        Raises
        ------
        ModelFileError
            If it is another one.
        """
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise _unreadable(self.path, error) from None
        with file:
            self._compare(os.fstat(file.fileno()))
            yield file

    def _compare(self, state: os.stat_result) -> None:
        if _identity(state) != self.identity:
            raise ModelFileError(f"{self.path} was changed while it was read", hint="try again")


@contextmanager
def open_source(path: Path, limits: Limits) -> Iterator[tuple[Source, BinaryIO]]:
    """Open a model file, if it is a regular one whose content is what its name says.

    Parameters
    ----------
    path : Path
    limits : Limits

    Yields
    ------
    Source
    file
        Open for reading.

    Raises
    ------
    ModelFileError
        If it is none, too large or too small; also if it is another file by the end of the block.
    """
    with _open_local(path, limits) as (source, file):
        if source.size == 0:
            raise ModelFileError(f"{path} is empty")
        if source.kind is None:
            raise ModelFileError(f"{path} is no Keras model file (neither .keras nor HDF5)")
        if path.suffix not in ENDINGS[source.kind]:
            ending = ENDINGS[source.kind][0]
            article = "an" if source.kind == "hdf5" else "a"
            raise ModelFileError(
                f"{path} is {article} {ending} file by its content",
                hint=f"let its name end in {ending}",
            )
        yield source, file


@contextmanager
def open_archive(path: Path, limits: Limits) -> Iterator[tuple[Source, BinaryIO]]:
    """Open a zip file of any name like `open_source`."""
    with _open_local(path, limits) as (source, file):
        if source.kind != "zip":
            raise ModelFileError(f"{path} is {'no archive' if source.size else 'empty'}")
        yield source, file


@contextmanager
def _open_local(path: Path, limits: Limits) -> Iterator[tuple[Source, BinaryIO]]:
    try:
        descriptor = os.open(path, os.O_RDONLY | FLAGS)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _unreadable(path, error) from None
    with os.fdopen(descriptor, "rb") as file:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise ModelFileError(f"{path} is no regular file")
        if state.st_size > limits.size:
            raise ModelFileError(
                f"{path} has {state.st_size:,} bytes; files of up to {limits.size:,} are opened",
                hint=f"allow it with --max-size {-(-state.st_size // (1 << 30))}GB",
            )
        source = Source(path, _kind(file.read(8)), state.st_size, _identity(state))
        file.seek(0)
        yield source, file
        source.check()


def _kind(magic: bytes) -> Kind | None:
    if magic.startswith(ZIP):
        return "zip"
    return "hdf5" if magic == HDF5 else None


def _identity(state: os.stat_result) -> tuple[int, ...]:
    return (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)


def _unreadable(path: Path, error: OSError | ValueError) -> ModelFileError:
    reason = getattr(error, "strerror", None) or error
    return ModelFileError(f"cannot read {path}: {reason}")
