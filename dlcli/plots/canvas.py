"""Figures and what all plots share: fonts, colours, axes."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.errors import DlcliError
from dlcli.files import atomic
from dlcli.plots.fitting import fit_texts
from dlcli.plots.fonts import font_families, missing_glyphs_noted
from dlcli.text_width import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

    from dlcli.datasets.dataset import Target

BLUE, ORANGE, GREY = "#1f77b4", "#d95f02", "#666666"
DPI = 120
MAX_NAME = 24  # width of a target's name
MAX_COLOURS = 20
# Dates and versions are left out of the files, so that equal plots are equal files.
METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": ""},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def import_in_background(*others: str) -> None:
    """Import matplotlib, and other modules by their names, in a thread during other work."""

    def work() -> None:
        with suppress(ImportError):  # raised again where they are used
            for name in ("matplotlib.figure", "matplotlib.font_manager", *others):
                import_module(name)

    threading.Thread(target=work, daemon=True).start()


@contextmanager
def figure(path: Path, size: tuple[float, float]) -> Iterator[Figure]:
    """Yield a figure, and save it if the block raises no exception.

    Parameters
    ----------
    path : Path
        Ends in ``.png``, ``.svg`` or ``.pdf``.
    size : tuple of float
        Width and height in inches.

    Raises
    ------
    DlcliError
        If the path has another ending or cannot be written.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    check_plot_path(path)
    settings: dict[Any, Any] = {
        "font.family": font_families(),
        "axes.unicode_minus": False,
        "text.parse_math": False,  # names of columns and classes may contain dollar signs
        "svg.hashsalt": "dlcli",
        "pdf.fonttype": 42,
    }
    with mpl.rc_context(settings):
        fig = Figure(figsize=size, dpi=DPI, layout="constrained")
        yield fig
        logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
        with atomic(path) as temporary, missing_glyphs_noted():
            fit_texts(fig)
            ending = path.suffix.lower()
            fig.savefig(temporary, dpi=DPI, format=ending[1:], metadata=METADATA[ending])


@contextmanager
def single_axes(path: Path, size: tuple[float, float]) -> Iterator[Axes]:
    """Yield the only axes of a figure; see `figure`."""
    with figure(path, size) as fig:
        yield fig.add_subplot()


def check_plot_path(path: Path) -> None:
    """Check that a plot can be written to a path, before any work is done.

    Raises
    ------
    DlcliError
        If the path has an unknown ending or is a folder, or its parent folder does not exist.
    """
    if path.suffix.lower() not in METADATA:
        endings = ", ".join(METADATA)
        raise DlcliError(f"{path}: plots end in {endings}", hint=f"try {path.stem}.png")
    if path.is_dir():
        raise DlcliError(f"{path} is a folder")
    if not path.parent.is_dir():
        raise DlcliError(f"no folder {path.parent} for {path.name}")


def colours(count: int) -> list[str]:
    """Return distinct colours; they repeat after the twentieth.

    Up to ten can be told apart by people who see few colours (Petroff, arXiv:2107.02270).
    """
    import matplotlib as mpl
    from matplotlib.colors import to_hex

    sizes = {6: "petroff6", 8: "petroff8", 10: "petroff10"}
    name = next((name for size, name in sizes.items() if count <= size), "tab20")
    palette = mpl.color_sequences[name]
    return [to_hex(palette[index % len(palette)]) for index in range(count)]


def integer_ticks(axis: Axis, max_intervals: int | None = None) -> None:
    """Set ticks at integers only, be it a single one."""
    from matplotlib.ticker import MaxNLocator

    limit = {} if max_intervals is None else {"nbins": max_intervals}
    axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, **limit))


def format_epoch_axes(axes: Axes, title: str, metric: str) -> None:
    """Label the axes of a learning curve: epochs, and a metric."""
    axes.set(title=title, xlabel="epoch", ylabel=metric)
    integer_ticks(axes.xaxis)
    axes.grid(alpha=0.3)


def use_log_scale(axes: Axes) -> None:
    """Make the vertical axis logarithmic, with plain numbers as labels."""
    from matplotlib.ticker import LogFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(LogFormatter())
    axes.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1.5, 0.8)))


def name_with_unit(target: Target) -> str:
    """Return the name of a target, with its unit in parentheses."""
    name = shortened(target.name, MAX_NAME)
    return f"{name} ({target.unit})" if target.unit else name


def share_shown(panels: int, targets: int) -> str:
    """Return the end of a title that says how many of several targets have a panel."""
    return "" if panels == targets else f", the first {panels} of {targets} targets"
