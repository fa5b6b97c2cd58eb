"""What all pictures share: fonts, colours, and files that appear whole."""

from __future__ import annotations

import logging
import threading
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.errors import DlcliError
from dlcli.files import atomic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# With glyphs for Korean class names, where one of them is installed.
FONTS = ("Noto Sans CJK KR", "Noto Sans KR", "NanumGothic", "Malgun Gothic", "Apple SD Gothic Neo")
BLUE, ORANGE, GREY = "#1f77b4", "#d95f02", "#666666"
DPI = 120
MAX_COLOURS = 20
# What would make two pictures of the same content differ: dates and versions.
METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": ""},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def import_ahead() -> None:
    """Import what draws in a thread of its own, while the process does something else."""

    def work() -> None:
        with suppress(ImportError):  # told where it is used
            import matplotlib.figure
            import matplotlib.font_manager  # noqa: F401

    threading.Thread(target=work, daemon=True).start()


@contextmanager
def figure(path: Path, size: tuple[float, float]) -> Iterator[Figure]:
    """Yield a figure that is saved when the block ends well.

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
    from matplotlib.font_manager import fontManager

    check_plot_path(path)
    installed = {font.name for font in fontManager.ttflist}
    settings: dict[Any, Any] = {
        "font.family": ["DejaVu Sans", *(font for font in FONTS if font in installed)],
        "axes.unicode_minus": False,
        "text.parse_math": False,  # names of columns and classes may hold dollar signs
        "svg.hashsalt": "dlcli",
        "pdf.fonttype": 42,
    }
    with mpl.rc_context(settings):
        drawn = Figure(figsize=size, layout="constrained")
        yield drawn
        logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
        with atomic(path) as temporary, warnings.catch_warnings():
            # A glyph that no font has is drawn as a box; the file beside has the names.
            warnings.filterwarnings("ignore", message="Glyph .* missing")
            ending = path.suffix.lower()
            drawn.savefig(temporary, dpi=DPI, format=ending[1:], metadata=METADATA[ending])


@contextmanager
def picture(path: Path, size: tuple[float, float]) -> Iterator[Axes]:
    """Yield the only axes of a figure; see `figure`."""
    with figure(path, size) as drawn:
        yield drawn.add_subplot()


def check_plot_path(path: Path) -> None:
    """Refuse a path that no picture can be written to, before any work is done.

    Raises
    ------
    DlcliError
        If the ending is none of the three, or the folder is not there.
    """
    if path.suffix.lower() not in METADATA:
        endings = ", ".join(METADATA)
        raise DlcliError(f"{path}: pictures end in {endings}", hint=f"try {path.stem}.png")
    if path.is_dir():
        raise DlcliError(f"{path} is a folder")
    if not path.parent.is_dir():
        raise DlcliError(f"no folder {path.parent}, where {path.name} should go")


def colours(count: int) -> list[str]:
    """Return colours that are told apart at a glance; they repeat after the twentieth."""
    import matplotlib as mpl
    from matplotlib.colors import to_hex

    shades = mpl.colormaps["tab10" if count <= 10 else "tab20"]
    return [to_hex(shades(index % shades.N)) for index in range(count)]


def legend_text(name: str, longest: int = 40) -> str:
    """Return a name as a legend shows it: matplotlib hides those with a leading underscore."""
    short = shortened(name, longest)
    return f" {short}" if short.startswith("_") else short


def shortened(name: str, longest: int) -> str:
    """Return a name of at most `longest` characters."""
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
