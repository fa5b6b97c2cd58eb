"""The widths of columns in a text without delimiters, also where their cells touch."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dlcli.datasets.tables.header import looks_like_header
from dlcli.datasets.tables.numbers import to_number

MIN_LINES = 5
# Rows in which a blank shows the edge of a column whose cells touch in others.
MIN_BLANKS = 2
DIGITS = "-+0123456789"
NUMBERS = re.compile(r"[-+0-9. ]*")


def column_widths(lines: Sequence[str]) -> list[int]:
    """Return the widths of columns that stand at the same places in all lines.

    Blanks at the same place in all lines separate columns. If cells touch, the names above them or
    the alignment of their digits tell where a column ends.

    Parameters
    ----------
    lines : sequence of str
        The first is the header, if there is one.

    Returns
    -------
    list of int
        Empty if there are fewer than two columns.
    """
    rows = [line.rstrip("\r\n").expandtabs() for line in lines]
    if len(rows) < MIN_LINES or any("\t" in line for line in lines):
        return []
    length = max(map(len, rows))
    padded = [row.ljust(length) for row in rows]
    blank = [all(row[at] == " " for row in padded) for at in range(length)]
    starts = [at for at in range(length) if not blank[at] and (at == 0 or blank[at - 1])]
    if not starts:
        return []
    # Texts with a blank at the same place in all lines are one column, if they have one name.
    named = [bool(padded[0][at:end].strip())
             for at, end in zip(starts, [*starts[1:], length], strict=True)]  # fmt: skip
    starts = [at for place, at in enumerate(starts) if place < 2 or named[place - 1]]
    has_header = looks_like_header(padded[0].split(), ".")
    cuts: list[int] = []
    for start, end in zip(starts, [*starts[1:], length], strict=True):
        while blank[end - 1]:
            end -= 1  # noqa: PLW2901 (the blanks behind the last character)
        segment = _Segment([row[start:end] for row in padded], has_header=has_header)
        inner = segment.cuts()
        if inner is None:
            return []
        cuts += [start, *(start + cut for cut in inner)]
    if len(cuts) < 2:
        return []
    # The last column ends where the longest line does.
    return [end - start for start, end in zip([0, *cuts[1:]], [*cuts[1:], length], strict=True)]


@dataclass(frozen=True)
class _Segment:
    """A part of all lines in which no blank stands at the same place in all of them."""

    lines: Sequence[str]
    has_header: bool

    @property
    def rows(self) -> Sequence[str]:
        return self.lines[self.has_header :]

    def cuts(self) -> list[int] | None:
        """Return the positions between its columns, or None if nothing shows them."""
        names = [match.span() for match in re.finditer(r"\S+", self.lines[0])]
        if self.has_header:
            return self._cuts_below(names) if len(names) > 1 else []
        if not all(map(NUMBERS.fullmatch, self.rows)):
            return []
        for cuts in (self._behind_decimals(), self._behind_units()):
            if cuts and self._are_numbers(cuts):
                return cuts
        return []

    def _cuts_below(self, names: Sequence[tuple[int, int]]) -> list[int] | None:
        """Return the cuts between names; two words above one text are one name."""
        cuts = []
        for (first, end), (start, last) in pairwise(names):
            if self._is_filled(end - 1) and (end == start or not self._is_filled(end)):
                cuts.append(end)  # to the right
            elif self._is_filled(start):
                cuts.append(start)  # to the left
            else:
                apart = [at for at in range(end, start + 1) if self._is_edge(at)]
                several = sum(len(row[first:last].split()) > 1 for row in self.rows)
                if not apart and several > len(self.rows) / 2:
                    return None
                cuts += apart[:1]
        return cuts

    def _behind_decimals(self) -> list[int]:
        """Return the ends of numbers with their points at the same place in all rows."""
        cuts = []
        for at in range(len(self.lines[0])):
            if all(row[at] == "." for row in self.rows):
                digits = (re.match("[0-9]*", row[at + 1 :]) for row in self.rows)
                cuts.append(at + 1 + min(match.end() for match in digits if match))
        return [cut for cut in cuts if cut < len(self.lines[0])]

    def _behind_units(self) -> list[int]:
        """Return the ends of whole numbers that are aligned to the right."""
        length = len(self.lines[0])
        filled = [sum(row[at] != " " for row in self.rows) for at in range(length)]
        total = len(self.rows)
        cuts = [
            at
            for at in range(1, length)
            if filled[at - 1] == total and filled[at] <= total - MIN_BLANKS
        ]
        for start, end in pairwise([0, *cuts, length]):
            rises = all(a <= b for a, b in pairwise(filled[start:end]))
            if not rises or filled[end - 1] < total:
                return []
        return cuts

    def _are_numbers(self, cuts: Sequence[int]) -> bool:
        """Tell whether every cell is a number, or empty."""
        edges = list(pairwise([0, *cuts, len(self.lines[0])]))
        cells = (row[start:end].strip() for row in self.rows for start, end in edges)
        return not any(cell and math.isnan(to_number(cell)) for cell in cells)

    def _is_filled(self, at: int) -> bool:
        return all(row[at] != " " for row in self.rows)

    def _is_edge(self, at: int) -> bool:
        """Tell whether no row has a text or a number across a position."""
        sides = ((row[at - 1], row[at]) for row in self.rows)
        return all(
            " " in (left, right) or (left.isalpha() and right in DIGITS)
            or (left in DIGITS and right.isalpha())
            for left, right in sides
        )  # fmt: skip
