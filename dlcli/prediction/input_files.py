"""Images, recordings and texts to predict: found in folders, archives and tables, and decoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.datasets.file_content import FileContent
from dlcli.datasets.media import (
    MAX_SAMPLES,
    SUFFIXES,
    bad_files_error,
    bad_files_notices,
    decode_audio,
    decode_image,
    decode_in_threads,
    is_collection,
    left_out_notices,
    list_names,
    normalized,
    read_file,
    read_file_list,
    walk,
)
from dlcli.datasets.tables import decode_text, is_surely_utf_8
from dlcli.errors import DatasetError
from dlcli.models.signature import Signature
from dlcli.prediction.file_kinds import medium_of

if TYPE_CHECKING:
    from dlcli.config.loader_base import OnBadFile

SKIP_HINT = "remove them, or leave them out with --on-bad-file skip"
SENT_HINT = "correct them or remove them"
# A block ends after MAX_BLOCK_FILES files or MAX_BLOCK_VALUES pixels, samples or characters.
MAX_BLOCK_FILES = 256
MAX_BLOCK_VALUES = 4_000_000
# Of a recording that another program sends, at the sampling rate of the model: some 20 minutes.
MAX_SENT_SAMPLES = 1 << 24
# A label is a text, or a tuple of texts if the target has several columns.
Chunk = tuple[list[str], list[Any], list[Any]]


class InputFiles:
    """The files to predict, decoded in blocks; those that are left out or unreadable are counted.

    Parameters
    ----------
    paths, signature, on_bad_file
        See `read_files`.
    """

    def __init__(
        self, paths: Sequence[Path | FileContent], signature: Signature, on_bad_file: OnBadFile
    ) -> None:
        self.paths, self.signature, self.on_bad_file = paths, signature, on_bad_file
        self.suffixes = SUFFIXES[medium_of(signature)]
        self.left_out: list[PurePosixPath] = []
        self.errors: list[DatasetError] = []

    @property
    def noun(self) -> str:
        """What the labels of the files are: names of folders, or those in a table."""
        return "label" if any(self._is_list(path) for path in self.paths) else "folder"

    def _is_list(self, path: Path | FileContent) -> bool:
        if isinstance(path, FileContent):
            return False
        return not is_collection(path) and path.suffix.lower() not in self.suffixes

    def notices(self) -> list[str]:
        """Return notices about the files that are not predicted."""
        return [*left_out_notices(self.left_out), *bad_files_notices(self.errors)]

    def chunks(self) -> Iterator[Chunk]:
        """Yield the names, labels and decoded contents of the files of each block."""
        chunk: Chunk = ([], [], [])
        size = 0
        is_sent = any(isinstance(path, FileContent) for path in self.paths)
        max_samples = MAX_SENT_SAMPLES if is_sent else MAX_SAMPLES
        decode = partial(_decode, signature=self.signature, max_samples=max_samples)
        for (name, label), item in decode_in_threads(self._contents(), decode):
            if isinstance(item, DatasetError):
                self.errors.append(item)
            # After an error nothing is predicted, but all others are found.
            if self.errors and self.on_bad_file == "error":
                continue
            if isinstance(item, DatasetError):
                continue
            for values, value in zip(chunk, (name, label, item), strict=True):
                values.append(value)
            size += len(item) if isinstance(item, str) else item.size
            if size > MAX_BLOCK_VALUES or len(chunk[0]) == MAX_BLOCK_FILES:
                yield chunk
                chunk, size = ([], [], []), 0
        if self.errors and self.on_bad_file == "error":
            is_sent = any(isinstance(path, FileContent) for path in self.paths)
            hint = SENT_HINT if is_sent else SKIP_HINT
            raise bad_files_error(self.errors, hint, len(self.errors))
        if chunk[0]:
            yield chunk

    def _contents(self) -> Iterator[tuple[tuple[str, Any], bytes, str]]:
        """Yield the name and label of each file, its content, and its name for messages."""
        for path in self.paths:
            if isinstance(path, FileContent):
                yield (path.name, ""), path.data, path.name
            elif is_collection(path):
                names = list_names(path)
                others = [name for name in names if name.suffix.lower() not in self.suffixes]
                self.left_out += [PurePosixPath(path.as_posix()) / name for name in others]
                for name, data in walk(path, self.suffixes):
                    label = _class_folder(name, self.signature)
                    yield (str(path / name), label), data, str(path / name)
            elif self._is_list(path):
                yield from self._listed(path)
            else:
                yield (str(path), ""), read_file(path), str(path)

    def _listed(self, path: Path) -> Iterator[tuple[tuple[str, Any], bytes, str]]:
        """Yield the files that a table lists."""
        listed = read_file_list(path, self.suffixes)
        names, target = listed.table.names, self.signature.target
        labels: list[Any] = [""] * len(listed.names)
        wanted = () if target is None else target.columns or (target.name,)
        if wanted and set(wanted) <= set(names):
            texts = [
                [normalized(str(text).strip()) for text in listed.table.column(name).texts]
                for name in wanted
            ]
            labels = texts[0] if len(texts) == 1 else list(zip(*texts, strict=True))
        for name, label, file in zip(listed.names, labels, listed.files(), strict=True):
            if isinstance(file, DatasetError):
                self.errors.append(file)
            else:
                yield (name, label), read_file(file), str(file)


def _class_folder(name: PurePosixPath, signature: Signature) -> str:
    """Return the outermost folder of a file that is a class of the model, or its own folder."""
    folders = [normalized(folder) for folder in name.parts[:-1]]
    classes = classes_of(signature)
    own = folders[-1] if folders else ""
    return next((folder for folder in folders if folder in classes), own)


def classes_of(signature: Signature) -> set[str]:
    """Return the names of the classes of a model, also as its files spell them."""
    target = signature.target
    return {*signature.class_names, *(target.labels if target else ())}


def _decode(data: bytes, name: str, signature: Signature, max_samples: int) -> Any:
    """Decode a file: pixels of an image, samples of a recording, or a text."""
    if signature.is_text:
        # A text that is UTF-8 is read as such, whatever those of the training were.
        encoding = "auto" if is_surely_utf_8(data) else signature.dialect.encoding
        return decode_text(data, name, encoding)
    if signature.medium.kind == "audio":
        return decode_audio(data, name, signature.medium.sampling_rate, max_samples)[0]
    height, width, channels = signature.preprocessor.shape
    pixels = decode_image(data, name, channels, (height, width))
    return pixels.astype(np.float32) * (signature.medium.high / 255)
