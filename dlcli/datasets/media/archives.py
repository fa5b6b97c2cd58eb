"""Files of a folder, or of an archive that is read in place and never unpacked.

What comes from a stranger may say that it is larger than any memory: sizes are looked at before
anything is read.
"""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Any

from dlcli.errors import DatasetError

LARGEST = 256 << 20
LARGEST_TOTAL = 64 << 30
MOST_FILES = 5_000_000
ARCHIVES = (".tar.gz", ".tgz", ".tar", ".zip")
DAMAGED = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError,
    RuntimeError, NotImplementedError,
)  # fmt: skip

File = tuple[PurePosixPath, bytes]


def walk(path: Path, endings: Sequence[str]) -> Iterator[File]:
    """Yield names and contents of the files of a folder or archive, one at a time.

    Parameters
    ----------
    path : Path
        A folder, or a zip, tar or tar.gz file.
    endings : sequence of str
        In lower case, as in ``".wav"``; other files, hidden ones, and what is no regular file
        are passed over.

    Raises
    ------
    DatasetError
        If there is no such folder or archive, or it is damaged, or too large.
    """
    if not path.is_dir() and not path.is_file():
        raise DatasetError(f"no folder {str(path)!r}")
    try:
        if path.is_dir():
            yield from _walk_folder(path, endings)
        elif zipfile.is_zipfile(path):
            yield from _walk_zip(path, endings)
        else:
            yield from _walk_tar(path, endings)
    except DAMAGED as error:
        raise DatasetError(
            f"{path} is no folder and no zip or tar file that can be read: {error}"
        ) from None


def _walk_folder(path: Path, endings: Sequence[str]) -> Iterator[File]:
    for file in sorted(path.rglob("*")):
        name = PurePosixPath(file.relative_to(path).as_posix())
        if _wanted(name, endings) and file.is_file():
            _check_size(path, str(name), file.stat().st_size)
            yield name, file.read_bytes()


def _walk_zip(path: Path, endings: Sequence[str]) -> Iterator[File]:
    with zipfile.ZipFile(path) as archive:
        for member in sorted(archive.infolist(), key=lambda info: info.filename):
            name = PurePosixPath(member.filename)
            if not member.is_dir() and _wanted(name, endings):
                _check_size(path, member.filename, member.file_size)
                yield name, archive.read(member)


def _walk_tar(path: Path, endings: Sequence[str]) -> Iterator[File]:
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        plain: Any = gzip.GzipFile(fileobj=raw) if packed else raw
        with tarfile.open(fileobj=_Limited(plain, path), mode="r:") as archive:
            for count, member in enumerate(archive):
                if count > MOST_FILES:
                    raise DatasetError(f"{path} holds more than {MOST_FILES:,} files")
                name = PurePosixPath(member.name)
                if not member.isfile() or not _wanted(name, endings):
                    continue
                _check_size(path, member.name, member.size)
                file = archive.extractfile(member)
                if file is not None:
                    yield name, file.read()


class _Limited(io.RawIOBase):
    """What a tar file is read through: no header of gigabytes, and no end that never comes."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path = file, path

    def read(self, size: int = -1) -> bytes:
        """Read, but not more than a file of an archive may have."""
        if size > LARGEST or size < 0 or self._file.tell() > LARGEST_TOTAL:
            raise DatasetError(f"{self._path} unpacks to more than it may")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Tell that places can be gone to."""
        return True


def _wanted(name: PurePosixPath, endings: Sequence[str]) -> bool:
    # A path may begin with "./" or "../"; it is only read, so that it leads nowhere.
    shown = [part for part in name.parts if part not in (".", "..")]
    hidden = any(part.startswith((".", "__MACOSX")) for part in shown)
    return name.suffix.lower() in endings and not hidden


def _check_size(path: Path, name: str, size: int) -> None:
    if size > LARGEST:
        raise DatasetError(f"{path}: {name} is larger than {LARGEST >> 20} MB")
