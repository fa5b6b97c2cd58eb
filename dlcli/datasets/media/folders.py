"""Folders of class folders: which file is of which class, and of which part."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from dlcli.datasets.dataset import PART_WORDS, Target
from dlcli.datasets.media.archives import walk
from dlcli.datasets.tables.reading import file_sha256
from dlcli.datasets.tables.target_column import name_classes, sort_classes
from dlcli.errors import DatasetError
from dlcli.types import Array


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
    part: int | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Naming:
    """How names of files are read.

    Parameters
    ----------
    classes : sequence of str, optional
        Those that are wanted; default: all.
    pattern : str, optional
        As in ``{class}_{speaker}``, where the name of a file tells its class and not its folder.
    test : mapping
        Values of the pattern's fields that mark test files.
    """

    classes: Sequence[str] | None = None
    pattern: str | None = None
    test: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def label(self, path: PurePosixPath) -> Label | None:
        """Return the label of a file, None if its class is not wanted.

        Raises
        ------
        DatasetError
            If it lies in no class folder, or its name is not made as the pattern says.
        """
        fields: Mapping[str, str] = {}
        above = path.parts[:-1]
        if self.pattern is not None:
            fields = self.fields(path)
            class_name = fields["class"]
        elif not above:
            raise DatasetError(
                f"{path} lies in no class folder",
                hint="put the files of each class into a folder of its name, or set `pattern`",
            )
        else:
            class_name, above = above[-1], above[:-1]
        if self.classes is not None and class_name not in self.classes:
            return None
        words = [PART_WORDS[part.lower()] for part in above if part.lower() in PART_WORDS]
        part = words[-1] if words else None
        if self.test:
            part = 2 if all(fields[key] in values for key, values in self.test.items()) else 0
        return Label(class_name, part, fields)

    def fields(self, path: PurePosixPath) -> dict[str, str]:
        """Return what the pattern finds in the name of a file; no field holds a separator."""
        pieces = re.split(r"\{(\w+)\}", self.pattern or "")
        texts, names = pieces[::2], pieces[1::2]
        inner = f"[^{re.escape(''.join(texts))}]" if any(texts) else "."
        expression = re.escape(texts[0]) + "".join(
            f"(?P<_{name}>{inner}+){re.escape(text)}"
            for name, text in zip(names, texts[1:], strict=True)
        )
        found = re.fullmatch(expression, path.stem)
        if found is None:
            raise DatasetError(
                f"{path}: the name is not made as the pattern {self.pattern!r} says",
                hint="what stands for a field holds none of the characters between the fields",
            )
        return {key.removeprefix("_"): value for key, value in found.groupdict().items()}


@dataclass(frozen=True)
class Found:
    """Files of a folder, sorted by name.

    Parameters
    ----------
    where : str
        The folder, for messages.
    labels : sequence of Label
    items : sequence
        What the files hold, decoded.
    files : mapping
        SHA-256 of an archive, by its path.
    notices : tuple of str
        What was passed over.
    """

    where: str
    labels: Sequence[Label]
    items: Sequence[Any]
    files: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    def facts(self, class_names: Sequence[str] | None, group: str | None) -> dict[str, Any]:
        """Return what the labels make of a `Dataset`: y, target, parts, groups, files.

        Parameters
        ----------
        class_names : sequence of str or None
            Better names of the sorted classes.
        group : str or None
            Field of the pattern whose equal values never part.

        Raises
        ------
        DatasetError
            If there are fewer than two classes, or parts are marked for some files only.
        """
        raw = sort_classes({label.name for label in self.labels})
        if len(raw) < 2:
            found = f"the single class {raw[0]!r}" if raw else "no file that this loader reads"
            raise DatasetError(
                f"{self.where}: {found}",
                hint="put the files of each class into a folder of its name",
            )
        codes = {name: code for code, name in enumerate(raw)}
        parts = [label.part for label in self.labels]
        if None in parts and any(part is not None for part in parts):
            raise DatasetError(
                f"{self.where}: some files lie in train or test folders, others do not"
            )
        names, texts = name_classes(raw, class_names, self.where)
        return {
            "y": np.array([codes[label.name] for label in self.labels], np.int32),
            "target": Target("class", "classification", names, labels=texts),
            "parts": None if None in parts else np.array(parts, np.int8),
            "groups": None if group is None else self._groups(group),
            "files": self.files,
            "notices": self.notices,
        }

    def _groups(self, group: str) -> Array:
        if group not in self.labels[0].fields:
            known = ", ".join(self.labels[0].fields) or "none"
            raise DatasetError(
                f"{self.where}: the pattern has no field {group!r} (split.group)",
                hint=f"fields: {known}",
            )
        return np.array([label.fields[group] for label in self.labels], object)


def read_folder(
    path: Path, endings: Sequence[str], naming: Naming, decode: Callable[[bytes, str], Any]
) -> Found:
    """Read all files of a folder or archive.

    Parameters
    ----------
    path : Path
    endings : sequence of str
    naming : Naming
    decode : callable
        From the content of a file and its name to an item.

    Raises
    ------
    DatasetError
        If a file cannot be read, or lies beside class folders.
    """
    read: list[tuple[str, Label, Any]] = []
    folders: dict[PurePosixPath, PurePosixPath] = {}
    for name, data in walk(path, endings):
        label = naming.label(name)
        if label is not None:
            folders.setdefault(name.parent, name)
            read.append((str(name), label, decode(data, f"{path}/{name}")))
    if naming.pattern is None:
        for folder, file in folders.items():
            if any(folder in other.parents for other in folders):
                raise DatasetError(
                    f"{path}: {file} lies beside class folders", hint="remove it, or move it"
                )
    read.sort(key=lambda item: item[0])
    check_classes(path, naming, [item[1] for item in read])
    notices = tuple(_passed_over(path, endings)) if path.is_dir() else ()
    files = {str(path): file_sha256(path)} if path.is_file() else {}
    labels, items = [item[1] for item in read], [item[2] for item in read]
    return Found(str(path), labels, items, files, notices)


def check_classes(where: Path, naming: Naming, labels: Sequence[Label]) -> None:
    """Refuse wanted classes that have no file.

    Raises
    ------
    DatasetError
    """
    found = {label.name for label in labels}
    missing = [name for name in naming.classes or () if name not in found]
    if missing:
        raise DatasetError(
            f"{where}: no file of class {missing[0]!r} (classes)",
            hint=f"classes that have files: {', '.join(sorted(found)) or 'none'}",
        )


def _passed_over(path: Path, endings: Sequence[str]) -> Iterator[str]:
    """Say which files and folders of a folder are of no use."""
    shown = [file for file in sorted(path.rglob("*")) if not file.name.startswith(".")]
    others = [file for file in shown if file.is_file() and file.suffix.lower() not in endings]
    if others:
        count = f"{len(others)} files are" if len(others) > 1 else "1 file is"
        name = others[0].relative_to(path)
        yield f"{count} left out, which do not end in {', '.join(endings)}: {name}" + (
            ", …" if len(others) > 1 else ""
        )
    for folder in shown:
        if folder.is_dir() and not any(folder.iterdir()):
            yield f"folder {str(folder.relative_to(path))!r} is empty"
