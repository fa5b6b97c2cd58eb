"""Open a table of any format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from dlcli.datasets.dialect import Dialect
from dlcli.datasets.file_content import FileSource
from dlcli.datasets.tables.arff import read_arff
from dlcli.datasets.tables.binary_file import PEEK_BYTES, BinaryFile, open_binary
from dlcli.datasets.tables.csv_reader import CsvReader
from dlcli.datasets.tables.encodings import TRAINING_HINTS, Hints
from dlcli.datasets.tables.json_lines import read_json_table
from dlcli.datasets.tables.parquet import ParquetReader
from dlcli.datasets.tables.row_reader import RowReader
from dlcli.datasets.tables.text_file import TextFile, as_text

TextFormat = Literal["arff", "json", "delimited"]
JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
JSON = re.compile(rb"[\s\xef\xbb\xbf]*(\{\s*\"|\[\s*\{)")
ARFF = re.compile(rb"(?:[ \t\r]*(?:%[^\n]*)?\n)*[ \t\r]*@relation\s", re.IGNORECASE)


def text_format(file: BinaryFile) -> TextFormat:
    """Tell by its content and its ending what kind of table a text is."""
    head = file.stream.peek(PEEK_BYTES)[:4096]
    if file.suffix == ".arff" or ARFF.match(head):
        return "arff"
    if file.suffix in JSON_SUFFIXES or JSON.match(head):
        return "json"
    return "delimited"


@contextmanager
def open_table(
    path: FileSource, dialect: Dialect, hints: Hints = TRAINING_HINTS
) -> Iterator[RowReader]:
    """Open a table, in any format.

    Parameters
    ----------
    path : str, Path or FileContent
        A regular file, ``"-"`` for standard input, or what is in memory.
    dialect : Dialect
    hints : Hints

    Raises
    ------
    DatasetError
        If the file is no table, or its beginning is malformed.
    """
    with open_binary(path) as file:
        if file.kind != "text":
            yield binary_reader(file, dialect, hints)
            return
        kind = text_format(file)
        with as_text(file, path, dialect.encoding, hints, dialect.encoding_errors) as text:
            yield text_reader(text, kind, dialect)


def binary_reader(
    file: BinaryFile, dialect: Dialect, hints: Hints, names: Sequence[str] = ()
) -> RowReader:
    """Return the rows of a workbook or a Parquet file; `names` as for `CsvReader`."""
    if file.kind == "excel":
        from dlcli.datasets.tables.excel import read_excel  # here, since few tables need it

        return read_excel(file, dialect, hints, tuple(names))
    return ParquetReader(file, dialect)


def text_reader(
    text: TextFile,
    kind: TextFormat,
    dialect: Dialect,
    *,
    min_fields: int = 1,
    names: Sequence[str] = (),
) -> RowReader:
    """Return the rows of a text; see `CsvReader` for the other parameters."""
    if kind == "arff":
        return read_arff(text, dialect)
    if kind == "json":
        return read_json_table(text, dialect)
    return CsvReader(text, dialect, min_fields=min_fields, names=names)
