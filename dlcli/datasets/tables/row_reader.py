"""Rows of a table, in blocks of columns, whatever the file's format is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dlcli.datasets.dataset import ColumnType
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables.bad_rows import BadRows
from dlcli.datasets.tables.orange import are_orange_rows, propose_roles
from dlcli.datasets.tables.proposals import Proposal
from dlcli.errors import DatasetError
from dlcli.types import Array

LOOKAHEAD_ROWS = 100


@dataclass(frozen=True)
class Block:
    """Rows of a table, by column.

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


class RowReader:
    """Read the rows of a table, all of the same width.

    Parameters
    ----------
    name : str
        Name of the file, for messages.
    dialect : Dialect
    rows : iterable of (int, list of str)
        Line and fields of each row.
    has_names : bool
        Whether the format says that the first row has the names of the columns.
    proposals : sequence of Proposal
        Options of the loader that the format suggests.
    collects_bad_rows : bool
        Whether rows with another number of fields are left out until `check_bad_rows` reports
        them; default: the first is an error.

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
    bad_rows : BadRows
        Rows with another number of fields that were left out so far.
    notices : list of str
        What a user should know about how the table was read.
    has_filled_cells : bool
        Whether merged cells got values that the file does not have in them.

    Raises
    ------
    DatasetError
        With file and line, if the table is empty or malformed; also from `read_block`.
    """

    def __init__(
        self,
        name: str,
        dialect: Dialect,
        rows: Iterable[tuple[int, list[str]]] = (),
        *,
        has_names: bool = False,
        proposals: Sequence[Proposal] = (),
        collects_bad_rows: bool = False,
    ) -> None:
        self.name, self.dialect = name, dialect
        self._collects_bad_rows = collects_bad_rows
        self.bad_rows = BadRows(name, dialect.delimiter)
        self.has_names, self.proposals = has_names, tuple(proposals)
        self.notices: list[str] = []
        self.line = self.width = 0
        self.has_header = self.has_filled_cells = False
        self._source: Iterator[tuple[int, list[str]]] = iter(rows)
        self._header: list[str] | None = None
        self._header_line = 0
        self._is_orange = False
        self._pending: deque[tuple[int, list[str]]] = deque()
        self._start()

    def _start(self) -> None:
        """Read the first rows, which show what the others are like."""
        while len(self._pending) < LOOKAHEAD_ROWS and (row := self._next_row()) is not None:
            self._pending.append((self.line, row))
            if len(self._pending) == 1:
                self._fit_first_row()
        if not self._pending:
            raise DatasetError(f"{self.name} is empty")
        self._find_orange_rows()

    @property
    def first_row(self) -> list[str]:
        """The first row, until it is taken."""
        return self._pending[0][1] if self._header is None else self._header

    def next_rows(self) -> list[list[str]]:
        """Return the rows behind the first that were looked at; they are part of blocks later."""
        return [row for _, row in list(self._pending)[1 + 2 * self._is_orange :]]

    def take_header(self) -> list[str]:
        """Return the first row as names; it is not part of the first block then.

        Empty names behind the last are dropped, and nothing is expected behind other rows.
        """
        self._header_line, self._header = self._pending.popleft()
        self.has_header = True
        row = self._header
        while len(row) > 1 and not row[-1].strip():
            row = row[:-1]
        self.width = len(row)
        pending, self._pending = self._pending, deque()
        if self._is_orange:
            pending.popleft()
            self.notices.append(
                f"{self.name}:{pending.popleft()[0] - 1}: the types and roles of Orange are skipped"
            )
        for line, fields in pending:
            if (fitted := self._fit(fields, line)) is not None:
                self._pending.append((line, fitted))
        return row

    @property
    def header_line(self) -> int:
        """Line of the names."""
        return self._header_line

    def read_share(self) -> float:
        """Return the share of the file that was read; 1 if that is unknown."""
        return 1.0

    def read_block(self, types: Sequence[ColumnType | None], max_rows: int) -> Block | None:  # noqa: ARG002
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
            None at the end of the table.
        """
        return self._read_rows(max_rows)

    def _read_rows(self, max_rows: int) -> Block | None:
        rows: list[list[str]] = []
        lines: list[int] = []
        while len(rows) < max_rows:
            if self._pending:
                line, row = self._pending.popleft()
            elif self._may_continue() and (following := self._next_row()) is not None:
                line, row = self.line, following
            else:
                break
            rows.append(row)
            lines.append(line)
        return Block(list(zip(*rows, strict=True)), lines) if rows else None

    def _may_continue(self) -> bool:
        """Whether `_next_row` may be called."""
        return True

    def _next_row(self) -> list[str] | None:
        """Return the next row that is not empty, None at the end."""
        while (fields := self._next_fields()) is not None:
            if (row := self._fit(fields, self.line)) is not None:
                return row
        return None

    def _next_fields(self) -> list[str] | None:
        following = next(self._source, None)
        if following is None:
            return None
        self.line = following[0]
        return following[1]

    def _fit(self, row: list[str], line: int) -> list[str] | None:
        """Return a row with the width of the table; None if it is empty or the header again."""
        if not row or not (row[0].strip() or any(map(str.strip, row))):
            if row == [""] and self.width == 1:  # a pair of quotes: a missing value
                return row
            self._notice_empty(row, line)
            return None
        if row == self._header:
            self._notice_repeated_header(line)
            return None
        if not self.width:
            self.width = len(row)
        if len(row) == self.width:
            return row
        # Some programs end rows with delimiters.
        if len(row) > self.width and not any(map(str.strip, row[self.width :])):
            return row[: self.width]
        self.bad_rows.add(row, line, self.width)
        if not self._collects_bad_rows:
            raise self.bad_rows.error()
        return None

    def check_bad_rows(self) -> None:
        """Report rows with another number of fields: as an error, or as a notice.

        Raises
        ------
        LayoutError
            If there are some, and the dialect does not leave them out.
        """
        if self.bad_rows:
            if self.dialect.on_bad_row == "error":
                raise self.bad_rows.error()
            self.notices.append(f"left out: {self.bad_rows.message()}")

    def _fit_first_row(self) -> None:
        """Give the first row the width of the second, if it may be a header that differs.

        R names all columns but the index, and some programs end the header alone with a delimiter.
        """
        line, header = self._pending[0]
        following = self._next_fields()
        if following is None:
            return
        if self.dialect.index and len(following) == len(header) + 1:
            self._pending[0] = (line, ["", *header])
            self.width += 1
        elif 1 < len(following) < len(header) and not any(map(str.strip, header[len(following) :])):
            self.width = len(following)
            self._pending[0] = (line, header[: self.width])
        row = self._fit(following, self.line)
        if row is not None:
            self._pending.append((self.line, row))

    def _find_orange_rows(self) -> None:
        """Detect the types and the roles of the columns, which Orange writes below the names."""
        if len(self._pending) < 4:
            return
        names, types, roles = (row for _, row in list(self._pending)[:3])
        if are_orange_rows(types, roles):
            self._is_orange = self.has_names = True
            self.proposals = tuple(propose_roles(names, types, roles))

    def _notice_empty(self, row: list[str], line: int) -> None:
        if self.width == 1:
            self._notice_once(line, 'blank lines are skipped; write "" for a missing value')
        elif len(row) > 1 and self.width:
            self._notice_once(line, "rows without any value are skipped")

    def _notice_repeated_header(self, line: int) -> None:
        self._notice_once(line, "rows that repeat the header are skipped")

    def _notice_once(self, line: int, notice: str) -> None:
        if not any(notice in other for other in self.notices):
            self.notices.append(f"{self.name}:{line}: {notice}")
