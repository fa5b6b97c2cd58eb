"""The layout of a table file: which options of the loader it needs."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from pathlib import Path

from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables.binary_file import BinaryFile, open_binary
from dlcli.datasets.tables.encodings import EncodingError, excerpt
from dlcli.datasets.tables.excel import propose_for_excel
from dlcli.datasets.tables.header import propose_names
from dlcli.datasets.tables.json_layout import propose_for_json
from dlcli.datasets.tables.proposals import Proposal, with_proposals
from dlcli.datasets.tables.table_reader import open_table, text_format
from dlcli.datasets.tables.text_file import as_text
from dlcli.datasets.tables.text_layout import propose_text_layout
from dlcli.errors import DatasetError

# Lines that are looked at.
MAX_LINES = 1000
BLOCK_ROWS = 8192
# Share of rows with another number of fields that may be left out.
MAX_BAD_ROWS = 0.2
AUTO = Dialect("auto")


def propose_layout(
    path: str | Path, dialect: Dialect = AUTO, *, all_rows: bool = True
) -> tuple[Proposal, ...]:
    """Look at a file, and return the options of the csv loader that it needs.

    Parameters
    ----------
    path : path
        A table in any format that the loader reads.
    dialect : Dialect
        Options that are set already; default: none.
    all_rows : bool
        Whether the number of fields of all rows is looked at, besides the head of the file.

    Returns
    -------
    tuple of Proposal
        Empty if the file can be read with the defaults. Besides options of the layout there may be
        ``target``, ``types`` and ``drop`` where the format has them, as in ARFF.

    Raises
    ------
    DatasetError
        If the file is no table.
    """
    proposals: list[Proposal] = []
    with open_binary(path) as file:
        if file.kind == "excel":
            proposals = list(propose_for_excel(file, dialect))
        elif file.kind == "text" and text_format(file) == "delimited":
            proposals = _propose_for_text(file, path, dialect)
        elif file.kind == "text" and text_format(file) == "json":
            with suppress(DatasetError):  # which reading the table reports
                proposals = list(propose_for_json(path, dialect))
    proposals += _propose_for_rows(path, with_proposals(dialect, proposals), all_rows=all_rows)
    return tuple(proposals)


def _propose_for_rows(path: str | Path, dialect: Dialect, *, all_rows: bool) -> list[Proposal]:
    """Return what the names of the columns and all rows need."""
    proposals: list[Proposal] = []
    rows = 0
    try:
        with open_table(path, dialect) as reader:
            proposals += [*reader.proposals, *propose_names(reader)]
            if not all_rows:
                return proposals
            while (block := reader.read_block([None] * reader.width, BLOCK_ROWS)) is not None:
                rows += len(block)
            bad_rows = len(reader.bad_rows)
            are_numbers = reader.bad_rows.are_split_numbers
    except EncodingError as error:
        return [*proposals, *_propose_encoding(error)]
    except DatasetError:  # which reading the table reports
        return proposals
    if are_numbers:  # the error that they are tells how to keep them
        return proposals
    if 0 < bad_rows <= MAX_BAD_ROWS * rows and dialect.on_bad_row == "error":
        reason = f"{bad_rows} of {rows + bad_rows} rows have another number of fields"
        proposals.append(Proposal("on_bad_row", "skip", reason))
    return proposals


def _propose_encoding(error: EncodingError) -> list[Proposal]:
    reason = str(error).partition(": ")[2]
    if not error.encodings:
        return [Proposal("encoding_errors", "replace", reason)]
    encoding = error.encodings[0]
    return [Proposal("encoding", encoding, f"{reason}: {encoding} fits best")]


def propose_encoding(path: str | Path) -> tuple[Proposal, ...]:
    """Return the encoding that is detected for a text that is not UTF-8, to write it down."""
    with open_binary(path) as file:
        if file.kind != "text":
            return ()
        try:
            with as_text(file, path) as text:
                lines = list(islice(text.lines(), MAX_LINES))
                encoding = text.encoding
        except EncodingError:
            return ()
    if encoding.startswith("utf-8"):
        return ()
    line = next((line for line in lines if not line.isascii()), "")
    return (Proposal("encoding", encoding, f"not UTF-8; a line reads {excerpt(line)!r}"),)


def _propose_for_text(file: BinaryFile, path: str | Path, dialect: Dialect) -> list[Proposal]:
    proposals: list[Proposal] = []
    try:
        with as_text(file, path, dialect.encoding, errors=dialect.encoding_errors) as text:
            lines = list(islice(text.lines(), MAX_LINES))
    except EncodingError as error:
        proposals = _propose_encoding(error)
        dialect = with_proposals(dialect, proposals)
        with (
            open_binary(path) as again,
            as_text(again, path, dialect.encoding, errors="replace") as text,
        ):
            lines = list(islice(text.lines(), MAX_LINES))
    return [*proposals, *propose_text_layout(lines, dialect)]
