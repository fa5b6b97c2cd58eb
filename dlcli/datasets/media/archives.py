"""Read the files of a folder, or of an archive without unpacking it.

An untrusted archive may claim any size, so sizes are checked before anything is read.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from dlcli.datasets.media.zip_names import member_names
from dlcli.errors import DatasetError

ARCHIVE_SUFFIXES = (
    ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar", ".zip",
)  # fmt: skip
# The first bytes of compressed files, and what opens them.
DECOMPRESSORS: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda raw: gzip.GzipFile(fileobj=raw),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
}
MAX_FILE_BYTES = 256 << 20
MAX_TOTAL_BYTES = 64 << 30
MAX_FILES = 5_000_000
# zipfile raises RuntimeError for encryption, and NotImplementedError for an unknown compression.
DAMAGED = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError,
    RuntimeError, NotImplementedError,
)  # fmt: skip

File = tuple[PurePosixPath, bytes]


def is_collection(path: Path) -> bool:
    """Tell whether a path is a folder or an archive."""
    return path.is_dir() or path.name.lower().endswith(ARCHIVE_SUFFIXES)


def read_file(path: Path) -> bytes:
    """Return the content of a single file.

    Raises
    ------
    DatasetError
        If there is no such file, or it is too large.
    """
    try:
        status = path.stat()
    except (OSError, ValueError):  # ValueError: a NUL byte in the name
        status = None
    if status is None or not stat.S_ISREG(status.st_mode):
        raise DatasetError(f"no file {str(path)!r}")
    _check_size(str(path), status.st_size)
    return path.read_bytes()


def walk(
    path: Path, suffixes: Sequence[str], only: Collection[PurePosixPath] | None = None
) -> Iterator[File]:
    """Yield names and contents of the files of a folder or archive, one at a time.

    Parameters
    ----------
    path : Path
        A folder, or a zip or tar file; the latter may be compressed with gzip, bzip2 or xz.
    suffixes : sequence of str
        In lower case, as in ``".wav"``. Other files, hidden files and everything that is not a
        regular file are skipped.
    only : collection of PurePosixPath, optional
        Names of the files to read; default: all.

    Raises
    ------
    DatasetError
        If there is no such folder or archive, or it is damaged or too large.
    """

    def is_selected(name: PurePosixPath) -> bool:
        has_suffix = name.suffix.lower() in suffixes
        return has_suffix and not is_hidden(name) and (only is None or name in only)

    with _damage_reported(path):
        if path.is_dir() and only is not None:
            for name in sorted(only):
                if is_selected(name):
                    yield name, read_file(path / name)
        elif path.is_dir():
            yield from _walk_folder(path, is_selected)
        elif zipfile.is_zipfile(path):
            yield from _walk_zip(path, is_selected)
        else:
            yield from _walk_tar(path, is_selected)


def list_names(path: Path) -> list[PurePosixPath]:
    """Return the sorted names of the files of a folder or archive that are not hidden.

    Raises
    ------
    DatasetError
        If there is no such folder or archive, or it is damaged.
    """
    with _damage_reported(path):
        if path.is_dir():
            return [name for name in _scan(path)[0] if not is_hidden(name)]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                names = [PurePosixPath(name) for name in member_names(archive)[0].values()]
        else:
            with _open_tar(path) as tar:
                names = [PurePosixPath(member.name) for member in tar if member.isfile()]
    return sorted(name for name in names if not is_hidden(name))


def names_encoding(path: Path) -> str:
    """Return the encoding of the names in a zip archive if it does not tell it, else ``""``."""
    if path.is_dir() or not zipfile.is_zipfile(path):
        return ""
    with _damage_reported(path), zipfile.ZipFile(path) as archive:
        return member_names(archive)[1]


def empty_folders(path: Path) -> list[PurePosixPath]:
    """Return the sorted names of the empty folders in a folder that are not hidden."""
    return [name for name in _scan(path)[1] if not is_hidden(name)]


def _scan(path: Path) -> tuple[list[PurePosixPath], list[PurePosixPath]]:
    """Return the sorted names of the files below a folder, and those of the empty folders.

    `Path.rglob` takes three times as long. Folders that are links are not entered.
    """
    files, empty, folders = [], [], [""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(path / folder) as iterator:
                entries = list(iterator)
        except PermissionError:
            continue
        for entry in entries:
            name = folder + entry.name
            if entry.is_dir(follow_symlinks=False):
                folders.append(f"{name}/")
            elif entry.is_file():
                files.append(name)
        if folder and not entries:
            empty.append(folder[:-1])
    # By folders, as `PurePosixPath` compares them.
    by_parts = [sorted(names, key=lambda name: name.split("/")) for names in (files, empty)]
    return [PurePosixPath(name) for name in by_parts[0]], [PurePosixPath(n) for n in by_parts[1]]


@contextmanager
def _damage_reported(path: Path) -> Iterator[None]:
    if not path.is_dir() and not path.is_file():
        raise DatasetError(f"no folder {str(path)!r}")
    try:
        yield
    except DAMAGED as error:
        raise DatasetError(
            f"{path} is not a folder, and not a readable zip or tar file: {error}"
        ) from None


def _walk_folder(path: Path, is_selected: Callable[[PurePosixPath], bool]) -> Iterator[File]:
    for name in _scan(path)[0]:
        if is_selected(name):
            yield name, read_file(path / name)


def _walk_zip(path: Path, is_selected: Callable[[PurePosixPath], bool]) -> Iterator[File]:
    with zipfile.ZipFile(path) as archive:
        names = member_names(archive)[0]
        for member, text in sorted(names.items(), key=lambda item: item[1]):
            name = PurePosixPath(text)
            if is_selected(name):
                _check_size(f"{path}: {text}", member.file_size)
                yield name, archive.read(member)


def _walk_tar(path: Path, is_selected: Callable[[PurePosixPath], bool]) -> Iterator[File]:
    with _open_tar(path) as archive:
        for member in archive:
            name = PurePosixPath(member.name)
            if not member.isfile() or not is_selected(name):
                continue
            _check_size(f"{path}: {member.name}", member.size)
            file = archive.extractfile(member)
            if file is not None:
                yield name, file.read()


@contextmanager
def _open_tar(path: Path) -> Iterator[_BoundedTar]:
    with path.open("rb") as raw:
        start = raw.read(6)
        raw.seek(0)
        plain: Any = raw
        for magic, decompress in DECOMPRESSORS.items():
            if start.startswith(magic):
                plain = decompress(raw)
        with _BoundedTar.open(fileobj=_BoundedFile(plain, path), mode="r:") as archive:
            yield archive


class _BoundedTar(tarfile.TarFile):
    """A tar file with a bounded number of members."""

    members: list[tarfile.TarInfo]

    def next(self) -> tarfile.TarInfo | None:
        """Return the next member."""
        if len(self.members) > MAX_FILES:
            raise DatasetError(f"{self.name!r} holds more than {MAX_FILES:,} files")
        return super().next()


class _BoundedFile(io.RawIOBase):
    """Bounds the headers and the total size of an untrusted tar file."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path = file, path

    def read(self, size: int = -1) -> bytes:
        """Read at most as much as a single file may have."""
        if size > MAX_FILE_BYTES or size < 0 or self._file.tell() > MAX_TOTAL_BYTES:
            raise DatasetError(f"{self._path} is too large when unpacked")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set the position."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Return True."""
        return True


def is_hidden(name: PurePosixPath) -> bool:
    """Tell whether a file or a folder above it is hidden, as in ``__MACOSX/._cat.png``."""
    # Nothing is unpacked, so "./" and "../" in a name do no harm.
    parts = [part for part in name.parts if part not in (".", "..")]
    return any(part.startswith((".", "__MACOSX")) for part in parts)


def _check_size(name: str, size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise DatasetError(f"{name} is larger than {MAX_FILE_BYTES >> 20} MB")
