"""The encoding of a text: detected where that is safe, otherwise proposed."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from dlcli.errors import DatasetError

MAX_EXCERPT = 40
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# Of several that fit equally well, the first is proposed.
ONE_BYTE = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "koi8_r", "cp437", "mac_roman")
# First and last letter of the script for which an encoding was made.
SCRIPTS = {"cp1251": "\u0400\u04ff", "koi8_r": "\u0400\u04ff", "cp1253": "\u0370\u03ff"}
TWO_BYTES = ("cp949", "cp932", "gb18030", "euc_jp", "big5")
MAX_WEIGHED_LINES = 200
# A text with fewer bytes that are not UTF-8 than this share of its other characters is UTF-8 with
# mistakes.
BROKEN_SHARE = 0.2
MIN_HANGUL, MIN_COMMON_HANGUL = 0.9, 0.8
MIN_ZEROS = 0.02
# Mean length of the runs of letters that are not ASCII, in languages of Latin letters.
MAX_WESTERN_RUN = 2
CHARACTER = re.compile(rb"[\x80-\xff]+")


class EncodingError(DatasetError):
    """A text is in none of the encodings that are detected.

    Attributes
    ----------
    encodings : tuple of str
        Encodings that it may be in, the most likely first; empty if it is UTF-8 with mistakes.
    """

    def __init__(self, message: str, *, hint: str, encodings: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.encodings = encodings


@dataclass(frozen=True)
class Hints:
    """What to try if a text cannot be read; in training, the loader has options for it."""

    encoding: str
    quoting: str
    has_options: bool


TRAINING_HINTS = Hints(
    "set the encoding in the loader, as in `encoding: cp949`",
    "set `quoting: false` in the loader if quotes are ordinary characters",
    has_options=True,
)
PREDICTION_HINTS = Hints(
    "save the file as UTF-8",
    'remove the quote; a quote within quotes is written twice, as in "a ""b"""',
    has_options=False,
)


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
    EncodingError
        If it is neither Unicode nor Korean text in cp949.
    """
    for mark, encoding in BOMS.items():
        if head.startswith(mark):
            return encoding
    if utf_16 := _utf_16_without_mark(head):
        return utf_16
    offset = undecodable(head, "utf-8")
    if offset is None:
        return "utf-8"
    if 0 in head:
        line = head[: head.index(0)].count(b"\n") + 1
        raise DatasetError(f"{name}:{line}: a NUL byte; the file is not text")
    if _is_korean(head):
        return "cp949"
    raise encoding_error(head, offset, name, hints)


def encoding_error(
    head: bytes, offset: int, name: str, hints: Hints = TRAINING_HINTS, lines_before: int = 0
) -> EncodingError:
    """Return the error for a text with a byte that is not UTF-8.

    Parameters
    ----------
    head : bytes
        Beginning of the text, or some of its lines.
    offset : int
        Place of the byte in it.
    name : str
    hints : Hints
    lines_before : int
        Number of lines in front of `head`.
    """
    begin = head.rfind(b"\n", 0, offset) + 1
    place = f"{name}:{lines_before + head[:offset].count(10) + 1}"
    byte = f"byte 0x{head[offset]:02x}"
    if broken := _broken_bytes(head):
        column = len(head[begin:offset].decode("utf-8", "replace")) + 1
        more = f", and {broken - 1} more" if broken > 1 else ""
        hint = "correct the file"
        if hints.has_options:
            hint += ", or set `encoding_errors: replace` in the loader, which reads it as '\ufffd'"
        return EncodingError(f"{place}:{column}: {byte} is not UTF-8{more}", hint=hint)
    encodings = tuple(_weigh(head[begin:]))
    content = head[begin:].partition(b"\n")[0].strip()
    hint = hints.encoding
    if hints.has_options:
        hint = f"set `encoding: {encodings[0]}` in the loader"
    texts: dict[str, str] = {}
    for encoding in encodings[:3]:
        texts.setdefault(content.decode(encoding, "replace"), encoding)
    readings = [
        f"{encoding} {excerpt(text)!r}" for text, encoding in texts.items() if "\ufffd" not in text
    ]
    if readings:
        hint += f"; the line as {', as '.join(readings)}"
    return EncodingError(f"{place}: not UTF-8 ({byte})", hint=hint, encodings=encodings)


def undecodable(head: bytes, encoding: str) -> int | None:
    """Return the position of the first byte that cannot be decoded; a cut character can."""
    try:
        # Incremental, since the head may end within a character.
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError as error:
        return error.start
    return None


def is_surely_utf_8(head: bytes) -> bool:
    """Tell whether a text has a byte order mark, or characters of several bytes in UTF-8."""
    if any(head.startswith(mark) for mark in BOMS):
        return True
    return not head.isascii() and undecodable(head, "utf-8") is None


def excerpt(line: str) -> str:
    """Return the surroundings of the first character that is not ASCII, or the beginning."""
    line = line.strip()
    at = next((at for at, character in enumerate(line) if ord(character) > 127), 0)
    return line[max(at - MAX_EXCERPT // 2, 0) :][:MAX_EXCERPT]


def _utf_16_without_mark(head: bytes) -> str | None:
    """Detect UTF-16 by the zero bytes of its ASCII characters, such as delimiters and digits."""
    zeros = head.count(0)
    if zeros < len(head) * MIN_ZEROS:
        return None
    for encoding, offset in (("utf-16-le", 1), ("utf-16-be", 0)):
        if head[offset::2].count(0) == zeros and undecodable(head, encoding) is None:
            text = codecs.getincrementaldecoder(encoding)().decode(head)
            if "\n" in text or "\r" in text:
                return encoding
    return None


def _is_korean(head: bytes) -> bool:
    """Tell whether a text is Korean in cp949.

    Text in other encodings often decodes as cp949 too, but rarely to hangul, and rarely to hangul
    of two bytes beyond 0xA0: in Western text a byte beyond ASCII is followed by an ASCII letter.
    """
    if undecodable(head, "cp949") is not None:
        return False
    text = codecs.getincrementaldecoder("cp949")().decode(head)
    letters = [c for c in text if ord(c) > 127 and c.isalpha()]
    hangul = [c for c in letters if "\uac00" <= c <= "\ud7a3"]
    common = sum(min(c.encode("cp949")) > 0xA0 for c in hangul)
    return len(hangul) > MIN_HANGUL * len(letters) and common > MIN_COMMON_HANGUL * len(hangul)


def _broken_bytes(head: bytes) -> int:
    """Return the number of bytes that are not UTF-8, if the other characters show that it is."""
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(head)
    broken = text.count("\ufffd")
    good = sum(len(found) > 1 and undecodable(found, "utf-8") is None
               for found in CHARACTER.findall(head))  # fmt: skip
    return broken if good and broken <= BROKEN_SHARE * good else 0


def _weigh(head: bytes) -> list[str]:
    """Return the encodings that a text may be in, the most likely first."""
    from charset_normalizer import from_bytes

    lines = [line for line in head.splitlines() if not line.isascii()][:MAX_WEIGHED_LINES]
    sample = b"\n".join(lines)
    two_bytes = [encoding for encoding in TWO_BYTES if _has_pairs(sample, encoding)]
    chaos: dict[str, float] = {}
    for match in from_bytes(sample, cp_isolation=[*ONE_BYTE, *two_bytes]):
        for encoding in match.could_be_from_charset:
            if _has_script(sample, encoding):
                chaos[encoding] = match.chaos
    order = [*two_bytes, *ONE_BYTE]
    runs = CHARACTER.findall(sample)
    if sum(map(len, runs)) > MAX_WESTERN_RUN * len(runs):
        for encoding in set(chaos) - {*SCRIPTS, *two_bytes}:
            chaos[encoding] += 1.0
        for encoding in SCRIPTS:  # charset-normalizer leaves them out of some short texts
            if undecodable(sample, encoding) is None and _has_script(sample, encoding):
                chaos.setdefault(encoding, 0.5)
    likely = sorted((encoding for encoding in order if encoding in chaos), key=chaos.__getitem__)
    if _is_korean(sample):
        return ["cp949"]
    # It is the usual one, and charset-normalizer leaves it out of some short texts.
    if undecodable(sample, "cp1252") is None:
        same = likely and sample.decode(likely[0]) == sample.decode("cp1252")
        if same or "cp1252" not in likely:
            likely = [encoding for encoding in likely if encoding != "cp1252"]
            likely.insert(0 if same else len(likely), "cp1252")
    return likely or ["latin-1"]


def _has_script(sample: bytes, encoding: str) -> bool:
    """Tell whether most characters beyond ASCII are letters for which the encoding was made."""
    if encoding not in SCRIPTS:
        return True
    first, last = SCRIPTS[encoding][0], SCRIPTS[encoding][1]
    beyond = [c for c in sample.decode(encoding, "replace") if ord(c) > 127]
    return sum(first <= c <= last for c in beyond) > len(beyond) / 2


def _has_pairs(sample: bytes, encoding: str) -> bool:
    """Tell whether nearly all characters beyond ASCII are East Asian ones of two bytes."""
    if undecodable(sample, encoding) is not None:
        return False
    runs = CHARACTER.findall(sample)
    alone = sum(len(run) == 1 for run in runs)
    text = codecs.getincrementaldecoder(encoding)().decode(sample)
    beyond = [c for c in text if ord(c) > 127]
    asian = sum("\u2e80" <= c <= "\ud7a3" or "\uff00" <= c <= "\uffef" for c in beyond)
    # In cp932 the second byte is often an ASCII character, but the first is then below 0xA0.
    low = sum(byte < 0xA0 for byte in sample if byte > 127)
    fits = low * 2 >= len(beyond) if encoding == "cp932" else alone * 5 <= len(runs)
    return fits and asian > MIN_COMMON_HANGUL * len(beyond)
