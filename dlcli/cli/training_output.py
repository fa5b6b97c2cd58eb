"""Output that the training commands share."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from dlcli.errors import Interrupted, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dlcli.cli.progress import ProgressDisplay
    from dlcli.config.sections import Config
    from dlcli.datasets.dataset import Dataset


class StartPrinter:
    """Callback ``on_start`` of the training commands.

    Parameters
    ----------
    quiet : bool
        Whether to print the notices only.
    display : ProgressDisplay
        What it shows while the data are read gives way to what is printed here.
    """

    def __init__(self, *, quiet: bool, display: ProgressDisplay) -> None:
        self.quiet, self.display = quiet, display
        self._printed: list[str] = []

    def __call__(self, config: Config, dataset: Dataset, notices: list[str]) -> None:
        """Print the notices and a line about the data."""
        from dlcli.cli import terminal

        self.display.clear()
        self._printed.extend(notices)
        terminal.print_notes(notices)
        if self.quiet:
            return
        name = config.name
        if name != dataset.name:
            name += f", data set {dataset.name}"
        rows = plural(len(dataset), "row")
        terminal.print_status(f"{name}: {rows}, {_inputs(dataset)}, {_target(dataset)}")
        self.display.start(config)

    def print_new_notes(self, notices: Iterable[str]) -> None:
        """Print the notices that were not printed at the start."""
        from dlcli.cli import terminal

        terminal.print_notes(notice for notice in notices if notice not in self._printed)


@contextmanager
def saved_at_the_end(display: ProgressDisplay) -> Iterator[None]:
    """Clear a display after the block; a signal leaves no run of such a command, which is told."""
    from dlcli.cli.terminal import print_status

    with display:  # an error message starts on a line of its own
        try:
            yield
        except Interrupted:
            display.clear()
            print_status("no run was saved")
            raise


def _inputs(dataset: Dataset) -> str:
    if dataset.is_text:
        return "raw text"
    if dataset.medium.kind == "audio":
        return "recordings"
    if dataset.is_table:
        return plural(len(dataset.columns), "column")
    return "×".join(map(str, dataset.x.shape[1:]))


def _target(dataset: Dataset) -> str:
    target = dataset.target
    classes = len(target.class_names)
    if target.is_several:
        return plural(classes, "label") if classes else f"{len(target.outputs)} numeric targets"
    return plural(classes, "class") if classes else f"target {dataset.target.name} (numeric)"


def sample_mark(sampled: bool) -> str:
    """Return the mark of metrics that were computed on a sample."""
    return "  SAMPLE: these metrics say nothing about the full data" if sampled else ""
