"""Print the first rows of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.cli.tables import table

if TYPE_CHECKING:
    from dlcli.datasets.dataset import Dataset
    from dlcli.types import Array

# Texts are cut, wide tables lose columns in the middle, and larger pictures are described.
LONGEST_CELL, MOST_COLUMNS, LARGEST_SIDE = 60, 20, 32


def first_rows_text(data: Dataset | Path, count: int) -> str:
    """Return the first rows of a data set, or of a file, as a table; of pictures their numbers.

    Parameters
    ----------
    data : Dataset or Path
    count : int
    """
    if isinstance(data, Path):
        return _table_text(*_rows_of_file(data, count))
    if isinstance(data.x, np.ndarray):
        rows = range(min(count, len(data)))
        return "\n\n".join(_array_text(data.x[row], _target_text(data, row)) for row in rows)
    frame = data.x
    names = [*map(str, frame), data.target.name]
    columns = [np.asarray(frame[name])[:count] for name in frame]
    rows_ = [
        [*(_cell(column[row]) for column in columns), _target_text(data, row)]
        for row in range(min(count, len(data)))
    ]
    return _table_text(names, rows_)


def _rows_of_file(path: Path, count: int) -> tuple[list[str], list[list[str]]]:
    from dlcli.datasets.tables import read_file_table

    content = read_file_table(path)
    names = [column.name for column in content.columns]
    columns = [content.values[name][:count] for name in names]
    return names, [list(map(_cell, row)) for row in zip(*columns, strict=True)]


def _table_text(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if len(names) > MOST_COLUMNS:
        half = MOST_COLUMNS // 2
        names = [*names[:half], "…", *names[-half:]]
        rows = [[*row[:half], "…", *row[-half:]] for row in rows]
    return table([["row", *names], *([str(i), *row] for i, row in enumerate(rows, 1))], left=0)


def _array_text(values: Array, target: str) -> str:
    """Return the numbers of a picture or an array below its target."""
    shape = " × ".join(map(str, values.shape))
    grid = values[..., 0] if values.ndim == 3 and values.shape[-1] == 1 else values
    if grid.ndim > 2 or max(grid.shape) > LARGEST_SIDE:
        low, high = float(values.min()), float(values.max())
        return f"{target}: {shape} numbers from {low:g} to {high:g}"
    lines = [[f"{value:g}" for value in row] for row in np.atleast_2d(grid)]
    return f"{target}:\n{table(lines, left=0)}"


def _target_text(data: Dataset, row: int) -> str:
    target, value = data.target, data.y[row]
    if target.task == "multilabel":
        return ", ".join(n for n, has in zip(target.class_names, value, strict=True) if has) or "–"
    if target.class_names:
        return target.class_names[int(value)]
    return ", ".join(f"{number:g}" for number in np.ravel(value))


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "–"
    if isinstance(value, np.ndarray):
        return f"{len(value):,} samples"
    text = f"{value:g}" if isinstance(value, float | np.floating) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
