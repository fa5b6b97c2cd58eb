"""Columns of a table that fit into the width of a terminal."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from dlcli.text_width import shortened, text_width

GAP = 2  # columns of the terminal between two columns of a table
# A text that is cut shorter says too little.
MIN_TEXT = 12
RATE = "learning_rate"  # logged by the callbacks that change it


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Parameters
    ----------
    cells : sequence of str
        May be fewer than there are columns.
    style : str
        Of rich, such as ``bold``.
    """

    cells: Sequence[str]
    style: str = ""


def fitting(
    columns: Sequence[str], rows: Sequence[Row], width: int, importance: Callable[[str], float]
) -> tuple[list[str], list[Row], list[str]]:
    """Leave out columns for which there is no room, the least important first.

    Parameters
    ----------
    columns : sequence of str
    rows : sequence of Row
    width : int
    importance : callable
        Of a column; infinity for one that always stays. Of two equals the right one is left out.

    Returns
    -------
    columns, rows : list
    left_out : list of str
    """

    def needed(at: int) -> int:
        cells = [row.cells[at] for row in rows if len(row.cells) > at]
        return max(map(text_width, (columns[at], *cells))) + GAP

    kept = list(range(len(columns)))
    optional = [at for at in kept if math.isfinite(importance(columns[at]))]
    optional.sort(key=lambda at: (importance(columns[at]), -at))
    while optional and sum(map(needed, kept)) - GAP > width:
        kept.remove(optional.pop(0))
    return (
        [columns[at] for at in kept],
        [Row([row.cells[at] for at in kept if at < len(row.cells)], row.style) for row in rows],
        [name for at, name in enumerate(columns) if at not in kept],
    )


def terminal_width(stream: IO[str] | None = None) -> int | None:
    """Return the width of the terminal; None if the output goes to a file or another program.

    Parameters
    ----------
    stream : file, optional
        Default: the standard output.
    """
    is_terminal = (sys.stdout if stream is None else stream).isatty()
    return shutil.get_terminal_size().columns if is_terminal else None


def blocks(
    rows: Sequence[Sequence[str]], width: int, texts: Sequence[int], optional: Sequence[int] = ()
) -> list[tuple[list[int], list[list[str]]]]:
    """Return the rows of a table so that they fit a width.

    Texts are shortened, then columns left out. If that is not enough, the columns are divided into
    tables that all begin with the first column. Numbers are not shortened, since one without its
    end is another number.

    Parameters
    ----------
    rows : sequence of sequence of str
        The first is the header.
    width : int
    texts : sequence of int
        Positions of the columns that may be shortened, the one that matters least first.
    optional : sequence of int
        Positions of the columns that may be left out, the one that matters least first.

    Returns
    -------
    list of tuple
        Of each table the positions of its columns, and its rows.
    """
    widths = [max(map(text_width, column)) for column in zip(*rows, strict=True)]
    kept = [at for at, own in enumerate(widths) if own or not at]
    for left_out in (None, *optional):
        kept = [at for at in kept if at != left_out]
        shrunk = _shrunk({at: widths[at] for at in kept}, width, texts)
        if _total(shrunk) <= width:
            return [(kept, [[shortened(row[at], shrunk[at]) for at in kept] for row in rows])]
    first = min(widths[0], max(MIN_TEXT, width // 3)) if 0 in texts else widths[0]
    room = max(width - first - GAP, MIN_TEXT)
    own = {at: min(widths[at], room if at else first) if at in texts else widths[at] for at in kept}
    return [
        (positions, [[shortened(row[at], own[at]) for at in positions] for row in rows])
        for positions in _divided(own, width)
    ]


def _total(widths: Mapping[int, int]) -> int:
    return sum(widths.values()) + GAP * (len(widths) - 1)


def _shrunk(widths: Mapping[int, int], width: int, texts: Sequence[int]) -> dict[int, int]:
    """Return the widths of columns after texts were shortened as far as needed, one by one."""
    shrunk = dict(widths)
    excess = _total(shrunk) - width
    for at in texts:
        if at in shrunk and excess > 0:
            taken = max(min(excess, shrunk[at] - MIN_TEXT), 0)
            shrunk[at] -= taken
            excess -= taken
    return shrunk


def _divided(widths: Mapping[int, int], width: int) -> Iterator[list[int]]:
    """Yield the positions of the columns of each table, the first column in all of them."""
    first, *others = widths
    part = [first]
    for at in others:
        if len(part) > 1 and _total({key: widths[key] for key in (*part, at)}) > width:
            yield part
            part = [first]
        part.append(at)
    yield part


def paragraphs(rows: Iterable[tuple[str, str]], width: int, indent: str) -> str:
    """Lay out texts and what is said about them below each other, in lines of a width.

    The first text of each pair is kept on one line, so that a command can be copied.
    """
    lines = []
    for text, about in rows:
        lines.append(f"{indent}{text}")
        lines += [f"{indent}    {line}" for line in wrapped(about, width - len(indent) - 4)]
    return "\n".join(lines)


def wrapped(text: str, width: int) -> list[str]:
    """Divide a text into lines between its words; a word that is too long has a line of its own."""
    first, *words = text.split(" ")
    lines = [first]
    for word in words:
        if text_width(lines[-1]) + 1 + text_width(word) <= width:
            lines[-1] += f" {word}"
        elif word:  # not the second of two blanks
            lines.append(word)
    return [line.rstrip() for line in lines]


def prose(text: str, stream: IO[str] | None = None) -> str:
    """Divide lines between their words on a terminal, which would divide them within a word.

    What belongs to one line is indented below it.

    Parameters
    ----------
    text : str
    stream : file, optional
        Where it will be printed; default: the standard output.
    """
    width = terminal_width(stream)
    if width is None:
        return text
    return "\n".join(
        line if text_width(line) <= width else "\n  ".join(wrapped(line, width - 2))
        for line in text.split("\n")
    )


def ordered_names(keys: Iterable[str]) -> list[str]:
    """Return the keys of Keras's logs in the order of columns: loss, metrics, validation."""
    names = [name for name in dict.fromkeys(keys) if name != RATE]
    return sorted(names, key=lambda name: (name.startswith("val_"), not name.endswith("loss")))
