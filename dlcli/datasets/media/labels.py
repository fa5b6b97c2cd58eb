"""The class and the split of a file, found in its path."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from dlcli.datasets.dataset import PART_WORDS, PARTS
from dlcli.errors import DatasetError, plural

ONE_FOLDER_PER_CLASS = "put the files of each class into a folder with its name"
TEST = PARTS.index("test")
MAX_LISTED = 3

Folders = tuple[str, ...]


@dataclass(frozen=True)
class Label:
    """What the path of a file says about it.

    Parameters
    ----------
    class_name : str
    part : int or None
        0 train, 1 validation, 2 test; None if the path does not say.
    fields : mapping
        Values of the fields of the loader's pattern, or of the columns of a table of files.
    targets, line
        Texts of the columns of the target in a table of files, and the line.
    """

    class_name: str
    part: int | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    line: int = 0


def normalized(text: str) -> str:
    """Return a name in Unicode's composed form, which macOS does not use for file names."""
    return unicodedata.normalize("NFC", text)


@dataclass(frozen=True)
class LabelParser:
    """Find the labels of files in their paths.

    Parameters
    ----------
    classes : sequence of str, optional
        Classes to use; default: all.
    pattern : str, optional
        Form of the file names, as in ``{class}_{speaker}``, if these tell the class and not the
        folders. With a ``/`` it includes folders, as in ``{patient}/{class}/{number}``.
    test : mapping
        Values of the pattern's fields that mark test files.
    """

    classes: Sequence[str] | None = None
    pattern: str | None = None
    test: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def labels(
        self, where: Path, names: Sequence[PurePosixPath]
    ) -> tuple[dict[PurePosixPath, Label], list[str]]:
        """Return the labels of the files whose classes are used, and notices.

        Without a pattern, the class is the first folder below those that all files have in common
        and below a train, validation or test folder.

        Raises
        ------
        DatasetError
            If a file is in no class folder, or its name does not match the pattern.
        """
        if self.pattern is not None:
            every = {name: self.parse(name) for name in names}
            notices: list[str] = []
        else:
            every, notices = _labels_of_folders(where, names)
        return {
            name: label for name, label in every.items() if self.uses(label.class_name)
        }, notices

    def parse(self, path: PurePosixPath) -> Label:
        """Return the label of a file from the pattern.

        Raises
        ------
        DatasetError
            If its name does not match the pattern.
        """
        fields = self._match(path)
        parts = [part for folder in path.parts[:-1] if (part := _part(folder)) is not None]
        part = parts[-1] if parts else None
        if self.test:
            part = TEST if all(fields[name] in values for name, values in self._test.items()) else 0
        return Label(fields["class"], part, fields)

    def uses(self, class_name: str) -> bool:
        """Tell whether a class is used."""
        return self.classes is None or class_name in self._classes

    @cached_property
    def _classes(self) -> frozenset[str]:
        return frozenset(map(normalized, self.classes or ()))

    @cached_property
    def _test(self) -> dict[str, frozenset[str]]:
        return {name: frozenset(map(normalized, values)) for name, values in self.test.items()}

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """The pattern as a regular expression; no field holds a character between fields."""
        pieces = re.split(r"\{(\w+)\}", normalized(self.pattern or ""))
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
        depth = (self.pattern or "").count("/") + 1
        text = normalized("/".join([*path.parts[:-1], path.stem][-depth:]))
        match = self.expression.fullmatch(text)
        if match is None:
            raise DatasetError(
                f"{path}: the name does not match the pattern {self.pattern!r}",
                hint="a field contains none of the characters between the fields",
            )
        return {name.removeprefix("_"): value for name, value in match.groupdict().items()}

    def check_classes(self, where: str, labels: Iterable[Label]) -> None:
        """Refuse a class of the loader without files.

        Raises
        ------
        DatasetError
        """
        present = {label.class_name for label in labels}
        missing = [name for name in self.classes or () if normalized(name) not in present]
        if missing:
            raise DatasetError(
                f"{where}: no file of class {missing[0]!r} (classes)",
                hint=f"classes that have files: {', '.join(sorted(present)) or 'none'}",
            )


def _part(folder: str) -> int | None:
    return PART_WORDS.get(folder.lower())


