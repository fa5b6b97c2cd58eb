"""The zip file around a model: members as Keras and dlcli write them, and nothing else.

Both store what they write as it is. Without compression there are no bombs, and every byte of a
member stands in the file.
"""

from __future__ import annotations

import re
import stat
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from dlcli.errors import ModelFileError
from dlcli.models.inspection.source import ZIP
from dlcli.models.limits import Limits

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
KERAS_NAMES = (
    "config.json",
    "metadata.json",
    "model.weights.h5",
    "dlcli.json",
    "dlcli.onnx",
)
ASSET = re.compile(r"assets/[\w. -]+(/[\w. -]+)*/?", re.ASCII)
HEADER = struct.Struct("<4sHHHHHIIIHH")
IS_ENCRYPTED = 1


def inspect_archive(path: Path, file: BinaryIO, size: int, limits: Limits) -> list[str]:
    """Return the names of the members of a ``.keras`` file, if they are what they should be.

    Parameters
    ----------
    path : Path
        For messages.
    file : binary file
    size : int
        Of the file.
    limits : Limits

    Raises
    ------
    ModelFileError
        If the file is damaged, no model, or a trick.
    """
    members = read_members(path, file, size, limits)
    for member in members:
        asset = ASSET.fullmatch(member.filename) and ".." not in member.filename.split("/")
        if member.filename not in KERAS_NAMES and not asset:
            raise ModelFileError(
                f"{path} is refused: a Keras model has no member {member.filename[:80]!r}"
            )
        if member.filename.endswith(".json") and member.file_size > limits.text:
            raise ModelFileError(f"{path}: {member.filename} is larger than {limits.text >> 20} MB")
    names = [member.filename for member in members]
    if CONFIG not in names:
        raise ModelFileError(f"{path} is a zip file, but no Keras model")
    if WEIGHTS not in names:
        raise ModelFileError(f"{path} has no weights")
    return names


def read_members(
    path: Path, file: BinaryIO, size: int, limits: Limits
) -> Sequence[zipfile.ZipInfo]:
    """Return the members of a zip file that stores each as it is, once, and in its own place.

    Raises
    ------
    ModelFileError
        If the file is damaged or does anything else.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            end = archive.start_dir
    # NotImplementedError is a version of the format that zipfile does not know, ValueError a
    # seek before the start.
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, struct.error) as error:
        raise _damaged(path, file, size, error) from None
    if len(members) > limits.members:
        raise ModelFileError(f"{path} is refused: {len(members)} members")
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        raise ModelFileError(f"{path} is refused: a member is there twice")
    at = 0
    for member in sorted(members, key=lambda item: item.header_offset):
        _check_member(path, member)
        at = _end_of(path, file, member, at)
    if at > end or any(member.orig_filename != member.filename for member in members):
        raise ModelFileError(f"{path} is refused: its members overlap")
    return members


def _check_member(path: Path, member: zipfile.ZipInfo) -> None:
    name = member.filename[:80]
    if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
        raise ModelFileError(
            f"{path} is refused: {name!r} is compressed, or no member has its size"
        )
    if member.flag_bits & IS_ENCRYPTED:
        raise ModelFileError(f"{path} is refused: {name!r} is encrypted")
    mode = member.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ModelFileError(f"{path} is refused: {name!r} is a link or a device")


def place_of(file: BinaryIO, member: zipfile.ZipInfo) -> tuple[int, int]:
    """Return where the content of a member starts, which is stored as it is, and its size."""
    file.seek(member.header_offset)
    *_, name_size, extra_size = HEADER.unpack(file.read(HEADER.size))
    return member.header_offset + HEADER.size + name_size + extra_size, member.file_size


def _end_of(path: Path, file: BinaryIO, member: zipfile.ZipInfo, start: int) -> int:
    """Return where a member ends that begins at `start` or later, by its own header."""
    file.seek(member.header_offset)
    header = file.read(HEADER.size)
    if len(header) < HEADER.size or not header.startswith(ZIP):
        raise ModelFileError(f"{path} is damaged: the header of {member.filename[:80]!r}")
    *_, name_size, extra_size = HEADER.unpack(header)
    if member.header_offset < start or (start == 0 and member.header_offset):
        raise ModelFileError(f"{path} is refused: its members overlap, or something is before them")
    if file.read(name_size) not in _spellings(member.orig_filename):
        raise ModelFileError(f"{path} is refused: a member has two names")
    return int(member.header_offset + HEADER.size + name_size + extra_size + member.file_size)


def _spellings(name: str) -> set[bytes]:
    return {name.encode(errors="replace"), name.encode("cp437", "replace")}


def _damaged(path: Path, file: BinaryIO, size: int, error: Exception) -> ModelFileError:
    """Say how much of a file is missing, as far as its first headers tell."""
    at = 0
    while True:
        file.seek(at)
        header = file.read(HEADER.size)
        if len(header) < HEADER.size or not header.startswith(ZIP):
            reason = "its end is missing" if at else str(error)
            return ModelFileError(f"{path} is damaged or incomplete: {reason}")
        *_, stored, _, name_size, extra_size = HEADER.unpack(header)
        at += HEADER.size + name_size + extra_size + stored
        if stored == 0xFFFFFFFF:
            return ModelFileError(f"{path} is damaged or incomplete: {error}")
        if at > size:
            return ModelFileError(
                f"{path} is damaged or incomplete (expected more than {at:,} bytes, found {size:,})"
            )
