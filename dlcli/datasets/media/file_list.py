"""Recognize tables that list files, and find the files."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path

from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.media.labels import normalized
from dlcli.datasets.tables import CsvReader, loader_dialect, open_text, read_table
from dlcli.datasets.tables.table import Table
from dlcli.errors import DatasetError

# Usual names of the columns with the files and with the target.
FILE_WORDS = (
    "file", "filename", "file_name", "path", "filepath", "file_path", "image", "img", "image_name",
    "image_path", "image_id", "picture", "photo", "audio", "wav", "recording", "sound", "id",
)  # fmt: skip
TARGET_WORDS = ("class", "label", "target", "category")
HEAD_ROWS, SAMPLE_CELLS = 20, 20
MAX_FOLDERS = 50


@dataclass(frozen=True)
class FileList:
    """A table with a column of file names.

    Parameters
    ----------
    path : Path
    table : Table
    column : int
        Position of the names of files.
    suffixes : sequence of str
        Of the files, which the names may lack.
    """

    path: Path
    table: Table
    column: int
    suffixes: Sequence[str]

    @cached_property
    def names(self) -> list[str]:
        """Names of the files as the table has them."""
        return [str(text).strip() for text in self.table.columns[self.column].texts]

    def files(self) -> Iterator[Path | DatasetError]:
        """Yield the file of each row, or an error that names its line."""
        locate = _locator(self.path.parent, self.suffixes)
        for line, name in zip(self.table.lines, self.names, strict=True):
            file = locate(name) if name else None
            wanted = f"no file {str(self.path.parent / name)!r}" if name else "no name of a file"
            yield file or DatasetError(f"{self.path}:{line}: {wanted}")

    def targets(
        self,
        name: str | int | tuple[str | int, ...] | None,
        others: Sequence[str | int] = (),
    ) -> list[int]:
        """Return the positions of the columns of the target.

        Parameters
        ----------
        name : str, int, tuple or None
            Of its column or columns; None: one of the usual names, or the only other column.
        others : sequence of str or int
            Columns with another purpose.

        Raises
        ------
        DatasetError
            If there is no such column, or none is given and several are possible.
        """
        table = self.table
        if name is not None:
            names = name if isinstance(name, tuple) else (name,)
            return [table.position(name, kind="target column") for name in names]
        taken = {self.column, *(table.position(other) for other in others)}
        left = [at for at in range(len(table.names)) if at not in taken]
        usual = [at for at in left if table.names[at].strip().casefold() in TARGET_WORDS]
        if len(left) == 1 or usual:
            return (usual or left)[:1]
        raise DatasetError(
            f"{self.path}: which column is the target? There are {', '.join(table.names)}",
            hint="set `target` in the loader",
        )


def lists_files(path: Path, suffixes: Sequence[str], width: int = 0) -> bool:
    """Tell whether a file is a table with a column of file names.

    Names without an ending may be numbers that only look like a few of the files, so all of a
    sample must be files.

    Parameters
    ----------
    path : Path
    suffixes : sequence of str
        Of the files.
    width : int
        Number of columns of tables with other content.
    """
    try:
        with open_text(path) as text:
            reader = CsvReader(text, Dialect("auto"))
            names = list(reader.first_row)
            block = reader.read_block(["text"] * reader.width, HEAD_ROWS)
    except DatasetError:
        return False
    if block is None or reader.width == width:
        return False
    heads = [[str(text) for text in column] for column in block.columns]
    if _column_with_endings(names, heads, suffixes) is not None:
        return True
    if _column_without_endings(path, names, heads, suffixes) is None:
        return False  # the other rows need not be read
    try:
        table = read_table(path, loader_dialect(CsvLoader(path=str(path), target=0)))
    except DatasetError:
        return False
    column = _column_without_endings(path, table.names, _texts(table), suffixes, share=1.0)
    return column is not None


def read_file_list(path: Path, suffixes: Sequence[str]) -> FileList:
    """Read a table with a column of file names, which is recognized by its content.

    Parameters
    ----------
    path : Path
    suffixes : sequence of str
        Of the files. Names may lack them; they are relative to the table or to a folder beside it.

    Raises
    ------
    DatasetError
        If the table cannot be read, or no column has names of files.
    """
    dialect = loader_dialect(CsvLoader(path=str(path), target=0))
    table = read_table(path, dialect)
    if any(name.lower().endswith(tuple(suffixes)) for name in table.names):
        table = read_table(path, dialect, header=False)
    texts = _texts(table)
    column = _column_with_endings(table.names, [cells[:HEAD_ROWS] for cells in texts], suffixes)
    if column is None:
        column = _column_without_endings(path, table.names, texts, suffixes)
    if column is None:
        raise DatasetError(
            f"{path}: no column names files ending in {', '.join(suffixes)}",
            hint="a table of files has their names, relative to the table, in a column; tables "
            "of numbers are read by the loader csv",
        )
    return FileList(path, table, column, suffixes)


def _texts(table: Table) -> list[list[str]]:
    return [list(map(str, column.texts)) for column in table.columns]


def _usual(names: Sequence[str]) -> list[int]:
    """Return the positions of the columns with usual names."""
    return [at for at, name in enumerate(names) if name.strip().casefold() in FILE_WORDS]


def _column_with_endings(
    names: Sequence[str], heads: Sequence[Sequence[str]], suffixes: Sequence[str]
) -> int | None:
    """Return the column of whose first values most have the ending of files, if any has."""
    usual = _usual(names)
    order = sorted(range(len(heads)), key=lambda at: at not in usual)
    endings = tuple(suffixes)
    counts = {at: sum(text.strip().lower().endswith(endings) for text in heads[at]) for at in order}
    best = max(counts, key=lambda at: counts[at], default=None)
    return best if best is not None and counts[best] else None


def _column_without_endings(
    path: Path,
    names: Sequence[str],
    columns: Sequence[Sequence[str]],
    suffixes: Sequence[str],
    share: float = 0.0,
) -> int | None:
    """Return the column with a usual name of whose values most are files.

    Looking for the cells of all columns in all folders would take long, so these are a sample that
    is spread over the rows. More than none of it must be files, and at least `share`.
    """
    locate = _locator(path.parent, suffixes)
    shares: dict[int, float] = {}
    for at in _usual(names):
        cells = [text.strip() for text in columns[at] if text.strip()]
        sample = cells[:: -(-len(cells) // SAMPLE_CELLS) or 1]
        found = sum(locate(cell) is not None for cell in sample)
        shares[at] = found / max(len(sample), 1)
    best = max(shares, key=lambda at: shares[at], default=None)
    return best if best is not None and shares[best] >= max(share, 1e-9) else None


def _locator(folder: Path, suffixes: Sequence[str]) -> Callable[[str], Path | None]:
    """Return a function that finds the file of a name.

    It may be relative to the folder or to a folder in it, lack its suffix, or have another
    Unicode form.
    """
    try:
        children = sorted(child for child in folder.iterdir() if child.is_dir())[:MAX_FOLDERS]
    except OSError:  # the folder may be entered but not listed
        children = []
    visible = [child for child in children if not child.name.startswith(".")]
    endings = [*suffixes, *(suffix.upper() for suffix in suffixes)]
    last: tuple[Path, str] = (folder, "")

    def locate(name: str) -> Path | None:
        nonlocal last
        if "\0" in name or len(name) > 4096:
            return None
        has_suffix = name.lower().endswith(tuple(suffixes))
        places = product([folder, *visible], [""] if has_suffix else endings)
        forms = dict.fromkeys([name, normalized(name), unicodedata.normalize("NFD", name)])
        for (root, ending), form in product([last, *places], forms):
            file: Path = root / f"{form.replace(chr(92), '/')}{ending}"
            if file.suffix.lower() in suffixes and _is_file(file):
                last = (root, ending)
                return file
        return None

    return locate


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # the name is too long
        return False
