"""Read images, recordings and texts from files, and windows from series, for prediction."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.datasets.file_content import FileContent, FileSource
from dlcli.datasets.media import (
    SUFFIXES,
)
from dlcli.datasets.tables import objects, read_series, to_numbers, windows
from dlcli.errors import DatasetError, plural
from dlcli.models.signature import Signature
from dlcli.prediction.file_kinds import medium_of
from dlcli.prediction.input_files import InputFiles, classes_of
from dlcli.prediction.rows import RawBlock

if TYPE_CHECKING:
    from dlcli.config.loader_base import OnBadFile

WINDOWS_PER_BLOCK = 8192


def read_files(
    paths: Sequence[Path | FileContent],
    signature: Signature,
    *,
    invert: bool = False,
    labelled: bool = False,
    on_bad_file: OnBadFile = "error",
) -> Generator[RawBlock]:
    """Read images, recordings or texts.

    Parameters
    ----------
    paths : sequence of Path or FileContent
        Files, folders, archives, and tables of files.
    signature : Signature
        Signature of a model that takes such files.
    invert : bool
        Whether to invert the pixels of images.
    labelled : bool
        Whether each file must be in a folder with the name of its class, or listed with it.
    on_bad_file : {"error", "skip"}
        What to do with files that cannot be read.

    Raises
    ------
    DatasetError
        If files cannot be read, there are none, or, with ``labelled``, a folder is not a class of
        the model.
    """
    kind = medium_of(signature)
    files = InputFiles(paths, signature, on_bad_file)
    is_empty = True
    for names, given, items in files.chunks():
        is_empty = False
        notices: tuple[str, ...] = ()
        if kind == "image":
            values: Any = np.stack(items)
            values = signature.medium.high - values if invert else values
            notices = _brightness_notice(float(values.mean()), signature)
        else:
            values = {signature.names[0]: objects(items)}
        labels = _labels(given, signature, files.noun, labelled=labelled)
        yield RawBlock(values, len(names), names[0], notices, labels, names=names)
    if is_empty:
        suffixes = ", ".join(SUFFIXES[kind])
        error = DatasetError(f"no {suffixes} files in {', '.join(map(str, paths))}")
        error.notices = tuple(files.notices())
        raise error
    yield RawBlock({}, 0, "", tuple(files.notices()))


def _brightness_notice(mean: float, signature: Signature) -> tuple[str, ...]:
    """Return a notice if images look like negatives of the training images."""
    high, training_mean = signature.medium.high, signature.medium.mean
    differs = abs(mean - training_mean) >= 0.3 * high
    is_negative = abs(high - mean - training_mean) <= 0.2 * high
    if not (training_mean and differs and is_negative):
        return ()
    here, training = ("light", "dark") if mean > training_mean else ("dark", "light")
    return (f"these images are {here}, the training images were {training}: consider --invert",)


def _labels(
    labels: Sequence[Any], signature: Signature, noun: str, *, labelled: bool
) -> list[Any] | None:
    """Return folders or texts of a table as labels, if all of them are classes of the model.

    Numbers and several labels of a table are read where they are needed.
    """
    target = signature.target
    if target is not None and target.task != "classification":
        return list(labels) if noun == "label" and all(labels) else None
    unknown = sorted(set(labels) - classes_of(signature))
    if not unknown:
        return list(labels)
    if labelled:
        subject = f"{noun} {unknown[0]!r}" if unknown[0] else f"the {noun} of a single file"
        name = signature.target.name if signature.target else "class"
        raise DatasetError(
            f"{subject} is not a class of the model",
            hint=f"put the files into folders named {', '.join(signature.class_names[:10])}, or "
            f"list them in a table with a column {name}",
        )
    return None


def read_series_windows(
    path: FileSource, signature: Signature, *, labelled: bool
) -> Generator[RawBlock]:
    """Read a series and cut it into windows.

    Parameters
    ----------
    path : Path, FileContent or "-"
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
        raise DatasetError(
            f"{name}: {plural(len(values), 'row')}; the model needs at least {needed}"
        )
    x = windows(values, length)
    x = x[:-1] if labelled else x
    for start in range(0, len(x), WINDOWS_PER_BLOCK):
        block = x[start : start + WINDOWS_PER_BLOCK]
        first = length + start
        row_names = [str(first + index + 1) for index in range(len(block))]
        target: Any = series.texts[first : first + len(block)] if labelled else None
        yield RawBlock(block, len(block), name, (), target, names=row_names)
