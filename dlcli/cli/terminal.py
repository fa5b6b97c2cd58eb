"""How things look on a terminal: tables, progress, notes."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.errors import plain

if TYPE_CHECKING:
    from dlcli.callbacks import Progress
    from dlcli.datasets.card import Card
    from dlcli.scoring import Scores

LONGEST = 800


def say(text: str = "") -> None:
    """Print a result, on standard output."""
    print(plain(text))


def note(text: str) -> None:
    """Print what is not a result, on standard error."""
    _write_aside(f"{plain(shortened(text))}\n")


def _write_aside(text: str) -> None:
    """Write to standard error, as long as it takes anything: the work goes on without it."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 (for the rest of the process)


def notes(texts: Iterable[str]) -> None:
    """Print notices, each once."""
    for text in dict.fromkeys(texts):
        note(f"dlcli: note: {text}")


def wrote(path: Path, what: str) -> None:
    """Tell of a file that was written: its path is the result."""
    note(f"dlcli: wrote {what}: {path}")
    say(str(path))


def shortened(text: str) -> str:
    """Cut lines that are longer than anybody reads, in their middle."""
    return "\n".join(
        line if len(line) <= LONGEST else f"{line[: LONGEST - 100]} … {line[-100:]}"
        for line in text.split("\n")
    )


def say_json(value: Any) -> None:
    """Print a JSON document on standard output."""
    from dlcli.artifacts import finite

    print(json.dumps(finite(value), indent=2, ensure_ascii=False))


def number(value: float) -> str:
    """Write a measured value with four or five digits that count."""
    if value != value:
        return "–"
    size = abs(value)
    if size and (size < 1e-3 or size >= 1e5):
        return f"{value:.3g}"
    return f"{value:.4f}" if size < 100 else f"{value:.1f}"


def counted(count: int, one: str) -> str:
    """Write a number of things: 1 row, 2 rows, 2 classes."""
    many = f"{one}es" if one.endswith("s") else f"{one}s"
    return f"{count} {one if count == 1 else many}"


def duration(seconds: float) -> str:
    """Write a duration as people say it."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


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


SLOW_SECONDS = 2.0


class ProgressDisplay:
    """One line per epoch on standard error, and on a terminal the running epoch below.

    Parameters
    ----------
    prefix : str
        What every line begins with: the fold, in k-fold.
    every_epoch : bool
        Whether ended epochs leave a line; of many quick ones every tenth or hundredth does.
    """

    def __init__(self, prefix: str = "", *, every_epoch: bool = True) -> None:
        self.prefix = prefix
        self.every_epoch = every_epoch
        self.live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._shown = 0.0
        self._noted = 0.0

    def __call__(self, progress: Progress) -> None:
        """Show where the training stands."""
        if progress.epoch_done and self._leaves_line(progress):
            self.clear()
            self._noted = time.monotonic()
            note(self.prefix + self._line(progress))
        elif self.live and time.monotonic() - self._shown > 0.1:
            self._shown = time.monotonic()
            self.show(self.prefix + self._line(progress))

    def show(self, text: str) -> None:
        """Put a text in the place of the running epoch, on a terminal."""
        if self.live:
            _write_aside(f"\r\x1b[K{text[: _terminal_width() - 1]}")

    def _leaves_line(self, progress: Progress) -> bool:
        """Tell whether an epoch is worth a line: of thousands of quick ones not each is."""
        every = 1 if progress.epochs <= 100 else 10 ** (len(str(progress.epochs - 1)) - 2)
        slow = time.monotonic() - self._noted > SLOW_SECONDS
        last = progress.epoch == progress.epochs
        return self.every_epoch and (progress.epoch % every == 0 or slow or last)

    def clear(self) -> None:
        """Remove the line of the running epoch."""
        if self.live:
            _write_aside("\r\x1b[K")

    def _line(self, progress: Progress) -> str:
        digits = len(str(progress.epochs))
        text = f"epoch {progress.epoch:{digits}d}/{progress.epochs}"
        left = f"  {duration(progress.seconds_left)} left" if progress.seconds_left >= 1 else ""
        values = "".join(f"  {name} {number(value)}" for name, value in progress.logs.items())
        if progress.epoch_done:
            # On a terminal the running epoch tells the time, and narrow ones have no room for it.
            return text + values + ("" if self.live and self.every_epoch else left)
        filled = round(16 * progress.step / progress.steps)
        bar = f"  [{'=' * filled}{' ' * (16 - filled)}] {progress.step}/{progress.steps}"
        return text + bar + left + values


def _terminal_width() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        return 80


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
