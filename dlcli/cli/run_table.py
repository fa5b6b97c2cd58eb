"""The table of ``dlcli runs``: what the runs are, what differs, and their scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.cli.columns import Row, fitting, terminal_width
from dlcli.cli.formatting import duration
from dlcli.cli.tables import table
from dlcli.number_text import number
from dlcli.runs.changed_keys import short_value
from dlcli.runs.listing import RunSummary
from dlcli.text_width import shortened

# Columns that are left out on a narrow terminal, the first of them first.
LEFT_OUT_FIRST = ("note", "kind", "started", "loss", "tags", "status", "duration", "seed")
ALWAYS = ("run", "metric")
NUMBERS = ("loss", "seed")
MAX_CELL = 40


@dataclass(frozen=True)
class Table:
    """The text of the table, and the columns for which there was no room."""

    text: str
    left_out: Sequence[str]


def run_table(runs: Sequence[RunSummary]) -> Table:
    """Format runs as a table that fits a terminal; elsewhere it has all columns.

    Parameters
    ----------
    runs : sequence of RunSummary
        With the keys in which those of one name differ. Of one name alone, each such key is a
        column; of several names, one column holds them all.
    """
    keys = list(dict.fromkeys(key for run in runs for key in run.changed if key != "seed"))
    one_name = len({run.name for run in runs if run.name}) <= 1
    shown = keys if one_name else ["differs"] if keys else []
    names = ["run", "kind", "status", *shown, "seed", "loss", "metric", "duration", "started"]
    names += [name for name in ("tags", "note") if any(getattr(run, name) for run in runs)]
    cells = [[_cell(run, name) for name in names] for run in runs]
    rows = [Row(row) for row in cells]
    width = terminal_width()
    if width is None:
        return Table(_aligned(names, [row.cells for row in rows]), ())
    rows = [Row([shortened(cell, MAX_CELL) for cell in row]) for row in cells]
    headers = dict(zip(names, short_names(names), strict=True))
    differing = {headers[name] for name in shown}
    differing |= {name for name in ("status", "seed") if len({_cell(r, name) for r in runs}) > 1}

    def importance(header: str) -> float:
        if header in ALWAYS:
            return math.inf
        return len(LEFT_OUT_FIRST) if header in differing else LEFT_OUT_FIRST.index(header)

    columns, kept, left_out = fitting(list(headers.values()), rows, width, importance)
    return Table(_aligned(columns, [row.cells for row in kept]), left_out)


def short_names(names: Sequence[str]) -> list[str]:
    """Return the last part of each dotted name, or the whole where another one ends alike."""
    last = [name.rpartition(".")[2] for name in names]
    return [end if last.count(end) == 1 else name for name, end in zip(names, last, strict=True)]


def _cell(run: RunSummary, name: str) -> str:
    cells: dict[str, Any] = {
        "run": run.path, "kind": run.kind, "status": run.status,
        "seed": "" if run.seed is None else run.seed, "metric": run.headline,
        "loss": "" if run.metrics.get("loss") is None else number(run.metrics["loss"] or 0.0),
        "duration": duration(run.seconds), "started": run.started[:16].replace("T", " "),
        "tags": ", ".join(run.tags), "note": run.note,
    }  # fmt: skip
    if name in cells:
        return str(cells[name])
    if name == "differs":
        changes = [f"{key} {_text(value)}" for key, value in run.changed.items() if key != "seed"]
        return ", ".join(changes)
    return _text(run.changed[name]) if name in run.changed else ""


def _text(value: Any) -> str:
    return short_value(value) or "–"


def _aligned(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align numbers to the right: `table` aligns by position, so that they are padded here."""
    padded = [[*columns], *([*row] for row in rows)]
    for at, name in enumerate(columns):
        values = [row[at] for row in rows]
        if name in NUMBERS or (name not in ALWAYS and all(map(_is_number, values))):
            width = max(len(name), *map(len, values), 0)
            for row in padded:
                row[at] = row[at].rjust(width)
    return table(padded, left=len(columns))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text in ("", "–")
    return True
