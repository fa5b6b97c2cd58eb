"""Plots of data sets: the kind of data decides how they are plotted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from dlcli.datasets.dataset import Dataset
from dlcli.datasets.tables import FileTable, read_file_table
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
from dlcli.plots.data.several import draw_targets
from dlcli.plots.data.structure import Structure, draw_structure
from dlcli.plots.data.tables import draw_classes, draw_columns, draw_numbers

__all__ = ["Structure", "draw_dataset", "draw_file", "draw_structure", "read_file"]


class Drawer(NamedTuple):
    """Function that plots one kind of data."""

    accepts: Callable[[Dataset], bool]
    draw: Callable[[Dataset, Path], None]


# The first drawer that accepts the data is used, so special kinds come before general ones.
DRAWERS = (
    Drawer(lambda data: data.target.is_several, draw_targets),
    Drawer(lambda data: data.is_text and bool(data.target.class_names), draw_text),
    Drawer(is_audio, draw_audio),
    Drawer(is_series, draw_series),
    Drawer(is_images, draw_images),
    Drawer(lambda data: data.is_table and data.target.task == "classification", draw_classes),
    Drawer(lambda data: data.is_table, draw_numbers),
)


def draw_dataset(dataset: Dataset, path: Path) -> None:
    """Plot a data set.

    Parameters
    ----------
    dataset : Dataset
    path : Path
        Ends in ``.png``, ``.svg`` or ``.pdf``.

    Raises
    ------
    DatasetError
        If this kind of data cannot be plotted.
    DlcliError
        If the path cannot be written.
    """
    check_plot_path(path)
    drawer = next((drawer for drawer in DRAWERS if drawer.accepts(dataset)), None)
    if drawer is None:
        shape = "×".join(map(str, dataset.x.shape[1:]))
        raise DatasetError(f"{dataset.name}: samples of shape {shape} cannot be plotted")
    drawer.draw(dataset, path)


def draw_file(source: Path, path: Path, target: str | None = None) -> tuple[str, ...]:
    """Plot the columns of a CSV file, coloured by the target if there is one.

    Parameters
    ----------
    source : Path
        The CSV file.
    path : Path
        Ends in ``.png``, ``.svg`` or ``.pdf``.
    target : str, optional
        Name or position of the target column.

    Returns
    -------
    tuple of str
        Notices about the file.
    """
    table = read_file_table(source)
    if target is None:
        draw_columns(table, path)
    else:
        draw_dataset(table.with_target(target), path)
    return table.notices


def read_file(source: Path, target: str | None = None) -> Dataset | FileTable:
    """Read a file, as a data set if it has a target.

    Parameters
    ----------
    source : Path
    target : str, optional
        Name or position of the target column.
    """
    table = read_file_table(source)
    return table if target is None else table.with_target(target)
