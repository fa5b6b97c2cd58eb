"""Texts of a figure fit: no label covers another one or is cut off."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.plots.ticks import GAP, fit_ticks
from dlcli.text_width import shortened, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure, FigureBase
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

# Each pass changes the layout; two to four are usual.
MOST_PASSES = 8
EDGE = 4.0  # pixels that texts stay away from the edge of the figure
SHORTEST = 4  # letters, of a text for which there is no room


def fit_texts(fig: Figure) -> None:
    """Lay out a figure, and change texts that would overlap or be cut off.

    Labels of ticks get smaller, are rotated or left out; titles are broken into two lines and
    shortened.
    """
    wanted: dict[Text, str] = {}
    for _ in range(MOST_PASSES):
        boxes = _layout(fig)
        changes = [fit_ticks(*axis) for axis in _axes_of(boxes)]
        if not any(changes):  # then the widths of the panels are final
            changes += _fit_titles(fig, boxes, wanted)
        if not any(changes):
            break
    else:
        _layout(fig)
    fig.set_layout_engine("none")  # saving does not lay out again


def add_legend(fig: FigureBase, handles: Sequence[Any], columns: int, **style: Any) -> None:
    """Add a legend below all axes, with fewer columns if it would be wider than the figure.

    Parameters
    ----------
    fig : FigureBase
        Is made higher by the rows that are added.
    handles : sequence of Artist
    columns : int
        At most.
    **style
        Arguments of `matplotlib.figure.Figure.legend`.
    """
    if not handles:
        return
    root = fig.get_figure(root=True)
    first = 0.0
    for count in range(min(columns, len(handles)), 0, -1):
        legend = fig.legend(handles=handles, loc="outside lower center", ncols=count, **style)
        box = legend.get_window_extent()
        first = first or box.height
        if root is None or count == 1 or box.width <= root.bbox.width - 2 * EDGE:
            break
        legend.remove()
    if root is not None:
        width, height = root.get_size_inches()
        root.set_size_inches(width, height + (box.height - first) / root.dpi)


def _layout(fig: Figure) -> dict[Axes, Bbox]:
    """Lay out a figure, and return the box of each axes with its ticks and labels, in pixels."""
    engine = fig.get_layout_engine()
    if engine is not None:
        engine.execute(fig)
    boxes = {}
    for axes in fig.axes:
        axes.apply_aspect()
        boxes[axes] = axes.get_tightbbox(for_layout_only=True) or axes.bbox
    return boxes


def _axes_of(boxes: dict[Axes, Bbox]) -> Iterator[tuple[Axis, str]]:
    for axes in boxes:
        for shown in (axes, *axes.child_axes):
            if shown.axison and shown.get_visible():
                yield shown.xaxis, "x"
                yield shown.yaxis, "y"


def _fit_titles(fig: Figure, boxes: dict[Axes, Bbox], wanted: dict[Text, str]) -> list[bool]:
    """Break or shorten titles, and labels of axes, that reach into others or over the edge."""
    titles = [text for text in fig.texts if text.get_text() == fig.get_suptitle()]
    rooms = [(title, fig.bbox.width - 2 * EDGE) for title in titles]
    top = min((title.get_window_extent().y0 for title in titles), default=fig.bbox.height)
    bottom = max((legend.get_window_extent().y1 for legend in fig.legends), default=0.0)
    for axes, box in boxes.items():
        if not axes.axison:
            continue
        others = [other for key, other in boxes.items() if key is not axes]
        beside = [(o.x0, o.x1) for o in others if o.y0 < box.y1 and o.y1 > box.y0]
        above = [(o.y0, o.y1) for o in others if o.x0 < box.x1 and o.x1 > box.x0]
        left, right = _room((box.x0, box.x1), beside, (0.0, fig.bbox.width))
        low, high = _room((box.y0, box.y1), above, (bottom, top))
        x, y = (axes.bbox.x0 + axes.bbox.x1) / 2, (axes.bbox.y0 + axes.bbox.y1) / 2
        rooms.append((axes.title, 2 * min(x - left, right - x)))
        if axes.get_title():
            high = min(high, axes.title.get_window_extent().y0)
        offset = axes.xaxis.get_offset_text()
        if offset.get_text():  # such as 1e6, at the end of the axis and in the line of its label
            right = min(right, offset.get_window_extent().x0 - GAP)
        rooms.append((axes.xaxis.label, 2 * min(x - left, right - x)))
        rooms.append((axes.yaxis.label, 2 * min(y - low, high - y)))
    shown = [(text, room) for text, room in rooms if text.get_visible() and text.get_text()]
    return [_fit_text(text, room, wanted.setdefault(text, text.get_text())) for text, room in shown]


def _room(
    own: tuple[float, float], others: list[tuple[float, float]], figure: tuple[float, float]
) -> tuple[float, float]:
    """Return from where to where texts of an axes may reach: half the way to its neighbours."""
    before = [high for low, high in others if high <= own[0] + GAP]
    after = [low for low, high in others if low >= own[1] - GAP]
    low = (max(before) + own[0] + GAP) / 2 if before else figure[0] + EDGE
    high = (min(after) + own[1] - GAP) / 2 if after else figure[1] - EDGE
    return low, high


def _fit_text(text: Text, room: float, wanted: str) -> bool:
    """Break a text into lines of at most `room` pixels, and shorten them if need be."""
    before = text.get_text()
    if _length(text, before) <= room:
        return False
    lines = [part for line in wanted.splitlines() for part in _lines(text, line, room)]
    text.set_text("\n".join(lines))
    return text.get_text() != before


def _length(text: Text, content: str) -> float:
    """Return the length of a text in pixels, were its content another one."""
    text.set_text(content)
    box = text.get_window_extent()
    return float(box.height if text.get_rotation() else box.width)


def _lines(text: Text, content: str, room: float) -> list[str]:
    """Return the content in one line or two, of at most `room` pixels each."""
    words = content.split(" ")
    counts = range(len(words), 0, -1)
    count = next((n for n in counts if _length(text, " ".join(words[:n])) <= room), 1)
    lines = [" ".join(words[:count]), " ".join(words[count:])]
    return [_shortened(text, line, room) for line in lines if line]


def _shortened(text: Text, line: str, room: float) -> str:
    width = text_width(line)
    if _length(text, line) <= room:
        return line
    widths = range(SHORTEST, width)  # measuring takes as long as drawing
    fitting = bisect_right(widths, room, key=lambda own: _length(text, shortened(line, own)))
    return shortened(line, widths[max(fitting - 1, 0)] if widths else width)