def _labels_of_folders(
    where: Path, names: Sequence[PurePosixPath]
) -> tuple[dict[PurePosixPath, Label], list[str]]:
    """Return the label of each file from the folders that it is in."""
    folders = {name: _folders(name) for name in names}
    _refuse_bare_files(where, folders)
    common = _common_folders(list(folders.values()))
    below = {name: path[len(common) :] for name, path in folders.items()}
    # A file in test/ is of the class "test", unless there is a train/cat/.
    has_parts = any(_part(folder) is not None for path in below.values() for folder in path[:-1])
    places = {path: _class_place(path, has_parts=has_parts) for path in set(below.values())}
    unlabelled = [name for name, path in below.items() if places[path] is None]
    notices = []
    if unlabelled:
        notices.append(_unlabelled(where, unlabelled, below))
    labels = {}
    for name, path in below.items():
        place = places[path]
        if place is not None:
            others = path[:place] + path[place + 1 :]
            part = next((part for folder in others if (part := _part(folder)) is not None), None)
            labels[name] = Label(path[place], part)
    _refuse_parts_as_classes(where, labels)
    _refuse_beside(where, labels, below, places)
    if common and (where.is_dir() or any(_part(folder) is not None for folder in common)):
        notices.append(f"{where}: the class folders are those in {'/'.join(common)!r}")
    notices += _nested({path: place for path, place in places.items() if place is not None})
    return labels, notices


def _folders(name: PurePosixPath) -> Folders:
    return tuple(normalized(part) for part in name.parts[:-1] if part not in (".", ".."))


def _common_folders(folders: Sequence[Folders]) -> Folders:
    """Return the folders that all files are in, without the last folder of any file."""
    if not folders:
        return ()
    first, last = min(folders), max(folders)
    limit = min(map(len, folders)) - 1
    count = 0
    while count < limit and first[count] == last[count]:
        count += 1
    return first[:count]


def _class_place(folders: Folders, *, has_parts: bool) -> int | None:
    """Return which of its folders is the class of a file; None if it is in none of a class."""
    parts = [_part(folder) for folder in folders]
    place = next((place for place, part in enumerate(parts) if part is not None), None)
    if place is None or (len(folders) == 1 and not has_parts):
        return 0
    while place + 1 < len(folders) and parts[place + 1] == parts[place]:  # train/train/cat
        place += 1
    if place + 1 < len(folders):
        return place + 1
    first = parts.index(parts[place])
    return first - 1 if first else None  # cat/train


def _refuse_bare_files(where: Path, folders: Mapping[PurePosixPath, Folders]) -> None:
    for name, path in folders.items():
        if not path:
            raise DatasetError(
                f"{where}: {name} is in no class folder",
                hint=f"{ONE_FOLDER_PER_CLASS}; images and recordings may have a `pattern`",
            )


def _unlabelled(
    where: Path, names: Sequence[PurePosixPath], below: Mapping[PurePosixPath, Folders]
) -> str:
    """Describe files of a test folder without class folders, as those of a competition."""
    others = [name for name in names if _part(below[name][0]) != TEST]
    if others:
        raise DatasetError(
            f"{where}: {others[0]} is beside class folders", hint="remove it, or move it"
        )
    folder = "/".join(below[names[0]])
    verb = "is" if len(names) == 1 else "are"
    return (
        f"{plural(len(names), 'file')} in {folder!r} {verb} in no class folder and left out "
        f"({names[0].name}, …)"
    )


def _beside(where: Path, name: PurePosixPath) -> DatasetError:
    return DatasetError(f"{where}: {name} is beside class folders", hint="remove it, or move it")


def _refuse_parts_as_classes(where: Path, labels: Mapping[PurePosixPath, Label]) -> None:
    classes = sorted({label.class_name for label in labels.values()})
    if classes and all(_part(name) is not None for name in classes):
        raise DatasetError(
            f"{where}: the folders {', '.join(classes)} hold files and no class folders",
            hint=f"{ONE_FOLDER_PER_CLASS}, set `pattern`, or name a table with the files and their "
            "classes as `path`",
        )


def _refuse_beside(
    where: Path,
    labels: Mapping[PurePosixPath, Label],
    below: Mapping[PurePosixPath, Folders],
    places: Mapping[Folders, int | None],
) -> None:
    """Refuse files beside class folders: the only class then has files and folders in it."""
    if len({label.class_name for label in labels.values()}) != 1:
        return
    depths = {name: len(below[name]) - 1 - (places[below[name]] or 0) for name in labels}
    if min(depths.values()) == 0 < max(depths.values()):
        name = min(labels, key=lambda name: (depths[name], name))
        raise _beside(where, name)


def _nested(places: Mapping[Folders, int]) -> Iterator[str]:
    """Say that class folders have folders in them, and which of these have equal names."""
    nested = sorted(path for path, place in places.items() if len(path) > place + 1)
    if not nested:
        return
    classes_of: dict[str, set[str]] = {}
    for path in nested:
        place = places[path]
        classes_of.setdefault(path[place + 1], set()).add(path[place])
    examples = _listed(["/".join(path) for path in nested])
    repeated = sorted(name for name, classes in classes_of.items() if len(classes) > 1)
    text = f"class folders have folders in them ({examples}); the class is the outer one"
    if repeated:
        text += (
            f". Folders of one name are in several ({_listed(repeated)}): if these are the "
            'classes, set `pattern: "{group}/{class}/{name}"`'
        )
    yield text


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:MAX_LISTED]) + (", …" if len(names) > MAX_LISTED else "")
