"""The table of a training: a row per epoch, the best one marked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.cli.columns import RATE, Row, fitting, ordered_names
from dlcli.cli.formatting import short_duration
from dlcli.number_text import number

if TYPE_CHECKING:
    from dlcli.config.sections import Config
    from dlcli.training.progress import Progress

TIME = "time"
MAX_RECENT = 8  # rows of the latest epochs, beside those of the first and the best
LINES_AROUND = 7  # of the terminal: the header, the bar, and what was printed before
MARK = "*"


@dataclass(frozen=True)
class Best:
    """The value by which the best epoch is chosen.

    Parameters
    ----------
    monitor : str
        Key of Keras's logs.
    larger : bool
        Whether larger values are better.
    min_delta : float
        Smallest difference that counts.
    """

    monitor: str = "val_loss"
    larger: bool = False
    min_delta: float = 0.0

    @classmethod
    def of(cls, config: Config) -> Best:
        """Return what ``EarlyStopping`` monitors, else the validation loss."""
        from dlcli.config.metrics import better_when, metric_key

        for callback in config.callbacks:
            if callback.name != "EarlyStopping":
                continue
            monitor = str(callback.arguments.get("monitor", "val_loss"))
            mode = callback.arguments.get("mode", "auto")
            if mode not in ("min", "max"):
                key = monitor.removeprefix("val_")
                modes = {metric_key(metric): better_when(metric) for metric in config.metrics}
                mode = modes.get(key)
            min_delta = abs(float(callback.arguments.get("min_delta", 0)))
            return cls(monitor, mode == "max", min_delta)
        return cls()

    def improves(self, value: float, best: float) -> bool:
        """Return whether a value is better than the best so far, which may be NaN."""
        if math.isnan(value) or math.isnan(best):
            return math.isnan(best) and not math.isnan(value)
        return value > best + self.min_delta if self.larger else value < best - self.min_delta

    def __str__(self) -> str:
        return f"{'highest' if self.larger else 'lowest'} {self.monitor}"


class EpochTable:
    """The epochs of a training so far, and how they are shown on a terminal."""

    erased = False  # the table stays on the screen

    def __init__(self) -> None:
        self.best = Best()
        self._epochs: list[Progress] = []
        self._current: Progress | None = None
        self._best: tuple[int, float] = (-1, math.nan)

    def start(self, config: Config) -> None:
        """Learn from the config which epoch is the best one."""
        self.best = Best.of(config)

    def add(self, progress: Progress) -> None:
        """Take the state of the training."""
        self._current = progress
        if not progress.epoch_done:
            return
        value = progress.logs.get(self.best.monitor, math.nan)
        if self.best.improves(value, self._best[1]):
            self._best = (len(self._epochs), value)
        self._epochs.append(progress)

    def parts(self, width: int, height: int, *, final: bool) -> Iterator[Any]:
        """Yield what is shown on a terminal of a width and a height.

        Parameters
        ----------
        width, height : int
        final : bool
            Whether the training has ended.
        """
        from dlcli.cli.live import render_bar, render_note, render_table

        columns = self._columns()
        rows = []
        for index in self._shown(height):
            style = "bold green" if index == self._best[0] else ""
            cells = [self._cell(index, name) for name in columns] if index >= 0 else ["..."]
            rows.append(Row(cells, style or ("" if index >= 0 else "dim")))
        current = self._current
        if current is not None and not current.epoch_done and not final:
            rows.append(Row([_cell(current, name) for name in columns], "dim"))
        columns, rows, hidden = fitting(columns, rows, width, _importance)
        if rows:
            yield render_table(columns, rows)
        notes = []
        if self._best[0] >= 0:
            notes.append(f"{MARK} {self.best}")
        if hidden:
            notes.append(f"not shown in {width} columns: {', '.join(hidden)}")
        if notes:
            yield render_note("; ".join(notes))
        if current is not None and not final:
            done = current.epoch - 1 + current.step / current.steps
            text = f"epoch {current.epoch}/{current.epochs}"
            if not current.epoch_done:
                text += f", batch {current.step}/{current.steps}"
            yield render_bar(text, done / current.epochs, current.seconds_left)

    def _columns(self) -> list[str]:
        """Return the names of the columns; the learning rate is one if it has changed."""
        latest = self._epochs[-1] if self._epochs else self._current
        names = [] if latest is None else ordered_names(latest.logs)
        rates = {_rate(progress) for progress in self._epochs}
        rates = {rate for rate in rates if not math.isnan(rate)}
        return ["epoch", *names, *([RATE] if len(rates) > 1 else []), TIME]

    def _shown(self, height: int) -> list[int]:
        """Return the indices of the epochs that are shown; -1 is a gap."""
        count = len(self._epochs)
        recent = max(1, min(MAX_RECENT, height - LINES_AROUND - 4))
        shown = sorted({0, max(self._best[0], 0), *range(max(0, count - recent), count)})
        indices = []
        for before, index in zip([-1, *shown], shown, strict=False):
            if index == before + 2:
                indices.append(before + 1)
            elif index > before + 2:
                indices.append(-1)
            indices.append(index)
        return indices if count else []

    def _cell(self, index: int, name: str) -> str:
        text = _cell(self._epochs[index], name)
        return f"{MARK} {text}" if name == "epoch" and index == self._best[0] else text


def _cell(progress: Progress, name: str) -> str:
    if name == "epoch":
        return str(progress.epoch)
    if name == TIME:
        return short_duration(progress.seconds)
    if name == RATE:
        return f"{_rate(progress):.3g}"
    value = progress.logs.get(name)
    return "" if value is None else number(value)


def _rate(progress: Progress) -> float:
    """Return the learning rate of an epoch: callbacks log it before they change it."""
    return progress.logs.get(RATE, progress.learning_rate)


def _importance(name: str) -> float:
    """Return how late a column is left out; infinity for those that always stay."""
    if name in ("epoch", "loss", "val_loss", RATE):
        return math.inf
    return 2.0 if name == TIME else float(name.startswith("val_"))
