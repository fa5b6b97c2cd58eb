"""Columns of a table that fit into the width of a terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

GAP = 2  # columns of the terminal between two columns of a table
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
        return max(map(len, (columns[at], *cells))) + GAP

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


def ordered_names(keys: Iterable[str]) -> list[str]:
    """Return the keys of Keras's logs in the order of columns: loss, metrics, validation."""
    names = [name for name in dict.fromkeys(keys) if name != RATE]
    return sorted(names, key=lambda name: (name.startswith("val_"), not name.endswith("loss")))
