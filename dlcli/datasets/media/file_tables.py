"""Files with their classes, in folders, archives, or tables as in ``file,label``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from dlcli.config.loaders import FilesLoader
from dlcli.config.split_section import SplitConfig
from dlcli.datasets.dataset import PART_WORDS
from dlcli.datasets.media.archives import is_collection, read_file
from dlcli.datasets.media.decoding import bad_files_error, bad_files_notices
from dlcli.datasets.media.file_list import FileList, read_file_list
from dlcli.datasets.media.folders import Content, LabelledFiles, find_files
from dlcli.datasets.media.labels import Label, LabelParser, normalized
from dlcli.errors import DatasetError
from dlcli.files import file_sha256


def find_labelled_files(
    path: Path, suffixes: Sequence[str], loader: FilesLoader, split: SplitConfig
) -> LabelledFiles:
    """Find the files of a folder or archive, or those that a table lists.

    Parameters
    ----------
    path : Path
    suffixes : sequence of str
    loader : FilesLoader
    split : SplitConfig
        Its ``column`` and ``group`` are columns of a table; a group may also be a field of the
        pattern.

    Raises
    ------
    DatasetError
    """
    parser = LabelParser(loader.classes, loader.pattern, loader.test)
    if not path.is_file() or is_collection(path):
        if split.column is not None:
            raise DatasetError(f"{path}: split.column is for tables of files")
        return find_files(path, suffixes, parser)
    if path.suffix.lower() in suffixes:
        raise DatasetError(f"{path} is a single file; a folder with a folder per class is needed")
    return _listed_files(read_file_list(path, suffixes), loader, split, parser)


def _listed_files(
    listed: FileList, loader: FilesLoader, split: SplitConfig, parser: LabelParser
) -> LabelledFiles:
    table, path = listed.table, listed.path
    aside = [] if split.column is None else [split.column]
    if split.group is not None and split.group in table.names:
        aside.append(split.group)
    targets = listed.targets(loader.target, aside)
    parts = _parts(listed, split.column)
    files: dict[PurePosixPath, Path] = {}
    repeats: Counter[str] = Counter()
    labels: list[Label] = []
    errors: list[DatasetError] = []
    for row, (file, label) in enumerate(_rows(listed, targets, parser, errors)):
        if file is not None and label is not None:
            files[_distinct(listed.names[row], files, repeats)] = file
            labels.append(label if parts is None else replace(label, part=parts[row]))
    if errors and loader.on_bad_file == "error":
        raise bad_files_error(
            errors,
            "correct them, or leave them out with `on_bad_file: skip` in the loader",
            len(listed.names),
        )
    parser.check_classes(str(path), labels)

    def contents() -> Iterator[Content]:
        for name, file in files.items():
            yield name, read_file(file)

    return LabelledFiles(
        str(path),
        str(path.parent),
        list(files),
        labels,
        contents,
        {str(path): file_sha256(path)},
        (*table.notices, *bad_files_notices(errors)),
        targets=tuple(table.names[target] for target in targets),
        is_table=True,
    )


def _rows(
    listed: FileList, targets: Sequence[int], parser: LabelParser, errors: list[DatasetError]
) -> Iterator[tuple[Path | None, Label | None]]:
    """Yield the file and label of each row, None if it is not used; add what is wrong to errors."""
    table = listed.table
    texts = [[normalized(str(text).strip()) for text in column.texts] for column in table.columns]
    for row, file in enumerate(listed.files()):
        chosen = tuple(texts[target][row] for target in targets)
        class_name = chosen[0]
        if not all(chosen):
            where = f"{listed.path}:{table.lines[row]}"
            errors.append(DatasetError(f"{where}: no {table.names[targets[chosen.index('')]]!r}"))
        elif isinstance(file, DatasetError):
            errors.append(file)
        elif parser.uses(class_name):
            fields = {name: column[row] for name, column in zip(table.names, texts, strict=True)}
            parsed = parser.parse(PurePosixPath(file)) if parser.pattern else Label(class_name)
            fields |= parsed.fields
            yield file, Label(class_name, parsed.part, fields, chosen, table.lines[row])
            continue
        yield None, None


def _distinct(name: str, names: dict[PurePosixPath, Path], repeats: Counter[str]) -> PurePosixPath:
    """Return a name that is not among the names; a table may list a file many times."""
    distinct = PurePosixPath(name)
    while distinct in names:
        repeats[name] += 1
        distinct = PurePosixPath(f"{name} ({repeats[name] + 1})")
    return distinct


def _parts(listed: FileList, column: str | int | None) -> list[int] | None:
    """Return the part of each row from a column with train, validation and test."""
    if column is None:
        return None
    raw = listed.table.column(column)
    parts = []
    for line, text in zip(listed.table.lines, raw.texts, strict=True):
        word = str(text).strip().lower()
        if word not in PART_WORDS:
            raise DatasetError(
                f"{listed.path}:{line}: {raw.name} is {word!r}; train, validation or test is wanted"
            )
        parts.append(PART_WORDS[word])
    return parts
