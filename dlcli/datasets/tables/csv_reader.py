"""Read delimited text in blocks of rows, column by column.

Most of a large file is read with pandas, a chunk of lines at a time. The rest is read row by row
with the csv module: pandas pads short rows and shifts long ones silently, and does not report the
line of a bad cell.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from dlcli.datasets.dataset import ColumnType, Dialect
from dlcli.datasets.tables.columns import is_plain_decimal
from dlcli.datasets.tables.delimiter import detect_delimiter, long_fields, split_rows
from dlcli.datasets.tables.text_file import MAX_EXCERPT, TextFile
from dlcli.errors import DatasetError, plural
from dlcli.types import Array

LOOKAHEAD_LINES = 100
# Of fewer characters, importing pandas takes longer than reading them row by row.
MIN_PANDAS_SIZE = 1 << 20
MAX_CHUNK_SIZE, MAX_CHUNK_ROWS = 4 << 20, 16_384
BOOLEAN_WORD = re.compile("true|false", re.IGNORECASE)


@dataclass(frozen=True)
class Block:
    """Rows of a text file, by column.

    Parameters
    ----------
    columns : sequence of sequences of str, or of float64 arrays
        The texts of each column; or its numbers, NaN where a value is missing.
    lines : sequence of int
        Line of each row.
    notices : tuple of str
        What a user should know about how the rows were read.
    """

    columns: Sequence[Sequence[str] | Array]
    lines: Sequence[int]
    notices: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.lines)


class CsvReader:
    """Read the rows of a text, all of the same width.

    Parameters
    ----------
    text : TextFile
    dialect : Dialect
        Its delimiter may be ``"auto"``.
    min_fields : int
        Fields that a row has at least. With more than one, the delimiter is detected if the first
        line does not contain that of the dialect.

    Attributes
    ----------
    dialect : Dialect
        With the delimiter that is used.
    first_row : list of str
        Names or data; data, unless `take_header` is called.
    has_header : bool
    width : int
        Number of columns.
    line : int
        Last line, from 1, of the last row.
    notices : list of str
        What a user should know about how the text was read.

    Raises
    ------
    DatasetError
        With file and line, if the text is empty or malformed; also from `read_block`.
    """

    def __init__(self, text: TextFile, dialect: Dialect, *, min_fields: int = 1) -> None:
        self.name = text.name
        self.notices: list[str] = []
        self._text, self._text_lines = text, text.lines()
        head = list(islice(self._text_lines, LOOKAHEAD_LINES))
        if not head:
            raise DatasetError(f"{self.name} is empty")
        if dialect.encoding == "auto" and not text.encoding.startswith("utf-8"):
            excerpt = head[0].strip()[:MAX_EXCERPT]
            self.notices.append(f"{self.name} is read as {text.encoding}: {excerpt!r}")
        # A file may have another delimiter than the one a model was trained on.
        other = min_fields > 1 and dialect.delimiter not in ("whitespace", *head[0])
        with long_fields:
            if dialect.delimiter == "auto" or other:
                dialect = replace(dialect, delimiter=detect_delimiter(head, dialect))
            self.dialect = dialect
            self.line = self.width = self._chunk_size = 0
            # Lines that were read from the text and are not part of a row yet.
            self._pending_lines: Iterator[str] = iter(head)
            self._rows = split_rows(self._lines(), dialect, strict=dialect.quoting)
            self._pending_row = self._next_row()
        if self._pending_row is None:
            raise DatasetError(f"{self.name} is empty")
        self.first_row, self._first_row_line = self._pending_row, self.line
        self.has_header = False
        self._uses_pandas = dialect.delimiter != "whitespace" and is_plain_decimal(dialect)

    def take_header(self) -> list[str]:
        """Return the first row as names; it is not part of the first block then.

        An empty name behind a last delimiter is dropped, and is expected behind no other row.
        """
        self._pending_row, self.has_header = None, True
        if self.width > 1 and not self.first_row[-1].strip():
            self.width -= 1
        return self.first_row[: self.width]

    def read_block(self, types: Sequence[ColumnType | None], max_rows: int) -> Block | None:
        """Read the next rows.

        Parameters
        ----------
        types : sequence of str or None
            Type of each column. None: its values are not needed, and may be missing from the
            block. ``"numeric"``: it may come as numbers.
        max_rows : int
            Rows of a block that is read row by row.

        Returns
        -------
        Block or None
            None at the end of the text.
        """
        with long_fields:
            while True:
                # Every line that was read from the text is part of a row: the next lines can be a
                # chunk.
                if self._pending_row is None and self.line == self._text.line:
                    chunk = self._read_chunk()
                    if not chunk:
                        return None
                    block = self._parse_chunk(chunk, types) if self._uses_pandas else None
                    if block is not None:
                        return block
                    self._pending_lines = io.StringIO(chunk, newline="")
                if block := self._read_rows(max_rows):
                    return block

    def _read_chunk(self) -> str:
        if self._chunk_size:
            return self._text.read_chunk(self._chunk_size)
        chunk = self._text.read_chunk(MIN_PANDAS_SIZE)
        self._uses_pandas = self._uses_pandas and len(chunk) >= MIN_PANDAS_SIZE
        row_size = max(len(chunk) // max(chunk.count("\n"), 1), 1)
        self._chunk_size = min(MAX_CHUNK_SIZE, MAX_CHUNK_ROWS * row_size)
        return chunk

    def _read_rows(self, max_rows: int) -> Block | None:
        """Read rows to the end of the pending lines; None if these are comments or blank."""
        rows, lines = [], []
        if self._pending_row is not None:
            rows, lines = [self._pending_row], [self._first_row_line]
            self._pending_row = None
        while len(rows) < max_rows and self.line < self._text.line:
            row = self._next_row()
            if row is None:
                break
            rows.append(row)
            lines.append(self.line)
        return Block(list(zip(*rows, strict=True)), lines) if rows else None

    def _next_row(self) -> list[str] | None:
        """Return the next row that is not blank, None at the end."""
        first_blank = 0
        while (row := self._next_fields()) is not None:
            if row and (len(row) > 1 or row[0].strip()):
                break
            if row == [""] and self.width == 1:  # a pair of quotes: a missing value
                break
            first_blank = first_blank or self.line
        if row is None:
            return None
        if first_blank and self.width == 1:
            self._notice_blank_line(first_blank)
        if not self.width:
            self.width = len(row)
        if len(row) == self.width:
            return row
        if len(row) == self.width + 1 and row[-1] == "":  # some programs end every row with a comma
            return row[:-1]
        hint = "remove the lines above the header" if self.width == 1 else None
        message = f"{plural(len(row), 'field')}, but the first row has {self.width}"
        raise DatasetError(f"{self.name}:{self.line}: {message}", hint=hint)

    def _notice_blank_line(self, line: int) -> None:
        notice = 'blank lines are skipped; write "" for a missing value'
        if not any(notice in other for other in self.notices):
            self.notices.append(f"{self.name}:{line}: {notice}")

    def _next_fields(self) -> list[str] | None:
        start = self.line + 1
        try:
            return next(self._rows, None)
        except csv.Error as error:
            several = self.line > start  # lines that belong to the row
            message = str(error)
            if "expected after" in message and not several:
                message = "a closing quote is followed by text"
            elif "unexpected end of data" in message or several:
                message = "a quote is opened and never closed"
            raise DatasetError(
                f"{self.name}:{start}: {message}", hint=self._text.hints.quoting
            ) from None

    def _lines(self) -> Iterator[str]:
        """Yield the pending lines, then those of the text, which a quoted field may reach into."""
        comment = self.dialect.comment
        while line := next(self._pending_lines, "") or next(self._text_lines, ""):
            self.line += 1
            if "\0" in line:
                raise DatasetError(f"{self.name}:{self.line}: a NUL byte; the file is not text")
            if not (comment and line.startswith(comment)):
                yield line

    def _parse_chunk(self, chunk: str, types: Sequence[ColumnType | None]) -> Block | None:
        """Parse whole lines with pandas; None if they have to be read row by row.

        pandas gets one column more than there are. A row with a field too many has it there, and
        a row with a field too few has nothing in its last column.
        """
        count = self._text.line - self.line
        if not self._is_plain(chunk):
            return None
        try:
            frame = self._parse(chunk, types)
        except ValueError:  # a cell that is not a number, or a row with two fields too many
            return None
        last, beyond = frame.iloc[:, -2], frame.iloc[:, -1]
        # A blank line gives no row.
        if len(frame) != count or (beyond != "").any() or (last.isna() | (last == "")).any():
            return None
        columns: list[Any] = []
        for at, kind in enumerate(types):
            values = frame[at].to_numpy() if kind is not None else np.empty(0)
            # Reading row by row refuses an infinite value with its line, and recognizes words.
            if kind == "numeric" and (np.isinf(values).any() or _may_be_words(values, chunk)):
                return None
            columns.append(values if kind == "numeric" else values.tolist())
        block = Block(columns, range(self.line + 1, self._text.line + 1))
        self.line = self._text.line
        return block

    def _is_plain(self, chunk: str) -> bool:
        """Tell whether every line is a row whose fields are what stands between delimiters."""
        dialect = self.dialect
        delimiters = chunk.partition("\n")[0].count(dialect.delimiter)
        return not (
            (dialect.quoting and '"' in chunk)
            or "\0" in chunk
            or ("\r" in chunk and chunk.count("\r") != chunk.count("\r\n"))
            or (dialect.comment and dialect.comment in chunk)
            # pandas takes the width from the first line, which may end with an empty field.
            or delimiters not in (self.width - 1, self.width)
        )

    def _parse(self, chunk: str, types: Sequence[ColumnType | None]) -> Any:
        import pandas as pd

        numeric = {at for at, kind in enumerate(types) if kind == "numeric"}
        missing: Any = {at: list(self.dialect.missing) for at in numeric}
        return pd.read_csv(
            io.StringIO(chunk),
            sep=self.dialect.delimiter,
            header=None,
            names=range(self.width + 1),
            index_col=False,
            dtype={at: np.float64 if at in numeric else object for at in range(self.width + 1)},
            keep_default_na=False,
            na_values=missing,
            quoting=csv.QUOTE_NONE,
        )


def _may_be_words(values: Array, chunk: str) -> bool:
    """Tell whether a column may consist of true and false, which pandas reads as 1 and 0."""
    return bool(((values == 0) | (values == 1)).all()) and bool(BOOLEAN_WORD.search(chunk))
