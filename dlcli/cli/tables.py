"""dlcli.cli.tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.cli.terminal import number

if TYPE_CHECKING:
    from dlcli.datasets.card import Card
    from dlcli.network.scores import Scores


def table(rows: Iterable[Sequence[Any]], *, left: int = 1, indent: str = "") -> str:
    """Align columns.

    Parameters
    ----------
    rows : iterable of sequences
        The first is the header.
    left : int
        Columns that are aligned to the left; the others hold numbers.
    indent : str
    """
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        parts = [
            cell + " " * (width - _width(cell))
            if at < left
            else " " * (width - _width(cell)) + cell
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append((indent + "  ".join(parts)).rstrip())
    return "\n".join(lines)


def _width(text: str) -> int:
    """Return the columns that a text takes; Hangul and other wide characters take two."""
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def score_rows(scores: Mapping[str, Scores]) -> list[list[str]]:
    """Return a table of metrics, a row per part."""
    names = list(next(iter(scores.values())).metrics)
    return [
        ["", "rows", *names],
        *(
            [part, str(item.rows), *(number(item.metrics[name]) for name in names)]
            for part, item in scores.items()
        ),
    ]


def class_table(scores: Scores) -> str:
    """Return precision, recall and F1 per class."""
    rows: list[Sequence[str]] = [["class", "precision", "recall", "f1", "rows"]]
    rows += [
        [item.name, number(item.precision), number(item.recall), number(item.f1), str(item.support)]
        for item in scores.classes
    ]
    return table(rows)


def confusion_table(scores: Scores) -> str:
    """Return the confusion matrix, classes by name."""
    names = [item.name for item in scores.classes]
    rows: list[Sequence[Any]] = [["true \\ predicted", *names]]
    rows += [[name, *counts] for name, counts in zip(names, scores.confusion, strict=True)]
    return table(rows)


def card_text(card: Card) -> str:
    """Return the description of a data set."""
    shape = f" of shape {'×'.join(map(str, card.shape))}" if card.shape else ""
    lines = [f"{card.name}: {card.rows} rows{shape}"]
    if card.target:
        lines.append(f"target: {card.target}")
    if card.classes:
        shares = ", ".join(f"{name} {count}" for name, count in card.classes.items())
        lines.append(f"classes: {shares}")
    lines.append(f"repeated rows: {card.duplicates}")
    if constant := [column.name for column in card.columns if column.constant]:
        lines.append(f"constant columns: {', '.join(constant)}")
    rows: list[Sequence[str]] = [
        ["column", "type", "missing", "distinct", "min", "mean", "max", ""]
    ]
    shown = card.columns if len(card.columns) <= 70 else card.columns[:60]
    for column in shown:
        values = ["" if v is None else number(v) for v in (column.low, column.mean, column.high)]
        counts = [str(column.missing), str(column.distinct)]
        rows.append([column.name, column.type, *counts, *values, ", ".join(column.examples)])
    text = "\n".join(lines) + "\n\n" + table(rows, left=2)
    if len(shown) < len(card.columns):
        text += f"\n… and {len(card.columns) - len(shown)} more columns"
    return text
