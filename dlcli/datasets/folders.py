"""Folders of files, and archives of such folders: which file is of which class.

An archive is read in place, never unpacked, so that no name in it can lead anywhere.
"""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from dlcli.config.loaders import FilesLoader
from dlcli.datasets.dataset import PART_WORDS, Target
from dlcli.datasets.target_column import name_classes, sort_classes
from dlcli.errors import DatasetError

LARGEST = 256 << 20
ARCHIVES = (".tar.gz", ".tgz", ".tar", ".zip")


@dataclass(frozen=True)
class Label:
    """What the name of a file tells.

    Parameters
    ----------
    name : str
        Of the class.
    part : int or None
        0 train, 1 validation, 2 test; None if the name does not say.
    fields : mapping
        What the loader's pattern found.
    """

    name: str
    part: int | None
    fields: Mapping[str, str]


def walk(path: Path, endings: Sequence[str]) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield names and contents of the files of a folder or archive.

    Parameters
    ----------
    path : Path
        A folder, or a tar or zip file.
    endings : sequence of str
        In lower case, as in ``".wav"``; other files are passed over.

    Raises
    ------
    DatasetError
        If there is no such folder or archive, or it is damaged.
    """
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if _wanted(PurePosixPath(file.relative_to(path).as_posix()), endings):
                yield PurePosixPath(file.relative_to(path).as_posix()), file.read_bytes()
        return
    if not path.is_file():
        raise DatasetError(f"no folder {str(path)!r}")
    try:
        yield from _walk_zip(path, endings) if path.suffix == ".zip" else _walk_tar(path, endings)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, RuntimeError) as error:
        raise DatasetError(
            f"{path} is no folder and no tar or zip file that can be read: {error}"
        ) from None


def _walk_tar(path: Path, endings: Sequence[str]) -> Iterator[tuple[PurePosixPath, bytes]]:
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            name = PurePosixPath(member.name)
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None and _wanted(name, endings):
                _check_size(path, member.name, member.size)
                yield name, file.read()


def _walk_zip(path: Path, endings: Sequence[str]) -> Iterator[tuple[PurePosixPath, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for member in sorted(archive.infolist(), key=lambda info: info.filename):
            name = PurePosixPath(member.filename)
            if not member.is_dir() and _wanted(name, endings):
                _check_size(path, member.filename, member.file_size)
                yield name, archive.read(member)


def _wanted(name: PurePosixPath, endings: Sequence[str]) -> bool:
    # A path may begin with "./" or "../"; it is only read, so that it leads nowhere.
    shown = [part for part in name.parts if part not in (".", "..")]
    hidden = any(part.startswith((".", "__MACOSX")) for part in shown)
    return name.suffix.lower() in endings and not hidden


def _check_size(path: Path, name: str, size: int) -> None:
    if size > LARGEST:
        raise DatasetError(f"{path}: {name} is larger than {LARGEST >> 20} MB")


def labeller(loader: FilesLoader) -> Any:
    """Return a function from the name of a file to its `Label`, or None if it is not wanted.

    The class is the folder that a file lies in, or what the loader's pattern finds in the name
    of the file; a folder above called train, validation or test says the part.
    """
    expression = _expression(loader.pattern) if loader.pattern is not None else None

    def label(name: PurePosixPath) -> Label | None:
        fields: Mapping[str, str] = {}
        above = name.parts[:-1]
        if expression is not None:
            found = expression.fullmatch(name.stem)
            if found is None:
                raise DatasetError(
                    f"{name}: the name is not made as the pattern {loader.pattern!r} says"
                )
            fields = {key.removeprefix("_"): value for key, value in found.groupdict().items()}
            class_name = fields["class"]
        elif not above:
            raise DatasetError(
                f"{name} lies in no class folder",
                hint="put the files of each class into a folder of its name, or set `pattern`",
            )
        else:
            class_name, above = above[-1], above[:-1]
        if loader.classes is not None and class_name not in loader.classes:
            return None
        words = [PART_WORDS[part.lower()] for part in above if part.lower() in PART_WORDS]
        part = words[-1] if words else None
        if loader.test:
            part = 2 if all(fields[key] in values for key, values in loader.test.items()) else 0
        return Label(class_name, part, fields)

    return label


def _expression(pattern: str) -> re.Pattern[str]:
    """Turn ``{class}_{take}`` into a regular expression with groups of these names."""
    pieces = re.split(r"\{(\w+)\}", pattern)
    texts, names = map(re.escape, pieces[::2]), pieces[1::2]
    made = next(texts) + "".join(
        f"(?P<_{name}>.+?){text}" for name, text in zip(names, texts, strict=True)
    )
    return re.compile(made)


def arrange(
    where: str, labels: Sequence[Label], class_names: Sequence[str] | None, group: str | None
) -> dict[str, Any]:
    """Return what the labels of all files make of a `Dataset`: y, target, parts, groups.

    Parameters
    ----------
    where : str
        Folder, for messages.
    labels : sequence of Label
    class_names : sequence of str or None
        Better names of the sorted classes.
    group : str or None
        Field of the pattern whose equal values never part.

    Raises
    ------
    DatasetError
        If there are fewer than two classes, or the parts are marked for some files only.
    """
    raw = sort_classes({label.name for label in labels})
    if len(raw) < 2:
        found = f"the single class {raw[0]!r}" if raw else "no file that this loader reads"
        raise DatasetError(
            f"{where}: {found}", hint="put the files of each class into a folder of its name"
        )
    codes = {name: code for code, name in enumerate(raw)}
    parts = [label.part for label in labels]
    if None in parts and any(part is not None for part in parts):
        raise DatasetError(f"{where}: some files lie in train or test folders, others do not")
    names, texts = name_classes(raw, class_names, where)
    return {
        "y": np.array([codes[label.name] for label in labels], np.int32),
        "target": Target("class", "classification", names, labels=texts),
        "parts": None if None in parts else np.array(parts, np.int8),
        "groups": None if group is None else _groups(where, labels, group),
    }


def _groups(where: str, labels: Sequence[Label], group: str) -> np.ndarray[Any, Any]:
    if group not in labels[0].fields:
        known = ", ".join(labels[0].fields) or "none"
        raise DatasetError(
            f"{where}: the pattern has no field {group!r} (split.group)", hint=f"fields: {known}"
        )
    return np.array([label.fields[group] for label in labels], object)
