"""The options of pandas for the layout of a file."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from typing import Any

from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables import Table
from dlcli.eject.context import inexpressible
from dlcli.eject.python_text import Code

# Encodings in the order in which a file is tried, without those that take everything.
ENCODINGS = ("utf-8", "cp949")
START_BYTES = 1 << 22


def read_options(table: Table, path: Path) -> tuple[str, dict[str, Any]]:
    """Return the function of pandas that reads a file, and its options.

    Parameters
    ----------
    table : Table
        The file as dlcli reads it.
    path : Path

    Raises
    ------
    DlcliError
        If pandas does not read such files as dlcli does.
    """
    dialect, suffix = table.dialect, path.suffix.lower()
    if suffix == ".parquet":
        return "read_parquet", {}
    if suffix in (".xlsx", ".xlsm", ".xls", ".ods"):
        if table.has_filled_cells:
            reason = "pandas leaves merged cells empty; save the table without them"
            raise inexpressible(str(path), reason)
        return "read_excel", {**_sheet(table), **_rows(table)}
    if suffix in (".jsonl", ".ndjson", ".json"):
        if dialect.record_path or dialect.flatten:
            raise inexpressible(str(path), "its records are nested; save them as a table")
        is_lines = suffix != ".json" or not _text(path, "utf-8").lstrip().startswith("[")
        return "read_json", {"lines": True} if is_lines else {}
    layout = {**_rows(table), **_encoding(table, path)}
    if dialect.widths:
        return "read_fwf", {"widths": list(dialect.widths), **layout}
    return "read_csv", {**_separator(dialect), **layout, **_text_options(dialect)}


def _separator(dialect: Dialect) -> dict[str, Any]:
    if dialect.delimiter == "whitespace":
        return {"sep": r"\s+"}
    return {} if dialect.delimiter == "," else {"sep": dialect.delimiter}


def _text_options(dialect: Dialect) -> dict[str, Any]:
    """Return the options for quotes, comments and numbers that are not those of pandas."""
    options: dict[str, tuple[Any, Any]] = {
        "quoting": (not dialect.quoting, Code("csv.QUOTE_NONE")),
        "quotechar": (dialect.quotechar != '"', dialect.quotechar),
        "comment": (dialect.comment, dialect.comment),
        "decimal": (dialect.decimal != ".", dialect.decimal),
        "thousands": (dialect.thousands, dialect.thousands),
        "on_bad_lines": (dialect.on_bad_row == "skip", "skip"),
        "index_col": (dialect.index, 0),
    }
    return {name: value for name, (is_set, value) in options.items() if is_set}


def _sheet(table: Table) -> dict[str, Any]:
    return {"sheet_name": table.dialect.sheet} if table.dialect.sheet else {}


def _rows(table: Table) -> dict[str, Any]:
    """Return the options for what stands above the rows."""
    options: dict[str, Any] = {}
    if not table.dialect.header:
        options = {"header": None, "names": list(table.names)}
    if table.dialect.skip_rows:
        options["skiprows"] = table.dialect.skip_rows
    return options


def _encoding(table: Table, path: Path) -> dict[str, Any]:
    """Return the option for the encoding, if it is not UTF-8."""
    named = table.dialect.encoding
    if named != "auto":
        return {} if named.lower() in ("utf-8", "utf8", "ascii") else {"encoding": named}
    start = _start(path)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return {"encoding": "utf-16"}
    for encoding in ENCODINGS:
        try:
            # The last character of the start may be incomplete.
            start[: len(start) - 4 if len(start) == START_BYTES else None].decode(encoding)
        except UnicodeDecodeError as error:
            if len(start) == START_BYTES and error.end >= len(start) - 8:
                return {} if encoding == "utf-8" else {"encoding": encoding}
            continue
        return {} if encoding == "utf-8" else {"encoding": encoding}
    raise inexpressible(str(path), "its encoding is not UTF-8; name it in the loader's `encoding`")


def _start(path: Path) -> bytes:
    """Return the first bytes of a file, unpacked."""
    with path.open("rb") as file:
        magic = file.read(4)
    if magic[:2] == b"\x1f\x8b":
        with gzip.open(path) as packed:
            return packed.read(START_BYTES)
    if magic == b"PK\x03\x04":
        with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as member:
            return member.read(START_BYTES)
    with path.open("rb") as file:
        return file.read(START_BYTES)


def _text(path: Path, encoding: str) -> str:
    return _start(path).decode(encoding, "replace")
