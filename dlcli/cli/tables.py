"""Format results and data cards as tables of text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.cli.columns import blocks, paragraphs, prose, terminal_width
from dlcli.errors import escape_control, plural
from dlcli.number_text import number
from dlcli.text_width import text_width

if TYPE_CHECKING:
    from dlcli.datasets.card import Card, ColumnCard
    from dlcli.network.scores import Scores

# A card with more than MAX_COLUMNS columns shows the first SHORT_COLUMNS.
MAX_COLUMNS, SHORT_COLUMNS = 70, 60


def table(
    rows: Iterable[Sequence[Any]],
    *,
    left: int = 1,
    indent: str = "",
    texts: Sequence[int] | None = None,
    optional: Sequence[int] = (),
) -> str:
    """Align columns, within the width of the terminal if the output goes to one.

    Parameters
    ----------
    rows : iterable of sequences
        The first is the header.
    left : int
        Number of columns that are aligned to the left; the others are numbers.
    indent : str
        Start of each line.
    texts : sequence of int, optional
        Positions of the columns that may be shortened, the one that matters least first. Default:
        those aligned to the left, from the right, the first column last.
    optional : sequence of int
        Positions of the columns that may be left out, the one that matters least first.
    """
    # Control characters and line breaks, which a file's names may have, as they will be printed.
    cells = [[escape_control(cell).replace("\n", r"\n") for cell in row] for row in rows]
    width = terminal_width()
    if width is None or not cells:
        return _aligned(cells, left, indent)
    shortened = range(left - 1, -1, -1) if texts is None else texts
    parts = blocks(cells, width - len(indent), shortened, optional)
    shown = {at for positions, _ in parts for at in positions}
    left_out = [cells[0][at] for at in optional if at not in shown and cells[0][at]]
    text = "\n\n".join(
        _aligned(part, sum(at < left for at in positions), indent) for positions, part in parts
    )
    return "\n".join([text, *([prose(f"no room for: {', '.join(left_out)}")] if left_out else [])])


def _aligned(cells: Sequence[Sequence[str]], left: int, indent: str) -> str:
    widths = [max(map(text_width, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        padded = []
        for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
            padding = " " * (width - text_width(cell))
            padded.append(cell + padding if column < left else padding + cell)
        lines.append((indent + "  ".join(padded)).rstrip())
    return "\n".join(lines)


def explained(rows: Sequence[tuple[str, str]], *, indent: str = "  ") -> str:
    """Format texts with what is said about each: beside it if the terminal has room, or below it.

    Nothing is shortened.
    """
    cells = [[*row] for row in rows]
    text, width = _aligned(cells, 2, indent) if cells else "", terminal_width()
    if width is None or all(text_width(line) <= width for line in text.split("\n")):
        return text
    return paragraphs(rows, width, indent)


def score_rows(scores: Mapping[str, Scores]) -> list[list[str]]:
    """Return a header and a row of metrics for train, validation and test."""
    metrics = list(next(iter(scores.values())).metrics)
    rows = [["", "rows", *metrics]]
    for part, item in scores.items():
        rows.append([part, str(item.rows), *(number(item.metrics[name]) for name in metrics)])
    return rows


def class_table(scores: Scores) -> str:
    """Format precision, recall and F1 of each class."""
    rows = [["class", "precision", "recall", "f1", "rows"]]
    rows += [
        [item.name, number(item.precision), number(item.recall), number(item.f1), str(item.support)]
        for item in scores.classes
    ]
    return table(rows)


def label_table(scores: Scores) -> str:
    """Format the scores of each label, and their averages."""
    rows = [["label", "accuracy", "precision", "recall", "f1", "roc_auc", "rows"]]
    for item in scores.labels:
        measures = (item.accuracy, item.precision, item.recall, item.f1, item.roc_auc)
        rows.append([item.name, *map(number, measures), str(item.support)])
    for average in scores.averages:
        means = (average.precision, average.recall, average.f1)
        rows.append([f"{average.name} average", "", *map(number, means), "", ""])
    return table(rows)


def number_table(scores: Scores) -> str:
    """Format the scores of each of several numbers."""
    rows = [["target", "mae", "rmse", "r2"]]
    rows += [[item.name, *map(number, (item.mae, item.rmse, item.r2))] for item in scores.numbers]
    return table(rows)


def target_tables(scores: Scores) -> list[str]:
    """Format the scores of several targets, or of the classes; none for a single number."""
    if scores.labels:
        return [label_table(scores)]
    if scores.numbers:
        return [number_table(scores)]
    return [class_table(scores)] if scores.classes else []


def confusion_table(scores: Scores) -> str:
    """Format the confusion matrix, with the names of the classes."""
    names = [item.name for item in scores.classes]
    rows: list[list[Any]] = [["true \\ predicted", *names]]
    rows += [[name, *counts] for name, counts in zip(names, scores.confusion, strict=True)]
    return table(rows)


def card_text(card: Card) -> str:
    """Format the description of a data set."""
    shape = f" of shape {'×'.join(map(str, card.shape))}" if card.shape else ""
    lines = [f"{card.name}: {plural(card.rows, 'row')}{shape}"]
    if card.target:
        lines.append(f"target: {card.target}")
    if card.classes:
        counts = ", ".join(f"{name} {count}" for name, count in card.classes.items())
        lines.append(f"classes: {counts}")
    if card.parts:
        counts = ", ".join(f"{name} {count}" for name, count in card.parts.items())
        lines.append(f"given split: {counts}")
    lines.append(f"repeated rows: {card.duplicates}")
    if constant := [column.name for column in card.columns if column.constant]:
        lines.append(f"constant columns: {', '.join(constant)}")
    columns = card.columns if len(card.columns) <= MAX_COLUMNS else card.columns[:SHORT_COLUMNS]
    rows = [["column", "type", "missing", "distinct", "min", "mean", "max", ""]]
    rows += map(_column_row, columns)
    examples = len(rows[0]) - 1
    lines = [prose(line) for line in lines]
    lines += ["", table(rows, left=2, texts=(examples, 0), optional=[examples])]
    if len(columns) < len(card.columns):
        lines.append(f"… and {len(card.columns) - len(columns)} more columns")
    return "\n".join(lines)


def _column_row(column: ColumnCard) -> list[str]:
    values = (column.low, column.mean, column.high)
    return [
        column.name,
        column.type,
        str(column.missing),
        str(column.distinct),
        *("" if value is None else number(value) for value in values),
        ", ".join(column.examples),
    ]
