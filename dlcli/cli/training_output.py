"""Output that the training commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlcli.errors import plural

if TYPE_CHECKING:
    from dlcli.config import Config
    from dlcli.datasets import Dataset


def print_start(
    config: Config, dataset: Dataset, notices: list[str], *, quiet: bool = False
) -> None:
    """Print the notices, and a line about the data."""
    from dlcli.cli import terminal

    terminal.print_notes(notices)
    if not quiet:
        name = config.name
        if name != dataset.name:
            name += f", data set {dataset.name}"
        rows = plural(len(dataset), "row")
        terminal.print_status(f"{name}: {rows}, {_inputs(dataset)}, {_target(dataset)}")


def _inputs(dataset: Dataset) -> str:
    if dataset.is_text:
        return "raw text"
    if dataset.medium.kind == "audio":
        return "recordings"
    if dataset.is_table:
        return plural(len(dataset.columns), "column")
    return "×".join(map(str, dataset.x.shape[1:]))


def _target(dataset: Dataset) -> str:
    classes = len(dataset.target.class_names)
    return plural(classes, "class") if classes else f"target {dataset.target.name} (numeric)"


def sample_mark(sampled: bool) -> str:
    """Return the mark of metrics that were computed on a sample."""
    return "  SAMPLE: these metrics say nothing about the full data" if sampled else ""
