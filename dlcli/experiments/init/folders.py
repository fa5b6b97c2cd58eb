"""The ``dataset`` section for a folder or archive of images, recordings or texts."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from dlcli.datasets.media import (
    SUFFIXES,
    decode_audio,
    list_names,
    read_file,
    read_file_list,
    walk,
)
from dlcli.errors import DatasetError, DlcliError, plural
from dlcli.experiments.init.commented_yaml import Commented
from dlcli.experiments.init.targets import Target, chosen_columns

# Files whose headers are read.
SAMPLE = 200
# Larger images are reduced, so that a first training takes minutes.
LARGEST_SIDE = 96
File = tuple[PurePosixPath, bytes]
LOADERS = {"image": "images", "audio": "audio", "text": "text"}


def describe_folder(source: Path, path: str) -> dict[str, Any]:
    """Return the ``dataset`` section for a folder or archive with a folder per class.

    Parameters
    ----------
    source : Path
    path : str
        The path as the config writes it.

    Raises
    ------
    DlcliError
        If there are no files that a loader reads.
    """
    names = list_names(source)
    counts = Counter(
        medium for name in names for medium in SUFFIXES if name.suffix.lower() in SUFFIXES[medium]
    )
    if not counts:
        known = ", ".join(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
        raise DlcliError(f"{source} has no files that dlcli reads ({known})")
    [(medium, count)] = counts.most_common(1)
    options: dict[str, Any] = {"path": Commented(path, plural(count, f"{medium} file"))}
    suffixes = SUFFIXES[medium]
    chosen = [name for name in names if name.suffix.lower() in suffixes]
    if medium != "text" and (pattern := _class_pattern(chosen)):
        options["pattern"] = Commented(pattern, "the files are in one folder; names start with it")
    sample = frozenset(chosen[:: max(len(chosen) // SAMPLE, 1)])
    files = walk(source, suffixes, sample)
    if medium == "image":
        options |= _image_options(files)
    elif medium == "audio":
        options |= _audio_options(files)
    return {LOADERS[medium]: options}


def describe_file_list(
    source: Path, path: str, medium: str, target: Target | None
) -> dict[str, Any]:
    """Return the ``dataset`` section for a table that lists images or recordings.

    Parameters
    ----------
    source : Path
    path : str
        The path as the config writes it.
    medium : {"image", "audio"}
    target : str, int, a sequence of them, or None

    Raises
    ------
    DlcliError
        If the table cannot be read, or has no such target.
    """
    listed = read_file_list(source, SUFFIXES[medium])
    names = listed.table.names
    reason = "" if target is not None else "the column to predict"
    try:
        chosen = None if target is None else tuple(chosen_columns(target, names))
        positions = listed.targets(chosen)
    except DatasetError:
        if target is not None:
            raise
        last = next(at for at in reversed(range(len(names))) if at != listed.column)
        positions = [last]
        reason = "the last column, as --target is not given"
    count = plural(len(listed.names), f"{medium} file")
    options: dict[str, Any] = {
        "path": Commented(path, f"{count}, in the column {names[listed.column]}"),
        "target": Commented(
            [names[at] for at in positions] if len(positions) > 1 else names[positions[0]], reason
        ),
    }
    step = max(len(listed.names) // SAMPLE, 1)
    sample = (
        (PurePosixPath(file), read_file(file))
        for file in islice(listed.files(), None, None, step)
        if isinstance(file, Path)
    )
    options |= _image_options(sample) if medium == "image" else _audio_options(sample)
    return {LOADERS[medium]: options}


def _class_pattern(names: Sequence[PurePosixPath]) -> str | None:
    """Return the pattern of names as in ``cat_01.png`` if the files are all in one folder.

    The class is the first of the fields that are separated in the same way in all names.
    """
    if len({name.parent for name in names}) > 1:
        return None
    for separator in ("_", "-", "."):
        fields = [name.stem.split(separator) for name in names]
        width = len(fields[0])
        counts = Counter(field[0] for field in fields)
        is_regular = all(len(field) == width and all(field) for field in fields)
        has_classes = 1 < len(counts) <= len(names) / 2 and min(counts.values()) > 1
        if width > 1 and is_regular and has_classes:
            others = [f"{{part{number}}}" for number in range(1, width)]
            return separator.join(["{class}", *others])
    return None


def _image_options(files: Iterator[File]) -> dict[str, Any]:
    from PIL import Image

    sizes, modes = [], set()
    for _, data in files:
        try:
            with Image.open(io.BytesIO(data)) as image:
                sizes.append((image.height, image.width))
                modes.add(image.mode)
        except Exception:  # noqa: BLE001, S112 (the loader names damaged files)
            continue
    if not sizes:
        return {}
    height, width = (int(value) for value in np.median(sizes, axis=0))
    factor = min(1.0, LARGEST_SIDE / max(height, width))
    size = [max(round(height * factor), 1), max(round(width * factor), 1)]
    reason = "the size of all" if len(set(sizes)) == 1 else f"{plural(len(set(sizes)), 'size')}"
    if factor < 1:
        reason = f"reduced from {height}×{width}, so that a first training is quick"
    options: dict[str, Any] = {"image_size": Commented(size, reason)}
    if modes <= {"1", "L", "LA", "I;16", "I"}:
        options["color_mode"] = Commented("grayscale", "no image has colours")
    return options


def _audio_options(files: Iterator[File]) -> dict[str, Any]:
    rates: Counter[int] = Counter()
    for name, data in files:
        try:
            rates[decode_audio(data, str(name))[1]] += 1
        except DatasetError:  # the loader names damaged files
            continue
    if not rates:
        return {}
    [(rate, count)] = rates.most_common(1)
    reason = "the rate of all" if len(rates) == 1 else f"the rate of {count} of {rates.total()}"
    return {"sampling_rate": Commented(rate, reason)}
