"""Read images, recordings and texts from files, and windows from series, for prediction."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from dlcli.datasets.media import (
    SUFFIXES,
    decode_audio,
    decode_image,
    is_collection,
    read_file,
    walk,
)
from dlcli.datasets.tables import decode_text, objects, read_series, to_numbers, windows
from dlcli.errors import DatasetError
from dlcli.models.signature import Signature
from dlcli.prediction.rows import RawBlock

# Suffixes of images and recordings, also of formats that cannot be read. Such a file is never
# parsed as rows of a table.
MEDIA_SUFFIXES = (
    *SUFFIXES["image"], *SUFFIXES["audio"], ".gif", ".bmp", ".webp", ".tif", ".tiff", ".heic",
    ".svg", ".pdf", ".mp3", ".ogg", ".flac", ".m4a",
)  # fmt: skip
# A block ends after MAX_BLOCK_FILES files or MAX_BLOCK_VALUES pixels, samples or characters.
MAX_BLOCK_FILES = 256
MAX_BLOCK_VALUES = 4_000_000
WINDOWS_PER_BLOCK = 8192


def _kind(signature: Signature) -> str:
    return "text" if signature.is_text else signature.medium.kind


def is_media(path: Path, signature: Signature) -> bool:
    """Whether a path is a sample or a collection of samples: a file, a folder or an archive.

    A single ``.txt`` file is not: it contains a text per line.
    """
    kind = _kind(signature)
    suffixes = SUFFIXES.get(kind, ())
    is_sample = kind != "text" and path.suffix.lower() in suffixes
    return bool(suffixes) and (is_collection(path) or is_sample)


def check_can_contain_rows(path: Path, signature: Signature) -> None:
    """Check that a file can contain rows for the model.

    Raises
    ------
    DatasetError
        If the file is an image or a recording of an unknown format, or the model takes only
        recordings.
    """
    kind = _kind(signature)
    if kind in SUFFIXES and (kind == "audio" or path.suffix.lower() in MEDIA_SUFFIXES):
        suffixes = ", ".join(SUFFIXES[kind])
        raise DatasetError(
            f"{path}: the model takes {suffixes} files, and folders or archives of them"
        )


def read_files(
    paths: Sequence[Path], signature: Signature, *, invert: bool = False, labelled: bool = False
) -> Generator[RawBlock]:
    """Read images, recordings or texts.

    Parameters
    ----------
    paths : sequence of Path
        Files, folders and archives.
    signature : Signature
        Signature of a model that takes such files.
    invert : bool
        Whether to invert the pixels of images.
    labelled : bool
        Whether each file must be in a folder with the name of its class.

    Raises
    ------
    DatasetError
        If a file cannot be read, there are no files, or, with ``labelled``, a folder is not a
        class of the model.
    """
    kind = _kind(signature)
    is_empty = True
    for names, folders, items in _chunks(paths, signature):
        is_empty = False
        notices: tuple[str, ...] = ()
        if kind == "image":
            values: Any = np.stack(items)
            values = signature.medium.high - values if invert else values
            notices = _brightness_notice(float(values.mean()), signature)
        else:
            values = {signature.names[0]: objects(items)}
        labels = _labels(folders, signature, labelled=labelled)
        yield RawBlock(values, len(names), names[0], notices, labels, names=names)
    if is_empty:
        suffixes = ", ".join(SUFFIXES[kind])
        raise DatasetError(f"no {suffixes} files in {', '.join(map(str, paths))}")


Chunk = tuple[list[str], list[str], list[Any]]


def _chunks(paths: Sequence[Path], signature: Signature) -> Iterator[Chunk]:
    """Yield the names, folders and decoded contents of the files of each block."""
    chunk: Chunk = ([], [], [])
    size = 0
    for name, folder, data in _files(paths, SUFFIXES[_kind(signature)]):
        item = _decode(data, name, signature)
        for values, value in zip(chunk, (name, folder, item), strict=True):
            values.append(value)
        size += len(item) if isinstance(item, str) else item.size
        if size > MAX_BLOCK_VALUES or len(chunk[0]) == MAX_BLOCK_FILES:
            yield chunk
            chunk, size = ([], [], []), 0
    if chunk[0]:
        yield chunk


def _files(paths: Sequence[Path], suffixes: Sequence[str]) -> Iterator[tuple[str, str, bytes]]:
    """Yield the name, the name of the folder, and the content of each file."""
    for path in paths:
        if is_collection(path):
            for name, data in walk(path, suffixes):
                yield str(path / name), PurePosixPath(name).parent.name, data
        else:
            yield str(path), "", read_file(path)


def _decode(data: bytes, name: str, signature: Signature) -> Any:
    """Decode a file: pixels of an image, samples of a recording, or a text."""
    if signature.is_text:
        return decode_text(data, name)
    if signature.medium.kind == "audio":
        return decode_audio(data, name, signature.medium.sampling_rate)[0]
    height, width, channels = signature.preprocessor.shape
    pixels = decode_image(data, name, channels, (height, width))
    return pixels.astype(np.float32) * (signature.medium.high / 255)


def _brightness_notice(mean: float, signature: Signature) -> tuple[str, ...]:
    """Return a notice if images look like negatives of the training images."""
    high, training_mean = signature.medium.high, signature.medium.mean
    differs = abs(mean - training_mean) >= 0.3 * high
    is_negative = abs(high - mean - training_mean) <= 0.2 * high
    if not (training_mean and differs and is_negative):
        return ()
    here, training = ("light", "dark") if mean > training_mean else ("dark", "light")
    return (f"these images are {here}, the training images were {training}: consider --invert",)


def _labels(folders: Sequence[str], signature: Signature, *, labelled: bool) -> list[str] | None:
    """Return the names of the folders as labels, if all of them are classes of the model."""
    target = signature.target
    classes = {*signature.class_names, *(target.labels if target else ())}
    unknown = sorted(set(folders) - classes)
    if not unknown:
        return list(folders)
    if labelled:
        subject = f"folder {unknown[0]!r}" if unknown[0] else "the folder of a single file"
        raise DatasetError(
            f"{subject} is not a class of the model",
            hint=f"put the files into folders named {', '.join(signature.class_names[:10])}",
        )
    return None


def read_series_windows(
    path: Path | str, signature: Signature, *, labelled: bool
) -> Generator[RawBlock]:
    """Read a series and cut it into windows.

    Parameters
    ----------
    path : Path or "-"
        A table with the column of the series, or with a single column.
    signature : Signature
    labelled : bool
        Whether to leave out the last window, whose next value is unknown, and to return the next
        values of the others as targets.

    Raises
    ------
    DatasetError
        If the column is missing, a value is not a number, or the series is too short.
    """
    column = signature.target.name if signature.target else "0"
    series = read_series(path, column, signature.dialect)
    values, name = to_numbers(series), series.where
    length = signature.input_shape[0]
    needed = length + 1 if labelled else length
    if len(values) < needed:
        raise DatasetError(f"{name}: {len(values)} rows; the model needs at least {needed}")
    x = windows(values, length)
    x = x[:-1] if labelled else x
    for start in range(0, len(x), WINDOWS_PER_BLOCK):
        block = x[start : start + WINDOWS_PER_BLOCK]
        first = length + start
        row_names = [str(first + index + 1) for index in range(len(block))]
        target: Any = series.texts[first : first + len(block)] if labelled else None
        yield RawBlock(block, len(block), name, (), target, names=row_names)
