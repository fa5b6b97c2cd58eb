"""Read delimited text in blocks of rows, column by column.

Most of a large file is read with pandas, a chunk of lines at a time. The rest is read row by row
with the csv module: pandas pads short rows and shifts long ones silently, and does not report the
line of a bad cell.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from dlcli.datasets.dataset import ColumnType
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables.chunk_texts import LeadingZeros, are_words, quoted_field
from dlcli.datasets.tables.column_types import has_leading_zeros
from dlcli.datasets.tables.columns import is_plain_decimal
from dlcli.datasets.tables.delimiter import long_fields, split_rows
from dlcli.datasets.tables.encodings import excerpt
from dlcli.datasets.tables.numbers import to_number
from dlcli.datasets.tables.row_reader import Block, RowReader
from dlcli.datasets.tables.text_file import TextFile
from dlcli.datasets.tables.text_start import LOOKAHEAD_LINES, read_start
from dlcli.errors import DatasetError
from dlcli.types import Array

# Of fewer characters, importing pandas takes longer than reading them row by row.
MIN_PANDAS_SIZE = 1 << 20
MAX_CHUNK_SIZE, MAX_CHUNK_ROWS = 4 << 20, 16_384


class CsvReader(RowReader):
    """Read the rows of a text, all of the same width.

    Parameters
    ----------
    text : TextFile
    dialect : Dialect
        Its delimiter may be ``"auto"``.
    min_fields : int
        Fields that a row has at least. With more than one, the delimiter is detected if the first
        line does not contain that of the dialect.
    names : sequence of str
        Names that the header has if there are no rows above it, whatever the dialect says.

    Raises
    ------
    DatasetError
        With file and line, if the text is empty or malformed; also from `read_block`.
    """

    def __init__(
        self,
        text: TextFile,
        dialect: Dialect,
        *,
        min_fields: int = 1,
        names: Sequence[str] = (),
    ) -> None:
        self._text, self._text_lines = text, text.lines()
        head = list(islice(self._text_lines, LOOKAHEAD_LINES + dialect.skip_rows))
        if not head:
            raise DatasetError(f"{text.name} is empty")
        with long_fields:
            start = read_start(
                head, dialect, min_fields, names, may_start_at_once=not text.hints.has_options
            )
            self._skipped = start.skipped
            # Lines that were read from the text and are not part of a row yet.
            self._pending_lines: Iterator[str] = iter(head)
            self._rows = split_rows(
                self._lines(),
                start.dialect,
                strict=start.dialect.quoting,
                skip_blanks=start.has_blanks,
            )
            self._chunk_size = 0
            is_training = text.hints.has_options
            super().__init__(text.name, start.dialect, collects_bad_rows=is_training)
        notices = [f"{text.name}{notice}" for notice in start.notices]
        if dialect.encoding == "auto" and not text.encoding.startswith("utf-8"):
            line = next((line for line in head if not line.isascii()), head[0])
            notices.insert(0, f"{text.name} is read as {text.encoding}: {excerpt(line)!r}")
        self.notices[:0] = notices
        self._uses_pandas = not self.dialect.widths
        # pandas knows a decimal comma as well.
        self._has_plain_numbers = is_plain_decimal(replace(dialect, decimal="."))
        self._missing_words = (*self.dialect.missing, *self.dialect.missing_numbers)
        # For many columns, pandas takes half as long to prepare all words for a missing value as to
        # parse a chunk. Those that are not numbers are passed after the first chunk with one.
        self._missing = _numbers_among(self._missing_words, self.dialect.decimal)
        self._separator = self.dialect.delimiter.replace("whitespace", " ")
        # In training, leading zeros decide the type of a column.
        self._collects_codes = is_training and self._has_plain_numbers
        self._leading_zero = LeadingZeros(f" {self._separator}{self.dialect.quotechar}")
        self._quoted_field = quoted_field(self.dialect)

    def read_share(self) -> float:
        """Return the share of the file that was read; see `TextFile`."""
        return self._text.read_share()

    def read_block(self, types: Sequence[ColumnType | None], max_rows: int) -> Block | None:
        """Read the next rows; see `RowReader`."""
        with long_fields:
            while True:
                # Every line that was read from the text is part of a row: the next lines can be a
                # chunk.
                if not self._pending and self.line == self._text.line:
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

    def _may_continue(self) -> bool:
        return self.line < self._text.line

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
            if self.line > self._skipped and not (comment and line.startswith(comment)):
                yield line

    def _parse_chunk(self, chunk: str, types: Sequence[ColumnType | None]) -> Block | None:
        """Parse whole lines with pandas; None if they have to be read row by row.

        pandas gets one column more than there are. A row with a field too many has it there, and
        a row with a field too few has nothing in its last column.
        """
        count = self._text.line - self.line
        quoted = self.dialect.quoting and self.dialect.quotechar in chunk
        if self.dialect.delimiter == "whitespace":
            if quoted:
                return None
            chunk = "\n".join(" ".join(line.split()) for line in chunk.split("\n"))
        if not self._is_plain(chunk):
            return None
        if quoted and self._quoted_field.sub("", chunk).find(self.dialect.quotechar) >= 0:
            return None
        frame = self._frame(chunk, types, quoted=quoted)
        if frame is None:
            return None
        last, beyond = frame.iloc[:, -2], frame.iloc[:, -1]
        # A blank line gives no row.
        if len(frame) != count or (beyond != "").any() or (last.isna() | (last == "")).any():
            return None
        codes = self._codes(chunk, types, quoted=quoted)
        columns: list[Any] = []
        zeros_and_ones: dict[int, Array] = {}
        for at, kind in enumerate(types):
            values = frame[at].to_numpy() if kind is not None else np.empty(0)
            is_parsed = kind == "numeric" and self._has_plain_numbers
            if is_parsed:
                # Reading row by row refuses an infinite value with its line.
                if np.isinf(values).any():
                    return None
                if values[0] != values[0] or values[0] in (0, 1):
                    zeros_and_ones[at] = values
            columns.append(codes.get(at, values if is_parsed else values.tolist()))
        if are_words(zeros_and_ones, chunk, self.dialect):
            return None
        block = Block(columns, range(self.line + 1, self._text.line + 1))
        self.line = self._text.line
        return block

    def _codes(
        self, chunk: str, types: Sequence[ColumnType | None], *, quoted: bool
    ) -> dict[int, list[str]]:
        """Return the texts of numeric columns that have leading zeros, which floats do not show."""
        if not self._collects_codes or not self._leading_zero.is_in(chunk):
            return {}
        lines = [line for line in chunk.split("\n") if self._leading_zero.is_in(line)]
        numeric = [at for at, kind in enumerate(types) if kind == "numeric"]
        no_types = [None] * len(types)
        few = self._parse("\n".join(lines), no_types, quoted=quoted)
        codes = [at for at in numeric if has_leading_zeros(few[at].tolist())]
        if not codes:
            return {}
        frame = self._parse(chunk, no_types, quoted=quoted)
        return {at: frame[at].tolist() for at in codes}

    def _is_plain(self, chunk: str) -> bool:
        """Tell whether every line is a row, apart from its quotes."""
        dialect = self.dialect
        if "\0" in chunk or ("\r" in chunk and chunk.count("\r") != chunk.count("\r\n")):
            return False
        first = next(split_rows([chunk.partition("\n")[0]], dialect, strict=False), [])
        return not (
            (dialect.comment and dialect.comment in chunk)
            # It may be the header again.
            or any(header in chunk for header in self._header_texts())
            # pandas takes the width from the first line, which may end with an empty field.
            or len(first) not in (self.width, self.width + 1)
        )

    def _header_texts(self) -> list[str]:
        """Return the header as it may stand in a line, without and with quotes."""
        if self._header is None:
            return []
        quote, delimiter = self.dialect.quotechar, self._separator
        quoted = f"{quote}{delimiter}{quote}".join(self._header)
        return [delimiter.join(self._header), f"{quote}{quoted}{quote}"]

    def _frame(self, chunk: str, types: Sequence[ColumnType | None], *, quoted: bool) -> Any:
        """Return the rows; None at a text in place of a number, or two fields too many in a row."""
        try:
            return self._parse(chunk, types, quoted=quoted)
        except ValueError:
            if self.dialect.decimal == "." or not self._has_plain_numbers:
                return None
            self._has_plain_numbers = False  # it may have numbers such as 1.234,5
            return self._frame(chunk, types, quoted=quoted)

    def _parse(self, chunk: str, types: Sequence[ColumnType | None], *, quoted: bool) -> Any:
        import pandas as pd

        numeric = {
            at for at, kind in enumerate(types) if kind == "numeric" and self._has_plain_numbers
        }
        missing: Any = dict.fromkeys(numeric, self._missing)
        try:
            return pd.read_csv(
                io.StringIO(chunk),
                sep=self._separator,
                header=None,
                names=range(self.width + 1),
                index_col=False,
                dtype={at: np.float64 if at in numeric else object for at in range(self.width + 1)},
                decimal=self.dialect.decimal,
                keep_default_na=False,
                na_values=missing,
                quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
                quotechar=self.dialect.quotechar,
            )
        except ValueError:
            if self._missing == self._missing_words:
                raise
            self._missing = self._missing_words
            return self._parse(chunk, types, quoted=quoted)


def _numbers_among(words: Sequence[str], decimal: str) -> tuple[str, ...]:
    """Return the words that are numbers, or empty."""
    return tuple(word for word in words if not word or not math.isnan(to_number(word, decimal)))
