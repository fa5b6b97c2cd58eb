"""What prediction takes besides rows: pictures, recordings, and a series of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import numpy as np

from dlcli.datasets.columns import numbers
from dlcli.datasets.folders import ARCHIVES, walk
from dlcli.datasets.pictures import ENDINGS as PICTURES
from dlcli.datasets.pictures import decode_picture
from dlcli.datasets.reading import read_blocks, read_header
from dlcli.datasets.recordings import ENDINGS as RECORDINGS
from dlcli.datasets.recordings import decode_wav
from dlcli.datasets.rows import Rows
from dlcli.datasets.series import windows
from dlcli.datasets.tables import objects
from dlcli.datasets.text import open_text
from dlcli.errors import DatasetError
from dlcli.inputs import RawBlock
from dlcli.signature import Signature

T = TypeVar("T")
Array = np.ndarray[Any, Any]
FILES = {"image": PICTURES, "audio": RECORDINGS}
FILE_BLOCK = 256
LINES = 8192


def is_media(path: Path, signature: Signature) -> bool:
    """Tell whether a path is read as pictures or recordings: a folder, an archive, or one file."""
    endings = FILES.get(signature.medium.kind, ())
    archive = path.name.endswith(ARCHIVES)
    return bool(endings) and (path.is_dir() or archive or path.suffix.lower() in endings)


def blocks_of_files(
    paths: Sequence[Path], signature: Signature, *, invert: bool = False
) -> Iterator[RawBlock]:
    """Read pictures or recordings.

    Parameters
    ----------
    paths : sequence of Path
        Files, folders and archives.
    signature : Signature
        Of a network that takes them.
    invert : bool
        Whether to make a picture's white black.

    Raises
    ------
    DatasetError
        If a file cannot be read, or there is none.
    """
    decode = _picture if signature.medium.kind == "image" else _recording
    empty = True
    for chunk in _chunks(_files(paths, FILES[signature.medium.kind]), FILE_BLOCK):
        empty = False
        names = [name for name, _, _ in chunk]
        items = [decode(data, name, signature) for name, _, data in chunk]
        folders = [folder for _, folder, _ in chunk]
        said: tuple[str, ...] = ()
        values: Any = {signature.names[0]: objects(items)}
        if signature.medium.kind == "image":
            values = np.stack(items)
            values = signature.medium.high - values if invert else values
            said = _light_or_dark(float(values.mean()), signature)
        yield RawBlock(
            values, len(chunk), names[0], said, _known_classes(folders, signature), names=names
        )
    if empty:
        endings = ", ".join(FILES[signature.medium.kind])
        raise DatasetError(f"no file that ends in {endings} in {', '.join(map(str, paths))}")


def _files(paths: Sequence[Path], endings: Sequence[str]) -> Iterator[tuple[str, str, bytes]]:
    """Yield the name, the folder it lies in, and the content of every file."""
    for path in paths:
        if path.is_dir() or path.name.endswith(ARCHIVES):
            for name, data in walk(path, endings):
                yield str(path / name), PurePosixPath(name).parent.name, data
        else:
            try:
                yield str(path), "", path.read_bytes()
            except OSError as error:
                raise DatasetError(f"cannot read {path}: {error.strerror}") from None


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _picture(data: bytes, name: str, signature: Signature) -> Array:
    height, width, channels = signature.preprocessor.shape
    pixels = decode_picture(data, name, channels, (height, width))
    return pixels.astype(np.float32) * (signature.medium.high / 255)


def _recording(data: bytes, name: str, signature: Signature) -> Array:
    return decode_wav(data, name, signature.medium.sampling_rate)[0]


def _light_or_dark(mean: float, signature: Signature) -> tuple[str, ...]:
    """Notice pictures whose background is light where that of the training pictures was dark."""
    high, usual = signature.medium.high, signature.medium.mean
    if not usual or abs(mean - usual) < 0.3 * high or abs(high - mean - usual) > 0.2 * high:
        return ()
    kinds = ("light", "dark") if mean > usual else ("dark", "light")
    found = f"these pictures are {kinds[0]} and those of the training were {kinds[1]}"
    return (f"{found}: consider --invert",)


def _known_classes(folders: Sequence[str], signature: Signature) -> list[str] | None:
    """Return the class folders as labels, if all of them are classes that the model knows."""
    target = signature.target
    known = {*signature.class_names, *(target.labels if target else ())}
    return list(folders) if set(folders) <= known else None


def blocks_of_series(
    path: Path | str, signature: Signature, *, labelled: bool
) -> Iterator[RawBlock]:
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
    values, texts, name = _read_series(path, signature)
    window = signature.input_shape[0]
    if len(values) < window + labelled:
        raise DatasetError(f"{name}: {len(values)} rows, but the model looks at {window} before")
    cut = windows(values, window)
    cut = cut[:-1] if labelled else cut
    for start in range(0, len(cut), LINES):
        part = cut[start : start + LINES]
        numbered = [str(window + start + index + 1) for index in range(len(part))]
        target = texts[window + start : window + start + len(part)] if labelled else None
        yield RawBlock(part, len(part), name, (), target, names=numbered)


def _read_series(path: Path | str, signature: Signature) -> tuple[Array, Sequence[str], str]:
    name = "standard input" if path == "-" else str(path)
    wanted = signature.target.name if signature.target else "0"
    with open_text(path, signature.dialect.encoding) as text:
        rows = Rows(text, name, replace(signature.dialect, delimiter="auto"))
        found, first = read_header(rows, "auto", None)
        block = next(read_blocks(rows, first, 1 << 62), None)
    if block is None:
        raise DatasetError(f"{name} has no rows below its header")
    if wanted in found:
        position = found.index(wanted)
    elif len(found) == 1:
        position = 0
    else:
        raise DatasetError(
            f"{name}: no column {wanted!r}", hint=f"its columns are {', '.join(found[:12])}"
        )
    texts = block.texts[position]
    plain = replace(signature.dialect, missing=())
    return numbers(texts, plain, name=wanted, lines=block.lines, where=name), texts, name
