"""Names of the members of zip archives, also of those that Windows wrote in its own encoding."""

from __future__ import annotations

import zipfile

UTF8_FLAG = 0x800
ZIP_DEFAULT = "cp437"
# Share of usual syllables among the characters; European names read as cp949 have unusual ones.
MIN_USUAL = 0.5


def member_names(archive: zipfile.ZipFile) -> tuple[dict[zipfile.ZipInfo, str], str]:
    """Return the name of each member, and the encoding of names that do not tell theirs.

    Archives of macOS have UTF-8 names without the flag that says so, those of a Korean Windows
    have cp949 names; Python reads both as cp437.

    Returns
    -------
    names : dict
        By member, in the order of the archive; folders are left out.
    encoding : {"", "utf-8", "cp949"}
        Empty if all names are what Python reads.
    """
    members = [member for member in archive.infolist() if not member.is_dir()]
    raw = {
        member: member.filename.encode(ZIP_DEFAULT)
        for member in members
        if not member.flag_bits & UTF8_FLAG and not member.filename.isascii()
    }
    encoding = _encoding_of(list(raw.values())) if raw else ""
    names = {
        member: raw[member].decode(encoding) if encoding and member in raw else member.filename
        for member in members
    }
    return names, encoding


def _encoding_of(names: list[bytes]) -> str:
    joined = b"\n".join(names)
    for encoding in ("utf-8", "cp949"):
        try:
            text = joined.decode(encoding)
        except UnicodeDecodeError:
            continue
        foreign = [character for character in text if not character.isascii()]
        usual = sum(map(_is_usual_hangul, foreign))
        if encoding == "utf-8" or usual >= MIN_USUAL * len(foreign):
            return encoding
    return ""


def _is_usual_hangul(character: str) -> bool:
    """Tell whether a character is one of the 2350 syllables of KS X 1001."""
    # Other syllables are composed of eight bytes.
    return "가" <= character <= "힣" and len(character.encode("euc_kr")) == 2
