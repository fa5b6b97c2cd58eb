"""The layout of a table file: which options of the loader it needs."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from pathlib import Path

from dlcli.datasets.dataset import Dialect
from dlcli.datasets.tables.binary_file import BinaryFile, open_binary
from dlcli.datasets.tables.encodings import EncodingError
from dlcli.datasets.tables.excel import propose_for_excel
from dlcli.datasets.tables.header import propose_names
from dlcli.datasets.tables.proposals import Proposal, with_proposals
from dlcli.datasets.tables.table_reader import open_table, text_format
from dlcli.datasets.tables.text_file import as_text
from dlcli.datasets.tables.text_layout import propose_text_layout
from dlcli.errors import DatasetError

# Lines that are looked at.
MAX_LINES = 1000
AUTO = Dialect("auto")


def propose_layout(path: str | Path, dialect: Dialect = AUTO) -> tuple[Proposal, ...]:
    """Look at the head of a file, and return the options of the csv loader that it needs.

    Parameters
    ----------
    path : path
        A table in any format that the loader reads.
    dialect : Dialect
        Options that are set already; default: none.

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
    with suppress(DatasetError), open_table(path, with_proposals(dialect, proposals)) as reader:
        proposals += [*reader.proposals, *propose_names(reader)]
    return tuple(proposals)


def _propose_for_text(file: BinaryFile, path: str | Path, dialect: Dialect) -> list[Proposal]:
    proposals = []
    try:
        with as_text(file, path, dialect.encoding, errors=dialect.encoding_errors) as text:
            lines = list(islice(text.lines(), MAX_LINES))
    except EncodingError as error:
        if error.encodings:
            encoding = error.encodings[0]
            reason = f"{str(error).partition(': ')[2]}: {encoding} fits best"
            proposals.append(Proposal("encoding", encoding, reason))
        else:
            reason = str(error).partition(": ")[2]
            proposals.append(Proposal("encoding_errors", "replace", reason))
        dialect = with_proposals(dialect, proposals)
        with (
            open_binary(path) as again,
            as_text(again, path, dialect.encoding, errors="replace") as text,
        ):
            lines = list(islice(text.lines(), MAX_LINES))
    return [*proposals, *propose_text_layout(lines, dialect)]
