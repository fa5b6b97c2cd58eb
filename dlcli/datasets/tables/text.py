"""Text from a file or standard input, whatever its encoding, gzipped or not."""

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
from typing import IO, TextIO, cast

from dlcli.errors import DatasetError

HEAD = 1 << 20
# Characters of a line, beyond which a file is no text, whatever it begins with.
LONGEST_LINE = 1 << 24
TOO_LONG = f"a line of more than {LONGEST_LINE >> 20} MB; this is no table"
SHOWN = 40
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True)
class Advice:
    """What to try with a text that cannot be read: in training a loader can be told more."""

    encoding: str
    quoting: str


FOR_TRAINING = Advice(
    "name the encoding in the loader, as in `encoding: cp949`",
    "set `quoting: false` in the loader if quotes are plain text",
)
FOR_PREDICTION = Advice(
    "save the file as UTF-8",
    'remove the quote; a quote within quotes is written twice, as in "a ""b"""',
)


@contextmanager
def open_text(
    path: str | Path, encoding: str = "auto", advice: Advice = FOR_TRAINING
) -> Iterator[TextIO]:
    """Open a text for reading.

    Parameters
    ----------
    path : str or Path
        A regular file, or ``"-"`` for standard input.
    encoding : str
        A Python codec, or ``"auto"``: by the byte order mark, else UTF-8, else cp949 if the
        text is Korean in it. Nothing is ever read as latin-1 by itself, since every file can be.
    advice : Advice
        What to say of a text that cannot be read.

    Raises
    ------
    DatasetError
        If there is no such file, or its encoding cannot be told.
    """
    with _open_bytes(path) as raw:
        buffered = cast(io.BufferedReader, raw)
        if buffered.peek(2)[:2] == b"\x1f\x8b":
            unpacked = gzip.GzipFile(fileobj=buffered)
            buffered = io.BufferedReader(cast(io.RawIOBase, unpacked), HEAD)
        name = str(path) if path != "-" else "standard input"
        if encoding == "auto":
            encoding = detect_encoding(_peek(buffered, name), name, advice)
        try:
            text = io.TextIOWrapper(buffered, encoding=encoding, newline="")
        except (LookupError, ValueError):
            raise DatasetError(f"unknown encoding {encoding!r}", hint="utf-8, cp949, …") from None
        yield text
        text.detach()


def _peek(buffered: io.BufferedReader, name: str) -> bytes:
    try:
        return buffered.peek(HEAD)[:HEAD]
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{name} is damaged: {error}") from None


def read_lines(text: TextIO, name: str, advice: Advice) -> Iterator[str]:
    """Yield the lines of a text.

    Raises
    ------
    DatasetError
        If it is not in its encoding, damaged, or a line is longer than any table's.
    """
    line = 0
    try:
        for line, content in enumerate(iter(partial(text.readline, LONGEST_LINE), ""), 1):
            if len(content) == LONGEST_LINE:
                raise DatasetError(f"{name}:{line}: {TOO_LONG}")
            yield content
    except UnicodeError:
        message = f"{name}: not {text.encoding} after line {line}"
        raise DatasetError(message, hint=advice.encoding) from None
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{name} is damaged: {error}") from None


@contextmanager
def _open_bytes(path: str | Path) -> Iterator[IO[bytes]]:
    if path == "-" and sys.stdin is None:
        raise DatasetError("there is no standard input")
    if path == "-":
        # A reader of our own, whose buffer is large enough to look ahead.
        yield io.BufferedReader(
            cast(io.RawIOBase, getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)), HEAD
        )
        return
    path = Path(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise DatasetError(f"no file {str(path)!r}") from None
    except (OSError, ValueError) as error:  # a NUL byte in the name
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(f"cannot read {path}: {reason}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DatasetError(f"{path} is not a regular file")
    with os.fdopen(descriptor, "rb", buffering=HEAD) as file:
        yield file


def detect_encoding(head: bytes, name: str, advice: Advice = FOR_TRAINING) -> str:
    """Tell the encoding of a text from its beginning.

    Parameters
    ----------
    head : bytes
        As much as is at hand.
    name : str
        What messages call the file.
    advice : Advice
        What to say if it cannot be told.
    """
    for mark, encoding in BOMS.items():
        if head.startswith(mark):
            return encoding
    if _decodes(head, "utf-8"):
        return "utf-8"
    if _decodes(head, "cp949"):
        text = codecs.getincrementaldecoder("cp949")().decode(head)
        foreign = [character for character in text if ord(character) > 127]
        hangul = [character for character in foreign if "\uac00" <= character <= "\ud7a3"]
        if len(hangul) > 0.7 * len(foreign):
            return "cp949"
    offset = _first_error(head)
    line = head[:offset].count(b"\n") + 1
    begin = head.rfind(b"\n", 0, offset) + 1
    shown = head[begin:].partition(b"\n")[0].strip()
    read = {encoding: shown.decode(encoding, "replace") for encoding in ("cp949", "latin-1")}
    could = [f"{key} {_foreign(text)!r}" for key, text in read.items() if "\ufffd" not in text]
    raise DatasetError(
        f"{name}:{line}: not UTF-8 (byte 0x{head[offset]:02x})",
        hint=f"{advice.encoding}; the line would read in {', in '.join(could)}",
    )


def _foreign(line: str) -> str:
    """Return the first part of a line that is not ASCII, with what stands around it."""
    at = next(at for at, character in enumerate(line) if ord(character) > 127)
    return line[max(at - SHOWN // 2, 0) :][:SHOWN]


def decode_text(data: bytes, name: str, encoding: str = "auto") -> str:
    """Decode a whole text; see `open_text` for the encodings.

    Raises
    ------
    DatasetError
        If it is not in that encoding, or its encoding cannot be told.
    """
    encoding = detect_encoding(data, name) if encoding == "auto" else encoding
    try:
        return data.decode(encoding).strip()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DatasetError(f"{name}:{line}: not {encoding} (byte {error.start})") from None
    except LookupError:
        raise DatasetError(f"unknown encoding {encoding!r}", hint="utf-8, cp949, …") from None


def _decodes(head: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _first_error(head: bytes) -> int:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return 0
