"""Text files: opened, decompressed, decoded, and read by lines or by chunks of lines."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, TextIO, cast

from dlcli.errors import DatasetError

PEEK_BYTES = 1 << 20
# In characters; a file with a longer line is not text.
MAX_LINE = 1 << 24
MAX_EXCERPT = 40
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True)
class Hints:
    """What to try if a text cannot be read; in training, the loader has options for it."""

    encoding: str
    quoting: str


TRAINING_HINTS = Hints(
    "set the encoding in the loader, as in `encoding: cp949`",
    "set `quoting: false` in the loader if quotes are ordinary characters",
)
PREDICTION_HINTS = Hints(
    "save the file as UTF-8",
    'remove the quote; a quote within quotes is written twice, as in "a ""b"""',
)


class TextFile:
    """A text that is read once, by lines or chunks; errors name the file and the line.

    Parameters
    ----------
    text : text file
        Opened with ``newline=""``.
    name : str
        Name of the file, for messages.
    hints : Hints

    Attributes
    ----------
    line : int
        Number of lines read so far.
    """

    def __init__(self, text: TextIO, name: str, hints: Hints = TRAINING_HINTS) -> None:
        self.name, self.hints = name, hints
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
            with _damage_reported(self.name):
                yield
        except UnicodeError:
            message = f"{self.name}: not {self.encoding} after line {self.line}"
            raise DatasetError(message, hint=self.hints.encoding) from None


@contextmanager
def _damage_reported(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{name} is damaged: {error}") from None


@contextmanager
def open_text(
    path: str | Path, encoding: str = "auto", hints: Hints = TRAINING_HINTS
) -> Iterator[TextFile]:
    """Open a text for reading, gzipped or not.

    Parameters
    ----------
    path : str or Path
        A regular file, or ``"-"`` for standard input.
    encoding : str
        A Python codec, or ``"auto"``: the one of the byte order mark, else UTF-8, else cp949 if
        that gives Korean text. latin-1 is never detected, since it decodes every file.
    hints : Hints

    Raises
    ------
    DatasetError
        If there is no such file, or its encoding is unknown.
    """
    name = str(path) if path != "-" else "standard input"
    with _open_bytes(path) as raw:
        buffered = cast(io.BufferedReader, raw)
        if buffered.peek(2)[:2] == b"\x1f\x8b":
            unpacked = gzip.GzipFile(fileobj=buffered)
            buffered = io.BufferedReader(cast(io.RawIOBase, unpacked), PEEK_BYTES)
        if encoding == "auto":
            with _damage_reported(name):
                head = buffered.peek(PEEK_BYTES)[:PEEK_BYTES]
            encoding = detect_encoding(head, name, hints)
        try:
            text = io.TextIOWrapper(buffered, encoding=encoding, newline="")
        except (LookupError, ValueError):
            raise _unknown_encoding(encoding) from None
        yield TextFile(text, name, hints)
        text.detach()


@contextmanager
def _open_bytes(path: str | Path) -> Iterator[IO[bytes]]:
    if path == "-" and sys.stdin is None:
        raise DatasetError("there is no standard input")
    if path == "-":
        # A new reader with a buffer that is large enough to detect the encoding.
        yield io.BufferedReader(
            cast(io.RawIOBase, getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)), PEEK_BYTES
        )
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


def detect_encoding(head: bytes, name: str, hints: Hints = TRAINING_HINTS) -> str:
    """Detect the encoding of a text from its beginning.

    Parameters
    ----------
    head : bytes
    name : str
        Name of the file, for messages.
    hints : Hints

    Raises
    ------
    DatasetError
        If it is neither Unicode nor Korean text in cp949.
    """
    for mark, encoding in BOMS.items():
        if head.startswith(mark):
            return encoding
    offset = _undecodable(head, "utf-8")
    if offset is None:
        return "utf-8"
    if _undecodable(head, "cp949") is None:
        # Text in other encodings often decodes as cp949 too, but rarely to hangul.
        text = codecs.getincrementaldecoder("cp949")().decode(head)
        non_ascii = [character for character in text if ord(character) > 127]
        hangul = [character for character in non_ascii if "\uac00" <= character <= "\ud7a3"]
        if len(hangul) > 0.7 * len(non_ascii):
            return "cp949"
    line = head[:offset].count(b"\n") + 1
    begin = head.rfind(b"\n", 0, offset) + 1
    content = head[begin:].partition(b"\n")[0].strip()
    decoded = {encoding: content.decode(encoding, "replace") for encoding in ("cp949", "latin-1")}
    readings = [
        f"{encoding} {_non_ascii_excerpt(text)!r}"
        for encoding, text in decoded.items()
        if "\ufffd" not in text
    ]
    raise DatasetError(
        f"{name}:{line}: not UTF-8 (byte 0x{head[offset]:02x})",
        hint=f"{hints.encoding}; the line as {', as '.join(readings)}",
    )


def _non_ascii_excerpt(line: str) -> str:
    """Return the surroundings of the first character that is not ASCII."""
    at = next(at for at, character in enumerate(line) if ord(character) > 127)
    return line[max(at - MAX_EXCERPT // 2, 0) :][:MAX_EXCERPT]


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


def _undecodable(head: bytes, encoding: str) -> int | None:
    """Return the position of the first byte that cannot be decoded; a cut character can."""
    try:
        # Incremental, since the head may end within a character.
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError as error:
        return error.start
    return None
