"""Files as bytes: opened, unpacked, and recognised by their content."""

from __future__ import annotations

import gzip
import io
import os
import stat
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal, cast

from dlcli.datasets.file_content import MAX_PIPED_BYTES, FileContent, FileSource
from dlcli.datasets.tables.file_kinds import binary_kind, check_is_table
from dlcli.errors import DatasetError, TooLargeError

PEEK_BYTES = 1 << 20
MAX_MEMBERS = 10_000
# What zipfile raises for damage; NotImplementedError for an unknown version of the format.
DAMAGED_ZIP = (zipfile.BadZipFile, NotImplementedError, ValueError, OSError)
TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".data", ".dat", ".arff", ".jsonl", ".ndjson",
                  ".json")  # fmt: skip
# Endings of files that stand beside a table and describe it.
NOTES = ("", ".md", ".names", ".html", ".pdf", ".rst")
OFFICE_FILES = {
    "word/": "a Word document", "ppt/": "a PowerPoint document",
    "content.xml": "an OpenDocument file",
    "xl/workbook.bin": "an Excel file of the binary format (.xlsb)",
}  # fmt: skip


@dataclass(frozen=True)
class BinaryFile:
    """A file that is open for reading.

    Parameters
    ----------
    stream : BufferedReader
        Unpacked; with a buffer of `PEEK_BYTES`.
    name : str
        Name of the file, for messages.
    suffix : str
        Ending of the name without that of a packing, in lower case, as in ``".csv"``.
    kind : {"text", "excel", "parquet"}
    """

    stream: io.BufferedReader
    name: str
    suffix: str
    kind: Literal["text", "excel", "parquet"]


@contextmanager
def damage_reported(name: str) -> Iterator[None]:
    """Report damaged packings as errors of the data."""
    try:
        yield
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise DatasetError(f"{name} is damaged: {error}") from None


@contextmanager
def open_binary(path: FileSource) -> Iterator[BinaryFile]:
    """Open a file, gzipped or in a zip file or not.

    Parameters
    ----------
    path : str, Path or FileContent
        A regular file, ``"-"`` for standard input, or what is in memory.

    Raises
    ------
    DatasetError
        If there is no such file, or it cannot be a table.
    TooLargeError
        If content in memory unpacks to more than it may, also while the file is read.
    """
    name = str(path) if path != "-" else "standard input"
    full_name = f"{path}{path.suffix}" if isinstance(path, FileContent) else path
    limit = path.max_unpacked if isinstance(path, FileContent) else None
    suffixes = [suffix.lower() for suffix in Path(full_name).suffixes[-2:]]
    suffix = suffixes[-1] if suffixes else ""
    with _open_raw(path) as raw:
        stream = cast(io.BufferedReader, raw)
        if stream.peek(2)[:2] == b"\x1f\x8b":
            plain = gzip.GzipFile(fileobj=stream)
            stream = _buffered(plain if limit is None else _LimitedFile(plain, name, limit))
            suffix = suffixes[-2] if len(suffixes) > 1 and suffix == ".gz" else suffix
        with damage_reported(name):
            head = stream.peek(PEEK_BYTES)[:PEEK_BYTES]
        kind = binary_kind(head)
        if kind is None:
            check_is_table(head, name)
            yield BinaryFile(stream, name, suffix, "text")
            return
        stream = _seekable(stream, name, limit)
        if kind == "parquet":
            yield BinaryFile(stream, name, suffix, "parquet")
            return
        with _open_zip(stream, name, limit) as archive:
            if _is_workbook(archive, name):
                yield BinaryFile(stream, name, suffix, "excel")
                return
            member = _table_of(archive, name)
            inner = f"{name}/{member.filename}"
            # An error of the rows below is not one of the packing.
            with damage_reported(name):
                unpacked = _buffered(archive.open(member))
                head = unpacked.peek(PEEK_BYTES)[:PEEK_BYTES]
            with unpacked:
                check_is_table(head, inner)
                suffix = PurePosixPath(member.filename).suffix.lower()
                yield BinaryFile(unpacked, inner, suffix, "text")


def is_packed_table(path: Path) -> bool:
    """Tell whether a path is a zip file with one table, besides notes about it."""
    try:
        if not path.is_file() or not zipfile.is_zipfile(path):
            return False
        with zipfile.ZipFile(path) as archive:
            files = _visible_files(archive)
            is_workbook = "xl/workbook.xml" in archive.namelist()
    except DAMAGED_ZIP:
        return False
    suffixes = [PurePosixPath(file.filename).suffix.lower() for file in files]
    tables = [suffix for suffix in suffixes if suffix in TABLE_SUFFIXES]
    others = set(suffixes) - {*TABLE_SUFFIXES, *NOTES}
    return len(tables) == 1 and not others and not is_workbook


