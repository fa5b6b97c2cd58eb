"""Text files: decoded, and read by lines or by chunks of lines."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from dlcli.datasets.file_content import FileSource
from dlcli.datasets.tables.binary_file import PEEK_BYTES, BinaryFile, damage_reported, open_binary
from dlcli.datasets.tables.encodings import (
    BOMS,
    TRAINING_HINTS,
    Hints,
    detect_encoding,
    encoding_error,
    is_surely_utf_8,
    undecodable,
)
from dlcli.errors import DatasetError

# In characters; a file with a longer line is not text.
MAX_LINE = 1 << 24
# Lines around the first one that cannot be decoded, which show what the encoding is.
MAX_UNDECODABLE_LINES = 200


class TextFile:
    """A text that is read once, by lines or chunks; errors name the file and the line.

    Parameters
    ----------
    text : text file
        Opened with ``newline=""``.
    name : str
        Name of the file, for messages.
    hints : Hints
    path : str, Path or FileContent
        Of a regular file, where an error of its encoding is looked for.

    Attributes
    ----------
    line : int
        Number of lines read so far.
    """

    def __init__(
        self,
        text: TextIO,
        name: str,
        hints: Hints = TRAINING_HINTS,
        path: FileSource = "-",
    ) -> None:
        self.name, self.hints, self._path = name, hints, path
        self.encoding = text.encoding or "utf-8"
        self.line = 0
        self._text = text

    def lines(self) -> Iterator[str]:
        """Yield the remaining lines with their line ends.

        Raises
        ------
        DatasetError
            If the file is damaged, is not in its encoding, or a line is too long.
        """
        with self._named_errors():
            for line in iter(partial(self._text.readline, MAX_LINE), ""):
                self.line += 1
                self._check_length(line)
                yield line

    def read_chunk(self, size: int) -> str:
        """Return the next `size` characters and the rest of their last line; see `lines`."""
        with self._named_errors():
            chunk, rest = self._text.read(size), self._text.readline(MAX_LINE)
        chunk += rest
        # A last line without an end counts; an empty text does not, as it is in every text.
        self.line += chunk.count("\n") + (chunk[-1:] not in "\r\n")
        # With newline="", a \r alone ends a line as well.
        if "\r" in chunk:
            self.line += chunk.count("\r") - chunk.count("\r\n")
        self._check_length(rest)
        return chunk

    def read_share(self) -> float:
        """Return the share of the file that was read; 1 if it is packed or no file."""
        buffer: Any = self._text.buffer
        file = getattr(buffer, "raw", None)
        if not isinstance(file, io.FileIO):
            return 1.0
        try:
            return float(buffer.tell()) / max(os.fstat(file.fileno()).st_size, 1)
        except OSError:  # a pipe
            return 1.0

    def first_line(self) -> str:
        """Return the first line, as far as it is buffered, without reading it."""
        buffer: Any = self._text.buffer
        return str(bytes(buffer.peek(1)).partition(b"\n")[0].decode(self.encoding, "replace"))

    def _check_length(self, line: str) -> None:
        if len(line) == MAX_LINE:
            raise DatasetError(
                f"{self.name}:{self.line}: a line is longer than {MAX_LINE >> 20} MB; "
                "the file is not a table"
            )

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            with damage_reported(self.name):
                yield
        except UnicodeError:
            if self._path != "-" and self.encoding in ("utf-8", "utf-8-sig"):
                raise _locate(self._path, self.name, self.hints) from None
            message = f"{self.name}: not {self.encoding} after line {self.line}"
            raise DatasetError(message, hint=self.hints.encoding) from None


@contextmanager
def open_text(
    path: str | Path, encoding: str = "auto", hints: Hints = TRAINING_HINTS
) -> Iterator[TextFile]:
    """Open a text for reading, packed or not; see `open_binary` and `as_text`."""
    with open_binary(path) as file:
        if file.kind != "text":
            raise DatasetError(f"{file.name} is a table; expected a text")
        with as_text(file, path, encoding, hints) as text:
            yield text


@contextmanager
def as_text(
    file: BinaryFile,
    path: FileSource,
    encoding: str = "auto",
    hints: Hints = TRAINING_HINTS,
    errors: str = "strict",
) -> Iterator[TextFile]:
    """Decode a file.

    Parameters
    ----------
    file : BinaryFile
    path : str, Path or FileContent
        With which it was opened.
    encoding : str
        A Python codec, or ``"auto"``: the one of the byte order mark, else UTF-8, else cp949 if
        that gives Korean text. latin-1 is never detected, since it decodes every file. For a
        prediction, a text that is UTF-8 is read as such whatever the training file was.
    hints : Hints
    errors : {"strict", "replace"}

    Raises
    ------
    DatasetError
        If the encoding is unknown, or cannot be detected.
    """
    with damage_reported(file.name):
        head = file.stream.peek(PEEK_BYTES)[:PEEK_BYTES]
    is_auto = encoding == "auto"
    if is_auto and errors == "replace":
        encoding = next((name for mark, name in BOMS.items() if head.startswith(mark)), "utf-8")
    elif is_auto or (not hints.has_options and is_surely_utf_8(head)):
        encoding = detect_encoding(head, file.name, hints)
    try:
        decoded = io.TextIOWrapper(file.stream, encoding=encoding, errors=errors, newline="")
    except (LookupError, ValueError):
        raise _unknown_encoding(encoding) from None
    yield TextFile(decoded, file.name, hints, path)
    decoded.detach()


def decode_text(data: bytes, name: str, encoding: str = "auto") -> str:
    """Decode a whole text and strip it; see `open_text` for the encodings.

    Raises
    ------
    DatasetError
        If it is not in that encoding, or its encoding is unknown.
    """
    encoding = detect_encoding(data, name) if encoding == "auto" else encoding
    try:
        return data.decode(encoding).strip()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DatasetError(f"{name}:{line}: not {encoding} (byte {error.start})") from None
    except LookupError:
        raise _unknown_encoding(encoding) from None


def _unknown_encoding(encoding: str) -> DatasetError:
    return DatasetError(f"unknown encoding {encoding!r}", hint="use utf-8, cp949, …")


def _locate(path: FileSource, name: str, hints: Hints) -> DatasetError:
    """Return the error for the first line of a file that is not UTF-8."""
    with open_binary(path) as file, damage_reported(name):
        before: list[bytes] = []
        for number, line in enumerate(iter(partial(file.stream.readline, MAX_LINE), b"")):
            if undecodable(line, "utf-8") is not None:
                after = [
                    other
                    for other, _ in zip(file.stream, range(MAX_UNDECODABLE_LINES), strict=False)
                ]
                head = b"".join(
                    [line, *(other for other in [*after, *before] if not other.isascii())]
                )
                return encoding_error(head, undecodable(head, "utf-8") or 0, name, hints, number)
            if not line.isascii() and len(before) < MAX_UNDECODABLE_LINES:
                before.append(line)
    return DatasetError(f"{name}: not UTF-8", hint=hints.encoding)
