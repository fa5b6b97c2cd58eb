"""Show the progress of a training in a cell of a Jupyter notebook."""

from __future__ import annotations

import math
import sys
import time
from html import escape
from typing import Any

from dlcli.training.progress import OnProgress, Progress

SECONDS_BETWEEN_UPDATES = 0.25
MAX_EPOCHS = 10


def progress_or_notebook(on_progress: OnProgress | None) -> OnProgress | None:
    """Return the callback; in a notebook, one that updates a cell in place of None."""
    if on_progress is not None or not _is_notebook():
        return on_progress
    return NotebookDisplay()


def _is_notebook() -> bool:
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return hasattr(shell, "kernel")  # a terminal with IPython has none


class NotebookDisplay:
    """A table in a cell: a row for each of the latest epochs, or for each fold."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, str]] = {}
        self._handle: Any = None
        self._updated = 0.0

    def __call__(self, progress: Progress) -> None:
        """Show the state of training."""
        self._add(progress)
        now = time.monotonic()
        is_last = progress.epoch == progress.epochs and progress.epoch_done
        if now - self._updated < SECONDS_BETWEEN_UPDATES and not is_last:
            return
        self._updated = now
        from IPython.display import HTML, display

        contents = HTML(self._html(progress))
        if self._handle is None:
            self._handle = display(contents, display_id=True)
        else:
            self._handle.update(contents)

    def _add(self, progress: Progress) -> None:
        epoch = {"epoch": str(progress.epoch)}
        if progress.copies:
            for index, logs in progress.copies.items():
                self._rows[f"fold {index + 1}"] = {**epoch, **_formatted(logs)}
        elif progress.fold:
            self._rows[f"fold {progress.fold}"] = {**epoch, **_formatted(progress.logs)}
        elif progress.epoch_done:
            self._rows[str(progress.epoch)] = {**epoch, **_formatted(progress.logs)}
            for key in list(self._rows)[:-MAX_EPOCHS]:
                del self._rows[key]

    def _html(self, progress: Progress) -> str:
        names = list(dict.fromkeys(name for row in self._rows.values() for name in row))
        is_folds = any(key.startswith("fold") for key in self._rows)
        header = "".join(f"<th>{escape(name)}</th>" for name in names)
        lines = [f"<tr>{'<th></th>' if is_folds else ''}{header}</tr>"]
        for key, row in self._rows.items():
            cells = "".join(f"<td>{escape(row.get(name, ''))}</td>" for name in names)
            lines.append(f"<tr>{f'<th>{key}</th>' if is_folds else ''}{cells}</tr>")
        text = f"epoch {progress.epoch}/{progress.epochs}"
        if not math.isnan(progress.seconds_left) and progress.seconds_left >= 1:
            text += f", {progress.seconds_left:.0f} s left"
        return f"<table>{''.join(lines)}</table><p>{text}</p>"


def _formatted(logs: Any) -> dict[str, str]:
    return {name: f"{value:.4g}" for name, value in logs.items()}
