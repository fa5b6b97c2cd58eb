"""Files with their classes: the folders and archives that hold them, and what is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from dlcli.config.loaders import FilesLoader
from dlcli.config.split_section import SplitConfig
from dlcli.config.table_loaders import TextLoader
from dlcli.datasets.dataset import Target
from dlcli.datasets.media.archives import empty_folders, list_names, names_encoding, walk
from dlcli.datasets.media.labels import ONE_FOLDER_PER_CLASS, Label, LabelParser
from dlcli.datasets.media.targets import read_labels, read_several_labels
from dlcli.errors import DatasetError, plural
from dlcli.files import file_sha256
from dlcli.types import Array

MAX_LISTED = 3
Content = tuple[PurePosixPath, bytes]


@dataclass(frozen=True)
class LabelledFiles:
    """Files with their labels.

    Parameters
    ----------
    where : str
        The folder, archive or table, for messages.
    base : str
        What stands before the names in messages.
    names : sequence of PurePosixPath
    labels : sequence of Label
        One per name.
    contents : callable
        Yields names and contents, in any order.
    digests : mapping
        SHA-256 of an archive or table, by its path.
    notices : tuple of str
        About files that are left out, and empty folders.
    targets : tuple of str
        Names of the columns of the target; several if a file has several labels or numbers.
    is_table : bool
        Whether a table lists the files.
    """

    where: str
    base: str
    names: Sequence[PurePosixPath]
    labels: Sequence[Label]
    contents: Callable[[], Iterator[Content]]
    digests: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    targets: tuple[str, ...] = ("class",)
    is_table: bool = False

    def take(self, rows: Sequence[int], notices: Sequence[str]) -> LabelledFiles:
        """Return some of the files, with further notices."""
        names, labels = [self.names[row] for row in rows], [self.labels[row] for row in rows]
        return replace(self, names=names, labels=labels, notices=(*self.notices, *notices))

    def dataset_fields(
        self, loader: FilesLoader | TextLoader, split: SplitConfig
    ) -> dict[str, Any]:
        """Return fields of `Dataset`: y, target, parts, groups, files and their names, notices.

        Parameters
        ----------
        loader : FilesLoader or TextLoader
            Its ``task`` and the names for the sorted classes.
        split : SplitConfig
            Its ``group`` is a field of the pattern or a column of the table.

        Raises
        ------
        DatasetError
            If there are fewer than two classes, a label is not a number in a regression, or some
            files are in train or test folders and others are not.
        """
        try:
            target, y, notices = self._target(loader)
        except DatasetError as error:
            error.notices = self.notices
            raise
        parts = [label.part for label in self.labels]
        if None in parts and any(part is not None for part in parts):
            raise DatasetError(
                f"{self.where}: some files are in train or test folders, others are not"
            )
        return {
            "file_names": [str(name) for name in self.names],
            "y": y,
            "target": target,
            "parts": None if None in parts else np.array(parts, np.int8),
            "groups": None if split.group is None else self._groups(str(split.group)),
            "files": self.digests,
            "notices": (*self.notices, *notices),
        }

    def _target(self, loader: FilesLoader | TextLoader) -> tuple[Target, Array, tuple[str, ...]]:
        if self.is_table:
            several = read_several_labels(loader, self.labels, self.targets, self.where)
            if several is not None:
                return several
        elif loader.task == "multilabel":
            raise DatasetError(
                f"{self.where}: a folder gives each file one class",
                hint="list the files in a table with a column for each label, or one of lists",
            )
        names = [label.class_name for label in self.labels]
        is_folder = loader.task == "auto" and not self.is_table
        target, y = read_labels(
            names,
            self.targets[0],
            self.where,
            task="classification" if is_folder else loader.task,
            unit=loader.unit,
            class_names=loader.class_names,
            hint=ONE_FOLDER_PER_CLASS,
        )
        return target, y, ()

    def _groups(self, group: str) -> Array:
        if group not in self.labels[0].fields:
            fields = ", ".join(self.labels[0].fields) or "none"
            raise DatasetError(
                f"{self.where}: no field or column {group!r} (split.group)",
                hint=f"fields: {fields}",
            )
        return np.array([label.fields[group] for label in self.labels], object)


def find_files(path: Path, suffixes: Sequence[str], parser: LabelParser) -> LabelledFiles:
    """Find all files of a folder or archive; none is read.

    Parameters
    ----------
    path : Path
    suffixes : sequence of str
        Of the files that the loader reads.
    parser : LabelParser

    Raises
    ------
    DatasetError
        If there are none, a file is in no class folder, or a class has no file.
    """
    every = list_names(path)
    chosen = list(dict.fromkeys(name for name in every if name.suffix.lower() in suffixes))
    left_out = left_out_notices([name for name in every if name.suffix.lower() not in suffixes])
    if not chosen:
        error = DatasetError(
            f"{path}: no file that this loader reads ({', '.join(suffixes)})",
            hint=ONE_FOLDER_PER_CLASS,
        )
        error.notices = tuple(left_out)
        raise error
    labels, notices = parser.labels(path, chosen)
    parser.check_classes(str(path), labels.values())
    return LabelledFiles(
        str(path),
        str(path),
        list(labels),
        list(labels.values()),
        lambda: walk(path, suffixes, labels.keys()),
        {str(path): file_sha256(path)} if path.is_file() else {},
        (*left_out, *_folder_notices(path), *notices),
    )


def left_out_notices(names: Sequence[PurePosixPath]) -> list[str]:
    """Count files that are not read by their suffixes, with the first of each; one notice or none.

    Parameters
    ----------
    names : sequence of PurePosixPath
    """
    if not names:
        return []
    by_suffix: dict[str, list[PurePosixPath]] = {}
    for name in names:
        by_suffix.setdefault(name.suffix.lower() or "without ending", []).append(name)
    ordered = sorted(by_suffix.items(), key=lambda item: -len(item[1]))
    kinds = [
        f"{len(files)} {suffix} ({files[0]}{', …' if len(files) > 1 else ''})"
        for suffix, files in ordered[:MAX_LISTED]
    ]
    others = sum(len(files) for _, files in ordered[MAX_LISTED:])
    kinds += [f"{others} others"] if others else []
    verb = "is" if len(names) == 1 else "are"
    return [f"{plural(len(names), 'file')} {verb} left out: {', '.join(kinds)}"]


def _folder_notices(path: Path) -> Iterator[str]:
    """Yield notices about empty folders, and about names in an encoding of Windows."""
    if path.is_dir():
        for folder in empty_folders(path):
            yield f"folder {str(folder)!r} is empty"
    elif encoding := names_encoding(path):
        yield f"{path} does not say in which encoding its names are; they are read as {encoding}"
