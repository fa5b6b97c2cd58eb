"""The table of a cross-validation: a row per fold, filled while the folds are trained."""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dlcli.cli.columns import Row, fitting, ordered_names
from dlcli.number_text import number

if TYPE_CHECKING:
    from dlcli.config.sections import Config
    from dlcli.experiments.kfold_result import FoldResult
    from dlcli.training.progress import Progress

LINES_AROUND = 9  # of the terminal: header, gap, mean, bar, and what was printed before
TEST = "test "


@dataclass
class FoldState:
    """What is known of a fold.

    Parameters
    ----------
    epochs : float
        Epochs so far, with a part of the present one.
    logs : mapping
        Metrics of the training.
    scores : mapping
        Metrics of the test rows, once the fold has been scored.
    """

    epochs: float = 0.0
    logs: Mapping[str, float] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)


class FoldGrid:
    """The folds of a cross-validation, and how they are shown on a terminal."""

    def __init__(self) -> None:
        self.folds: list[FoldState] = []
        self.epochs = 0
        self.jobs = 1
        # The result has the same values, but standard output need not be the terminal.
        self.erased = sys.stdout.isatty()
        self._pace = math.nan  # seconds per epoch
        self._left = math.nan

    def start(self, config: Config) -> None:
        """Take the number of folds from the resolved config."""
        self.folds = [FoldState() for _ in range(config.kfold.folds)]

    def add(self, progress: Progress) -> None:
        """Take the state of the training of a fold, or of all folds together."""
        self.epochs = progress.epochs
        position = progress.epoch - 1 + progress.step / progress.steps
        if not math.isnan(progress.seconds_left) and position < progress.epochs:
            self._pace = progress.seconds_left / (progress.epochs - position)
        if progress.fold:
            fold = self.folds[progress.fold - 1]
            fold.epochs, fold.logs = position, progress.logs or fold.logs
            self._left = self._pace * self._epochs_left() / self.jobs
            return
        self._left = progress.seconds_left
        for index, logs in progress.copies.items():
            self.folds[index].epochs, self.folds[index].logs = position, logs

    def score(self, result: FoldResult) -> None:
        """Take the metrics of a fold's test rows."""
        fold = self.folds[result.fold - 1]
        fold.epochs, fold.scores = result.epochs, result.metrics

    def _epochs_left(self) -> float:
        """Return the epochs of all folds together that are still to come.

        Folds that have not begun take as many as those that are finished.
        """
        finished = [fold.epochs for fold in self.folds if fold.scores]
        expected = statistics.mean(finished) if finished else self.epochs
        running = [fold for fold in self.folds if not fold.scores]
        return sum(max(0.0, expected - fold.epochs) for fold in running)

    def parts(self, width: int, height: int, *, final: bool) -> Iterator[Any]:
        """Yield what is shown on a terminal of a width and a height."""
        from dlcli.cli.live import render_bar, render_note, render_table

        logs = ordered_names(name for fold in self.folds for name in fold.logs)
        scores = ordered_names(name for fold in self.folds for name in fold.scores)
        columns = ["fold", "epoch", *logs, *(TEST + name for name in scores)]
        rows = []
        for index in self._shown(height):
            fold = self.folds[index]
            values = [*(fold.logs.get(name) for name in logs), *map(fold.scores.get, scores)]
            cells = ["" if value is None else number(value) for value in values]
            style = "green" if fold.scores else "" if fold.epochs else "dim"
            rows.append(Row([str(index + 1), self._epoch(fold), *cells], style))
        if hidden := len(self.folds) - len(rows):
            rows.append(Row(["...", f"{hidden} more"], "dim"))
        done = [fold for fold in self.folds if fold.scores]
        if len(done) > 1:
            columns_of_scores = ([fold.scores[name] for fold in done] for name in scores)
            means = [number(statistics.fmean(values)) for values in columns_of_scores]
            rows.append(Row(["mean", f"of {len(done)}", *("" for _ in logs), *means], "bold"))
        columns, rows, left_out = fitting(columns, rows, width, _importance)
        yield render_table(columns, rows)
        if left_out:
            yield render_note(f"not shown in {width} columns: {', '.join(left_out)}")
        if not final and self.epochs:
            total = sum(fold.epochs for fold in self.folds)
            left = self._epochs_left()
            text = f"{len(done)}/{len(self.folds)} folds"
            yield render_bar(text, total / max(total + left, 1.0), self._left)

    def _epoch(self, fold: FoldState) -> str:
        """Return the epoch that a fold has reached, and of how many while it is trained."""
        if not fold.epochs:
            return ""
        if fold.scores:
            return str(round(fold.epochs))
        return f"{math.ceil(fold.epochs)}/{self.epochs}"

    def _shown(self, height: int) -> list[int]:
        """Return the folds that fit: those in training, then the latest that are finished."""
        count = max(3, height - LINES_AROUND)
        indices = list(range(len(self.folds)))
        if len(indices) <= count:
            return indices
        begun = [index for index in indices if self.folds[index].epochs]
        running = [index for index in begun if not self.folds[index].scores]
        finished = [index for index in begun if self.folds[index].scores]
        waiting = [index for index in indices if not self.folds[index].epochs]
        return sorted([*running, *reversed(finished), *waiting][:count])


def _importance(name: str) -> float:
    """Return how late a column is left out; infinity for those that always stay."""
    if name in ("fold", "epoch"):
        return math.inf
    return 2.0 * name.startswith(TEST) + name.endswith("loss") + 0.5 * name.startswith("val_")
