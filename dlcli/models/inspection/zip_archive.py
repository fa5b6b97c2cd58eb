"""Inspect the zip file around a model or around NumPy arrays.

Keras, NumPy and dlcli store members uncompressed. Compressed members are refused: a small file
then cannot expand into a large one, and every byte of a member is in the file.
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
from dlcli.models.inspection.source import ZIP_MAGIC
from dlcli.models.limits import Limits

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
MEMBERS = (CONFIG, WEIGHTS, "metadata.json", "dlcli.json", "dlcli.onnx")
ASSET = re.compile(r"assets/[\w. -]+(/[\w. -]+)*/?", re.ASCII)
LOCAL_HEADER = struct.Struct("<4sHHHHHIIIHH")
ENCRYPTED_FLAG = 1
ZIP64_SIZE = 0xFFFFFFFF  # The size is in an extra field.


def inspect_archive(path: Path, file: BinaryIO, size: int, limits: Limits) -> None:
    """Check that a ``.keras`` file has the members of a Keras model and no others.

    Parameters
    ----------
    path : Path
        For messages.
    file : binary file
    size : int
        Bytes of the file.
    limits : Limits

    Raises
    ------
    ModelFileError
        If the file is damaged, is not a model, or has members that no model has.
    """
    members = read_members(path, file, size, limits)
    for member in members:
        # Assets are extracted to a folder: a name must not lead out of it.
        is_asset = ASSET.fullmatch(member.filename) and ".." not in member.filename.split("/")
        if member.filename not in MEMBERS and not is_asset:
            raise ModelFileError(
                f"{path} is refused: a Keras model has no member {member.filename[:80]!r}"
            )
        if member.filename.endswith(".json") and member.file_size > limits.text:
            raise ModelFileError(f"{path}: {member.filename} is larger than {limits.text >> 20} MB")
    names = [member.filename for member in members]
    if CONFIG not in names:
        raise ModelFileError(f"{path} is a zip file, but not a Keras model")
    if WEIGHTS not in names:
        raise ModelFileError(f"{path} has no weights")


def read_members(
    path: Path, file: BinaryIO, size: int, limits: Limits
) -> Sequence[zipfile.ZipInfo]:
    """Return the members of a zip file, which are uncompressed, unique and do not overlap.

    Raises
    ------
    ModelFileError
        If the file is damaged or a member is not stored like that.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            end = archive.start_dir
    # NotImplementedError: an unknown version of the format. ValueError: a negative offset.
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, struct.error) as error:
        raise _damaged(path, file, size, error) from None
    if len(members) > limits.members:
        raise ModelFileError(f"{path} is refused: {len(members)} members")
    # Readers differ in which of two members with one name they use: the inspected one may not be
    # the one that is loaded.
    if len({member.filename for member in members}) < len(members):
        raise ModelFileError(f"{path} is refused: duplicate member name")
    position = 0
    for member in sorted(members, key=lambda item: item.header_offset):
        _check_member(path, member)
        position = _end_of(path, file, member, position, end)
    # Overlapping members expand a small file, as in zip bombs. A name that zipfile cut, at a NUL
    # byte, is another name for other readers.
    if position > end or any(member.orig_filename != member.filename for member in members):
        raise ModelFileError(f"{path} is refused: its members overlap")
    return members


def _check_member(path: Path, member: zipfile.ZipInfo) -> None:
    name = member.filename[:80]
    if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
        raise ModelFileError(f"{path} is refused: {name!r} is compressed or has a wrong size")
    if member.flag_bits & ENCRYPTED_FLAG:
        raise ModelFileError(f"{path} is refused: {name!r} is encrypted")
    # Tools that extract a link may write the next members where it points.
    mode = member.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ModelFileError(f"{path} is refused: {name!r} is a link or a device")


def content_range(file: BinaryIO, member: zipfile.ZipInfo) -> tuple[int, int]:
    """Return position and size of the content of an uncompressed member."""
    file.seek(member.header_offset)
    *_, name_size, extra_size = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
    return member.header_offset + LOCAL_HEADER.size + name_size + extra_size, member.file_size


def _end_of(path: Path, file: BinaryIO, member: zipfile.ZipInfo, start: int, end: int) -> int:
    """Return where a member ends, whose local header must be between `start` and `end`."""
    # Bytes before the first member could be a file of another format. A wrong place of the
    # directory makes the offsets of members negative, or larger than the file.
    is_outside = not start <= member.header_offset < end
    if is_outside or (start == 0 and member.header_offset):
        raise ModelFileError(f"{path} is refused: members overlap, or bytes precede them")
    file.seek(member.header_offset)
    header = file.read(LOCAL_HEADER.size)
    if len(header) < LOCAL_HEADER.size or not header.startswith(ZIP_MAGIC):
        raise ModelFileError(f"{path} is damaged: the header of {member.filename[:80]!r}")
    *_, name_size, extra_size = LOCAL_HEADER.unpack(header)
    # Some readers take the name from the local header, others from the directory at the end.
    if file.read(name_size) not in _encodings(member.orig_filename):
        raise ModelFileError(f"{path} is refused: a member has two names")
    return int(member.header_offset + LOCAL_HEADER.size + name_size + extra_size + member.file_size)


def _encodings(name: str) -> set[bytes]:
    return {name.encode(errors="replace"), name.encode("cp437", "replace")}


def _damaged(path: Path, file: BinaryIO, size: int, error: Exception) -> ModelFileError:
    """Return an error with the expected size, if the local headers before the damage have it."""
    prefix = f"{path} is damaged or incomplete"
    position = 0
    while True:
        file.seek(position)
        header = file.read(LOCAL_HEADER.size)
        if len(header) < LOCAL_HEADER.size or not header.startswith(ZIP_MAGIC):
            return ModelFileError(f"{prefix}: {'its end is missing' if position else error}")
        *_, stored, _, name_size, extra_size = LOCAL_HEADER.unpack(header)
        position += LOCAL_HEADER.size + name_size + extra_size + stored
        if stored == ZIP64_SIZE:
            return ModelFileError(f"{prefix}: {error}")
        if position > size:
            return ModelFileError(
                f"{prefix} (expected more than {position:,} bytes, found {size:,})"
            )