@contextmanager
def _open_raw(path: FileSource) -> Iterator[IO[bytes]]:
    if isinstance(path, FileContent):
        # A small buffer, since to allocate a large one takes longer than to read a row.
        size = min(max(len(path.data), 1), PEEK_BYTES)
        yield io.BufferedReader(cast(io.RawIOBase, io.BytesIO(path.data)), size)
        return
    if path == "-" and sys.stdin is None:
        raise DatasetError("there is no standard input")
    if path == "-":
        # A new reader with a buffer that is large enough to detect the encoding.
        yield _buffered(getattr(sys.stdin.buffer, "raw", sys.stdin.buffer))
        return
    path = Path(path)
    try:
        # Opening a FIFO must not block before it is refused below.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise DatasetError(f"no file {str(path)!r}") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(f"cannot read {path}: {reason}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DatasetError(f"{path} is not a regular file")
    with os.fdopen(descriptor, "rb", buffering=PEEK_BYTES) as file:
        yield file


def _buffered(file: object) -> io.BufferedReader:
    return io.BufferedReader(cast(io.RawIOBase, file), PEEK_BYTES)


class _LimitedFile(io.RawIOBase):
    """Reads an unpacked file to its end, which may be no larger than a limit."""

    def __init__(self, file: gzip.GzipFile, name: str, limit: int) -> None:
        self._file, self._name, self._limit = file, name, limit
        self._size = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes; the number is 0 at the end."""
        size = self._file.readinto(buffer)
        self._size += size
        if self._size > self._limit:
            raise _too_large(self._name, f"more than {self._limit:,} bytes", self._limit)
        return size


def _too_large(name: str, size: str, limit: int) -> TooLargeError:
    message = f"{name} unpacks to {size}; at most {limit:,} bytes are read"
    return TooLargeError(message, hint="split it into parts")


def _seekable(stream: io.BufferedReader, name: str, limit: int | None) -> io.BufferedReader:
    """Return a stream that can be read in any order, as workbooks and Parquet files are."""
    if stream.seekable():
        return stream
    # As many bytes are allocated before they are read.
    size = MAX_PIPED_BYTES if limit is None else min(limit, MAX_PIPED_BYTES)
    with damage_reported(name):
        data = stream.read(size + 1)
    if len(data) > MAX_PIPED_BYTES:
        raise DatasetError(f"{name} is larger than {MAX_PIPED_BYTES >> 20} MB; name a file instead")
    return _buffered(io.BytesIO(data))


def _open_zip(stream: io.BufferedReader, name: str, limit: int | None) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(stream)
    except DAMAGED_ZIP as error:
        raise DatasetError(f"{name} is no readable zip or Excel file: {error}") from None
    if len(archive.infolist()) > MAX_MEMBERS:
        raise DatasetError(f"{name} has more than {MAX_MEMBERS:,} files; expected one table")
    # No more than these sizes is unpacked, whether or not they are true.
    size = sum(member.file_size for member in archive.infolist())
    if limit is not None and size > limit:
        raise _too_large(name, f"{size:,} bytes", limit)
    return archive


def _is_workbook(archive: zipfile.ZipFile, name: str) -> bool:
    members = archive.namelist()
    for start, kind in OFFICE_FILES.items():
        if any(member.startswith(start) for member in members):
            raise DatasetError(
                f"{name} is {kind}; expected a table", hint="save the table as .xlsx or CSV"
            )
    return "xl/workbook.xml" in members


def _visible_files(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [
        member
        for member in archive.infolist()
        if not member.is_dir()
        and not any(part.startswith((".", "__MACOSX")) for part in Path(member.filename).parts)
    ]


def _table_of(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """Return the only file of an archive, or the only one that ends like a table."""
    files = _visible_files(archive)
    tables = [file for file in files if file.filename.lower().endswith(TABLE_SUFFIXES)]
    chosen = files if len(files) == 1 else tables
    if len(chosen) != 1:
        listed = ", ".join(file.filename for file in files[:5]) + (", …" if files[5:] else "")
        raise DatasetError(
            f"{name} holds {len(tables)} tables; expected one",
            hint=f"unpack it, and name one of its files: {listed}" if listed else None,
        )
    if chosen[0].flag_bits & 1:
        raise DatasetError(f"{name} is locked with a password", hint="unpack it first")
    return chosen[0]
