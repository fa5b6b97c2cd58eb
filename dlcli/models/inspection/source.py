"""Open model files as local regular files, and detect changes while they are read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Literal

from dlcli.errors import ModelFileError
from dlcli.models.limits import Limits

ZIP_MAGIC = b"PK\x03\x04"
HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
SUFFIXES = {"zip": (".keras",), "hdf5": (".h5", ".hdf5"), "onnx": (".onnx",)}
# Bytes at the end of a zip file that name the members of a Keras model.
DIRECTORY_BYTES = 64 << 10
# Windows would translate line ends; without O_NONBLOCK, opening a pipe waits for a writer.
OPEN_FLAGS: int = getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
Kind = Literal["zip", "hdf5", "onnx"]


@dataclass(frozen=True)
class Source:
    """A local file in the state in which it was opened first.

    Parameters
    ----------
    path : Path
    kind : {"zip", "hdf5", "onnx"} or None
        Format by the first bytes; those of ONNX say nothing, so that its suffix decides.
    size : int
        Bytes.
    identity : tuple of int
        Device, inode, size, and times of the last change of the content and of the inode.
    """

    path: Path
    kind: Kind | None
    size: int
    identity: tuple[int, ...]

    def check_unchanged(self) -> None:
        """Check that the path still leads to the same, unchanged file.

        Libraries open files by their names. The change time of an inode cannot be set, so that
        comparing it is as reliable as reading from a copy.

        Raises
        ------
        ModelFileError
            If the file was changed or replaced.
        """
        try:
            state = self.path.stat()
        except OSError as error:
            raise _unreadable(self.path, error) from None
        self._compare(state)

    @contextmanager
    def reopened(self) -> Iterator[BufferedReader]:
        """Open the file again.

        Raises
        ------
        ModelFileError
            If it was changed or replaced.
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
    """Open a model file whose content agrees with its suffix.

    Yields
    ------
    Source
    file
        Open for reading.

    Raises
    ------
    ModelFileError
        If it is not a regular file, is empty or too large, is no model file, has the suffix of
        another format, or was changed by the end of the block.
    """
    with _open_regular(path, limits) as (source, file):
        if source.size == 0:
            raise ModelFileError(f"{path} is empty")
        if source.kind is None:
            raise ModelFileError(f"{path} is not a Keras model file (neither .keras nor HDF5)")
        if path.suffix not in SUFFIXES[source.kind]:
            raise _wrong_suffix(source, file)
        yield source, file


def _wrong_suffix(source: Source, file: BinaryIO) -> ModelFileError:
    if source.kind == "hdf5":
        return ModelFileError(
            f"{source.path} is an .h5 file by its content", hint="rename it to end in .h5"
        )
    file.seek(max(0, source.size - DIRECTORY_BYTES))
    if b"config.json" in file.read():
        return ModelFileError(
            f"{source.path} is a .keras file by its content", hint="rename it to end in .keras"
        )
    return ModelFileError(f"{source.path} is a zip file, but not a Keras model")


@contextmanager
def open_zip(path: Path, limits: Limits) -> Iterator[tuple[Source, BinaryIO]]:
    """Open a zip file with any suffix; otherwise like `open_source`."""
    with _open_regular(path, limits) as (source, file):
        if source.kind != "zip":
            raise ModelFileError(f"{path} is {'not a zip file' if source.size else 'empty'}")
        yield source, file


@contextmanager
def _open_regular(path: Path, limits: Limits) -> Iterator[tuple[Source, BinaryIO]]:
    try:
        descriptor = os.open(path, os.O_RDONLY | OPEN_FLAGS)
    except (OSError, ValueError) as error:  # ValueError: the name contains NUL
        raise _unreadable(path, error) from None
    with os.fdopen(descriptor, "rb") as file:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise ModelFileError(f"{path} is not a regular file")
        if state.st_size > limits.size:
            raise ModelFileError(
                f"{path} has {state.st_size:,} bytes, more than the limit of {limits.size:,}",
                hint=f"allow it with --max-size {-(-state.st_size // (1 << 30))}GB",
            )
        source = Source(path, _kind(path, file.read(8)), state.st_size, _identity(state))
        file.seek(0)
        yield source, file
        source.check_unchanged()


def _kind(path: Path, magic: bytes) -> Kind | None:
    if magic.startswith(ZIP_MAGIC):
        return "zip"
    if magic == HDF5_MAGIC:
        return "hdf5"
    return "onnx" if path.suffix == ".onnx" else None


def _identity(state: os.stat_result) -> tuple[int, ...]:
    return (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)


def _unreadable(path: Path, error: OSError | ValueError) -> ModelFileError:
    reason = getattr(error, "strerror", None) or error
    return ModelFileError(f"cannot read {path}: {reason}")
