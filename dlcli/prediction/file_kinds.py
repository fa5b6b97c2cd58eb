"""Tell by their names which files hold images, recordings or texts, and which hold rows."""

from __future__ import annotations

from pathlib import Path

from dlcli.datasets import media
from dlcli.datasets.media import SUFFIXES
from dlcli.errors import DatasetError
from dlcli.models.signature import Signature

# Suffixes of images and recordings, also of formats that cannot be read. Such a file is never
# parsed as rows of a table.
MEDIA_SUFFIXES = (
    *SUFFIXES["image"], *SUFFIXES["audio"], ".heic", ".svg", ".pdf", ".mp3", ".ogg", ".flac",
    ".m4a",
)  # fmt: skip
TABLE_SUFFIXES = (".csv", ".tsv", ".txt")


def medium_of(signature: Signature) -> str:
    """Return the kind of files that a model takes."""
    return "text" if signature.is_text else signature.medium.kind


def is_media(path: Path, signature: Signature) -> bool:
    """Whether a path is a sample or a collection of samples.

    These are a file, a folder, an archive, and a table of the names of images or recordings. A
    single ``.txt`` file with texts is none: it contains a text per line.
    """
    kind = medium_of(signature)
    suffixes = SUFFIXES.get(kind, ())
    is_sample = kind != "text" and path.suffix.lower() in suffixes
    return bool(suffixes) and (media.is_collection(path) or is_sample or _is_list(path, signature))


def _is_list(path: Path, signature: Signature) -> bool:
    """Whether a path is a table of the names of images or recordings."""
    kind = medium_of(signature)
    may_be = kind in ("image", "audio") and path.suffix.lower() in TABLE_SUFFIXES
    pixels = len(signature.columns) if kind == "image" else 0
    return may_be and media.lists_files(path, SUFFIXES[kind], width=pixels)


def check_can_contain_rows(path: Path, signature: Signature) -> None:
    """Check that a file can contain rows for the model.

    Raises
    ------
    DatasetError
        If the file is an image or a recording, of an unknown format or for a model of rows, or
        the model takes only recordings.
    """
    kind = medium_of(signature)
    if kind not in SUFFIXES and path.suffix.lower() in MEDIA_SUFFIXES:
        raise DatasetError(
            f"{path} is not a table; the model takes rows",
            hint="name a CSV or JSON Lines file with the columns of the model",
        )
    if kind in SUFFIXES and (kind == "audio" or path.suffix.lower() in MEDIA_SUFFIXES):
        suffixes = ", ".join(SUFFIXES[kind])
        raise DatasetError(
            f"{path}: the model takes {suffixes} files, and folders, archives or tables of them"
        )
