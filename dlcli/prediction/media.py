"""What prediction takes besides rows: pictures, recordings, texts in files, and a series."""

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
from dlcli.types import Array

# Other pictures and recordings that people have.
OTHER_MEDIA = (
    *SUFFIXES["image"], *SUFFIXES["audio"], ".gif", ".bmp", ".webp", ".tif", ".tiff", ".heic",
    ".svg", ".pdf", ".mp3", ".ogg", ".flac", ".m4a",
)  # fmt: skip
# A block has at most so many files, and ends sooner if they are large.
FILE_BLOCK = 256
BLOCK_VALUES = 4_000_000
LINES = 8192


def _kind(signature: Signature) -> str:
    return "text" if signature.is_text else signature.medium.kind


def is_media(path: Path, signature: Signature) -> bool:
    """Tell whether a path is read as files of their own: a folder, an archive, or one of them.

    A single ``.txt`` file is no such: it has a text in each line.
    """
    kind = _kind(signature)
    endings = SUFFIXES.get(kind, ())
    single = kind != "text" and path.suffix.lower() in endings
    return bool(endings) and (is_collection(path) or single)


def refuse(path: Path, signature: Signature) -> None:
    """Refuse a file that a model of pictures or sound cannot read.

    Raises
    ------
    DatasetError
    """
    endings = SUFFIXES.get(_kind(signature), ())
    takes_rows = _kind(signature) != "audio" and path.suffix.lower() not in OTHER_MEDIA
    if endings and not takes_rows:
        raise DatasetError(
            f"{path}: the model takes {', '.join(endings)} files, and folders or archives of them"
        )


def blocks_of_files(
    paths: Sequence[Path], signature: Signature, *, invert: bool = False, labelled: bool = False
) -> Generator[RawBlock]:
    """Read pictures, recordings or texts, a file at a time.

    Parameters
    ----------
    paths : sequence of Path
        Files, folders and archives.
    signature : Signature
        Of a network that takes them.
    invert : bool
        Whether to make a picture's white black.
    labelled : bool
        Whether the folders that files lie in have to be classes.

    Raises
    ------
    DatasetError
        If a file cannot be read, there is none, or a folder is no class that is known.
    """
    kind = _kind(signature)
    empty = True
    for names, folders, items in _chunks(paths, signature):
        empty = False
        said: tuple[str, ...] = ()
        values: Any = {signature.names[0]: objects(items)}
        if kind == "image":
            values = np.stack(items)
            values = signature.medium.high - values if invert else values
            said = _light_or_dark(float(values.mean()), signature)
        target = _known_classes(folders, signature, labelled=labelled)
        yield RawBlock(values, len(names), names[0], said, target, names=names)
    if empty:
        endings = ", ".join(SUFFIXES[kind])
        raise DatasetError(f"no file that ends in {endings} in {', '.join(map(str, paths))}")


Chunk = tuple[list[str], list[str], list[Any]]


def _chunks(paths: Sequence[Path], signature: Signature) -> Iterator[Chunk]:
    """Yield names, folders and contents of some files, as many as are computed together."""
    decode: Any = {"image": _picture, "audio": _recording, "text": _text}[_kind(signature)]
    chunk: Chunk = ([], [], [])
    size = 0
    for name, folder, data in _files(paths, SUFFIXES[_kind(signature)]):
        item = decode(data, name, signature)
        for part, value in zip(chunk, (name, folder, item), strict=True):
            part.append(value)
        size += len(item) if isinstance(item, str) else int(np.asarray(item).size)
        if size > BLOCK_VALUES or len(chunk[0]) == FILE_BLOCK:
            yield chunk
            chunk, size = ([], [], []), 0
    if chunk[0]:
        yield chunk


def _files(paths: Sequence[Path], endings: Sequence[str]) -> Iterator[tuple[str, str, bytes]]:
    """Yield the name, the folder it lies in, and the content of every file."""
    for path in paths:
        if is_collection(path):
            for name, data in walk(path, endings):
                yield str(path / name), PurePosixPath(name).parent.name, data
        else:
            yield str(path), "", read_file(path)


def _picture(data: bytes, name: str, signature: Signature) -> Array:
    height, width, channels = signature.preprocessor.shape
    pixels = decode_image(data, name, channels, (height, width))
    return pixels.astype(np.float32) * (signature.medium.high / 255)


def _recording(data: bytes, name: str, signature: Signature) -> Array:
    return decode_audio(data, name, signature.medium.sampling_rate)[0]


def _light_or_dark(mean: float, signature: Signature) -> tuple[str, ...]:
    """Notice pictures whose background is light where that of the training pictures was dark."""
    high, usual = signature.medium.high, signature.medium.mean
    if not usual or abs(mean - usual) < 0.3 * high or abs(high - mean - usual) > 0.2 * high:
        return ()
    kinds = ("light", "dark") if mean > usual else ("dark", "light")
    found = f"these pictures are {kinds[0]} and those of the training were {kinds[1]}"
    return (f"{found}: consider --invert",)


def _text(data: bytes, name: str, _: Signature) -> str:
    return decode_text(data, name)


def _known_classes(
    folders: Sequence[str], signature: Signature, *, labelled: bool
) -> list[str] | None:
    """Return the class folders as labels, if all of them are classes that the model knows."""
    target = signature.target
    known = {*signature.class_names, *(target.labels if target else ())}
    others = sorted(set(folders) - known)
    if others and labelled:
        what = f"{others[0]!r} is" if others[0] else "a single file lies in"
        raise DatasetError(
            f"{what} no class that the model knows",
            hint=f"put the files into folders called {', '.join(signature.class_names[:10])}",
        )
    return None if others else list(folders)


def blocks_of_series(
    path: Path | str, signature: Signature, *, labelled: bool
) -> Generator[RawBlock]:
    """Read a series, and cut it into windows.

    Parameters
    ----------
    path : Path or "-"
        A table with the series' column, or with a single one.
    signature : Signature
    labelled : bool
        Whether only windows are wanted that a value follows, and that value with them;
        otherwise the last window is that of the future.

    Raises
    ------
    DatasetError
        If the column is missing, a value is no number, or there are fewer than a window.
    """
    column = signature.target.name if signature.target else "0"
    series = read_series(path, column, signature.dialect)
    values, name = to_numbers(series), series.where
    window = signature.input_shape[0]
    if len(values) < window + labelled:
        raise DatasetError(f"{name}: {len(values)} rows, but the model looks at {window} before")
    cut = windows(values, window)
    cut = cut[:-1] if labelled else cut
    for start in range(0, len(cut), LINES):
        part = cut[start : start + LINES]
        numbered = [str(window + start + index + 1) for index in range(len(part))]
        following = slice(window + start, window + start + len(part))
        target: Any = series.texts[following] if labelled else None
        yield RawBlock(part, len(part), name, (), target, names=numbered)
