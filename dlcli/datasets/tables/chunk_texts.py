"""What the text of many rows shows before it is split into cells."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables.delimiter import split_rows
from dlcli.types import Array

BOOLEAN_WORD = re.compile("true|false", re.IGNORECASE)


class LeadingZeros:
    """Find fields that are whole numbers with leading zeros.

    Parameters
    ----------
    edges : str
        Characters that may stand around a field, besides line ends.
    """

    def __init__(self, edges: str) -> None:
        edge = f"[{re.escape(edges)}]"
        self._pattern = re.compile(rf"(?:^|{edge})0[0-9]+(?:{edge}|\r?$)", re.MULTILINE)
        self._is_edge, self._is_digit = np.zeros(256, bool), np.zeros(256, bool)
        self._is_edge[list(f"\n{edges}".encode())] = True
        self._is_digit[list(b"0123456789")] = True

    def is_in(self, text: str) -> bool:
        """Tell whether there is one."""
        # The pattern is slow: a zero behind an edge and before a digit is looked for first.
        data = np.frombuffer(f"\n{text}\n".encode(), np.uint8)
        zeros = np.flatnonzero(data == ord("0"))
        may_lead = self._is_edge[data[zeros - 1]] & self._is_digit[data[zeros + 1]]
        return bool(may_lead.any()) and bool(self._pattern.search(text))


def quoted_field(dialect: Dialect) -> re.Pattern[str]:
    """Return the pattern of a field in quotes, on one line and without text around the quotes."""
    quote, delimiter = re.escape(dialect.quotechar), re.escape(dialect.delimiter)
    text = rf"[^{quote}\r\n]*+"
    return re.compile(
        rf"(?:^|(?<={delimiter})){quote}{text}(?:{quote}{quote}{text})*+{quote}"
        rf"(?={delimiter}|\r?$)",
        re.MULTILINE,
    )


def are_words(columns: Mapping[int, Array], chunk: str, dialect: Dialect) -> bool:
    """Tell whether a column consists of true and false, which pandas reads as 1 and 0.

    It does so if there is no number among them, so that one cell of each column tells.
    """
    rows: list[str] = []
    for at, values in columns.items():
        present = np.flatnonzero(~np.isnan(values))
        if not len(present) or not np.isin(values[present], (0, 1)).all():
            continue
        rows = rows or chunk.split("\n")
        cell = next(split_rows([rows[present[0]]], dialect, strict=False))[at]
        if BOOLEAN_WORD.fullmatch(cell.strip()):
            return True
    return False
