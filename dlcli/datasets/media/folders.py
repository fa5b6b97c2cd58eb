"""Folders of class folders: the class and the split of each file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from dlcli.datasets.dataset import PART_WORDS, Target
from dlcli.datasets.media.archives import walk
from dlcli.datasets.tables import encode_classes
from dlcli.errors import DatasetError
from dlcli.files import file_sha256
from dlcli.types import Array

ONE_FOLDER_PER_CLASS = "put the files of each class into a folder with its name"


@dataclass(frozen=True)
class Label:
    """What the path of a file says about it.

    Parameters
    ----------
    class_name : str
    part : int or None
        0 train, 1 validation, 2 test; None if the path does not say.
    fields : mapping
        Values of the fields of the loader's pattern.
    """

    class_name: str
    part: int | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelParser:
    """Find the label of a file in its path.

    Parameters
    ----------
    classes : sequence of str, optional
        Classes to use; default: all.
    pattern : str, optional
        Form of the file names, as in ``{class}_{speaker}``, if these tell the class and not the
        folders.
    test : mapping
        Values of the pattern's fields that mark test files.
    """

    classes: Sequence[str] | None = None
    pattern: str | None = None
    test: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def parse(self, path: PurePosixPath) -> Label | None:
        """Return the label of a file, None if its class is not used.

        Raises
        ------
        DatasetError
            If the file is in no class folder, or its name does not match the pattern.
        """
        fields: Mapping[str, str] = {}
        folders = path.parts[:-1]
        if self.pattern is not None:
            fields = self._match(path)
            class_name = fields["class"]
        elif not folders:
            raise DatasetError(
                f"{path} is in no class folder", hint=f"{ONE_FOLDER_PER_CLASS}, or set `pattern`"
            )
        else:
            class_name, folders = folders[-1], folders[:-1]
        if not self.uses(class_name):
            return None
        parts = [PART_WORDS[name.lower()] for name in folders if name.lower() in PART_WORDS]
        part = parts[-1] if parts else None
        if self.test:
            part = 2 if all(fields[name] in values for name, values in self._test.items()) else 0
        return Label(class_name, part, fields)

    def uses(self, class_name: str) -> bool:
        """Tell whether a class is used."""
        return self.classes is None or class_name in self._classes

    @cached_property
    def _classes(self) -> frozenset[str]:
        return frozenset(self.classes or ())

    @cached_property
    def _test(self) -> dict[str, frozenset[str]]:
        return {name: frozenset(values) for name, values in self.test.items()}

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        """The pattern as a regular expression; no field holds a character between fields."""
        pieces = re.split(r"\{(\w+)\}", self.pattern or "")
        texts, names = pieces[::2], pieces[1::2]
        character = f"[^{re.escape(''.join(texts))}]" if any(texts) else "."
        return re.compile(
            re.escape(texts[0])
            + "".join(
                f"(?P<_{name}>{character}+){re.escape(text)}"
                for name, text in zip(names, texts[1:], strict=True)
            )
        )

    def _match(self, path: PurePosixPath) -> dict[str, str]:
        match = self._expression.fullmatch(path.stem)
        if match is None:
            raise DatasetError(
                f"{path}: the name does not match the pattern {self.pattern!r}",
                hint="a field contains none of the characters between the fields",
            )
        return {name.removeprefix("_"): value for name, value in match.groupdict().items()}

    def check_classes(self, where: Path, labels: Iterable[Label]) -> None:
        """Refuse a class of the loader without files.

        Raises
        ------
        DatasetError
        """
        present = {label.class_name for label in labels}
        missing = [name for name in self.classes or () if name not in present]
        if missing:
            raise DatasetError(
                f"{where}: no file of class {missing[0]!r} (classes)",
                hint=f"classes that have files: {', '.join(sorted(present)) or 'none'}",
            )


@dataclass(frozen=True)
class LabelledFiles:
    """Decoded files with their labels, sorted by name.

    Parameters
    ----------
    where : str
        The folder, for messages.
    labels : sequence of Label
    items : sequence
        Decoded contents.
    files : mapping
        SHA-256 of an archive, by its path.
    notices : tuple of str
        About skipped files and empty folders.
    """

    where: str
    labels: Sequence[Label]
    items: Sequence[Any]
    files: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    def dataset_fields(
        self, class_names: Sequence[str] | None, group: str | None
    ) -> dict[str, Any]:
        """Return fields of `Dataset`: y, target, parts, groups, files, notices.

        Parameters
        ----------
        class_names : sequence of str or None
            The loader's names for the sorted classes.
        group : str or None
            Field of the pattern whose equal values stay in one split.

        Raises
        ------
        DatasetError
            If there are fewer than two classes, or some files are in train or test folders and
            others are not.
        """
        if not self.labels:
            raise DatasetError(
                f"{self.where}: no file that this loader reads", hint=ONE_FOLDER_PER_CLASS
            )
        names = [label.class_name for label in self.labels]
        class_names, file_labels, y = encode_classes(
            names, class_names, self.where, hint=ONE_FOLDER_PER_CLASS
        )
        parts = [label.part for label in self.labels]
        if None in parts and any(part is not None for part in parts):
            raise DatasetError(
                f"{self.where}: some files are in train or test folders, others are not"
            )
        return {
            "y": y,
            "target": Target("class", "classification", class_names, labels=file_labels),
            "parts": None if None in parts else np.array(parts, np.int8),
            "groups": None if group is None else self._groups(group),
            "files": self.files,
            "notices": self.notices,
        }

    def _groups(self, group: str) -> Array:
        if group not in self.labels[0].fields:
            fields = ", ".join(self.labels[0].fields) or "none"
            raise DatasetError(
                f"{self.where}: the pattern has no field {group!r} (split.group)",
                hint=f"fields: {fields}",
            )
        return np.array([label.fields[group] for label in self.labels], object)


def read_folder(
    path: Path, suffixes: Sequence[str], parser: LabelParser, decode: Callable[[bytes, str], Any]
) -> LabelledFiles:
    """Read all files of a folder or archive.

    Parameters
    ----------
    path : Path
    suffixes : sequence of str
    parser : LabelParser
    decode : callable
        Takes the content of a file and its name, and returns the item.

    Raises
    ------
    DatasetError
        If a file cannot be read, or is beside class folders.
    """
    files: list[tuple[str, Label, Any]] = []
    file_in: dict[PurePosixPath, PurePosixPath] = {}
    for name, data in walk(path, suffixes):
        label = parser.parse(name)
        if label is not None:
            file_in.setdefault(name.parent, name)
            files.append((str(name), label, decode(data, f"{path}/{name}")))
    if parser.pattern is None:
        _refuse_nested_classes(path, file_in)
    files.sort(key=lambda file: file[0])
    labels, items = [label for _, label, _ in files], [item for _, _, item in files]
    parser.check_classes(path, labels)
    notices = tuple(_skipped(path, suffixes)) if path.is_dir() else ()
    digests = {str(path): file_sha256(path)} if path.is_file() else {}
    return LabelledFiles(str(path), labels, items, digests, notices)


def _refuse_nested_classes(path: Path, file_in: Mapping[PurePosixPath, PurePosixPath]) -> None:
    """Refuse a folder with files that has further folders with files in it.

    Parameters
    ----------
    path : Path
    file_in : mapping
        A file of each folder that has files.
    """
    # Sorted by their parts, a folder is followed at once by the folders in it.
    ordered = sorted(file_in, key=lambda folder: folder.parts)
    for outer, inner in pairwise(ordered):
        if inner.parts[: len(outer.parts)] == outer.parts:
            raise DatasetError(
                f"{path}: {file_in[outer]} is beside class folders", hint="remove it, or move it"
            )


def _skipped(path: Path, suffixes: Sequence[str]) -> Iterator[str]:
    """Yield notices about the files of a folder that are not read, and its empty folders."""
    visible = [file for file in sorted(path.rglob("*")) if not file.name.startswith(".")]
    others = [file for file in visible if file.is_file() and file.suffix.lower() not in suffixes]
    if others:
        subject = "1 file is" if len(others) == 1 else f"{len(others)} files are"
        examples = f"{others[0].relative_to(path)}{', …' if len(others) > 1 else ''}"
        yield f"{subject} skipped, not ending in {', '.join(suffixes)}: {examples}"
    for folder in visible:
        if folder.is_dir() and not any(folder.iterdir()):
            yield f"folder {str(folder.relative_to(path))!r} is empty"
