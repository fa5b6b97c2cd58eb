"""Open a table of any format."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dlcli.datasets.dataset import Dialect
from dlcli.datasets.tables.binary_file import BinaryFile, open_binary
from dlcli.datasets.tables.csv_reader import CsvReader
from dlcli.datasets.tables.encodings import TRAINING_HINTS, Hints
from dlcli.datasets.tables.row_reader import RowReader
from dlcli.datasets.tables.text_file import as_text

# Endings, and first characters, of texts that are no delimited tables.
OWN_FORMATS = (".arff", ".json", ".jsonl", ".ndjson")


def has_own_format(file: BinaryFile) -> bool:
    """Tell whether a text is not a table of lines with fields: ARFF or JSON."""
    return file.suffix in OWN_FORMATS


@contextmanager
def open_table(
    path: str | Path, dialect: Dialect, hints: Hints = TRAINING_HINTS
) -> Iterator[RowReader]:
    """Open a table for training, in any format.

    Parameters
    ----------
    path : str or Path
        A regular file, or ``"-"`` for standard input.
    dialect : Dialect
    hints : Hints

    Raises
    ------
    DatasetError
        If the file is no table, or its beginning is malformed.
    """
    with (
        open_binary(path) as file,
        as_text(file, path, dialect.encoding, hints, dialect.encoding_errors) as text,
    ):
        yield CsvReader(text, dialect)
