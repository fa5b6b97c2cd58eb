"""Pictures of data sets; the form of the data chooses the drawer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from dlcli.datasets import Dataset
from dlcli.datasets.tables.file_table import read_file_table
from dlcli.errors import DatasetError
from dlcli.plots.canvas import check_plot_path
from dlcli.plots.data.images import draw_images, is_images
from dlcli.plots.data.media import (
    draw_audio,
    draw_series,
    draw_text,
    is_audio,
    is_series,
)
from dlcli.plots.data.tables import draw_classes, draw_columns, draw_numbers

__all__ = ["draw_dataset", "draw_file"]


class Drawer(NamedTuple):
    """What draws data of one form."""

    fits: Callable[[Dataset], bool]
    draw: Callable[[Dataset, Path], None]


# The first that fits draws; a new form of data adds its line, the more special before.
DRAWERS = (
    Drawer(lambda data: data.is_text and bool(data.target.class_names), draw_text),
    Drawer(is_audio, draw_audio),
    Drawer(is_series, draw_series),
    Drawer(is_images, draw_images),
    Drawer(lambda data: data.is_table and data.target.task == "classification", draw_classes),
    Drawer(lambda data: data.is_table, draw_numbers),
)


def draw_dataset(dataset: Dataset, path: Path) -> None:
    """Draw a data set.

    Parameters
    ----------
    dataset : Dataset
    path : Path
        Ends in ``.png``, ``.svg`` or ``.pdf``.

    Raises
    ------
    DatasetError
        If there is no picture of data of this form.
    DlcliError
        If the path cannot be written.
    """
    check_plot_path(path)
    drawer = next((drawer for drawer in DRAWERS if drawer.fits(dataset)), None)
    if drawer is None:
        shape = "×".join(map(str, dataset.x.shape[1:]))
        raise DatasetError(f"{dataset.name}: there is no picture of samples of shape {shape}")
    drawer.draw(dataset, path)


def draw_file(source: Path, path: Path, target: str | None = None) -> tuple[str, ...]:
    """Draw the columns of a CSV file, coloured by a target if one is named.

    Parameters
    ----------
    source : Path
    path : Path
        Ends in ``.png``, ``.svg`` or ``.pdf``.
    target : str, optional
        Name or position of a column.

    Returns
    -------
    tuple of str
        What a user should know about the file.
    """
    table = read_file_table(source)
    if target is None:
        draw_columns(table, path)
    else:
        draw_dataset(table.with_target(target), path)
    return table.notices
