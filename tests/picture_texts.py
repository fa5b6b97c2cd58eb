"""What texts of a picture cover each other, or are cut off at its edge."""

from itertools import combinations

import numpy as np
from matplotlib.text import Text

SLACK = 1.0  # pixels by which boxes may overlap: they are larger than the letters


def faults(fig):
    """Return the pairs of texts that overlap, and the texts that reach over the edge.

    Without faults these are two empty lists.
    """
    fig.draw_without_rendering()
    placed = [(text, corners) for text in _texts(fig) for corners in _corners(text)]
    overlapping = [
        (first.get_text(), second.get_text())
        for (first, a), (second, b) in combinations(placed, 2)
        if first.get_position() != second.get_position() or first.get_text() != second.get_text()
        if _overlap(a, b)
    ]
    width, height = fig.bbox.size
    cut = [
        text.get_text()
        for text, corners in placed
        if (corners < -SLACK).any() or (corners > np.array([width, height]) + SLACK).any()
    ]
    return overlapping, cut


def _texts(fig):
    """Return the texts that are drawn; tick labels outside of the axes are not."""
    hidden = set()
    for axes in fig.findobj(lambda artist: hasattr(artist, "xaxis")):
        for axis in (axes.xaxis, axes.yaxis):
            drawn = {id(tick) for tick in axis._update_ticks()} if axes.axison else set()
            for tick in [*axis.majorTicks, *axis.minorTicks]:
                if id(tick) not in drawn:
                    hidden |= {id(tick.label1), id(tick.label2)}
            if not axes.axison:
                hidden |= {id(axis.label), id(axis.offsetText)}
    texts = {id(text): text for text in fig.findobj(Text)}
    return [
        text
        for key, text in texts.items()
        if key not in hidden and text.get_visible() and text.get_text().strip()
    ]


def _corners(text):
    """Return the corners of the box around a text, which may be rotated."""
    angle = text.get_rotation()
    box = text.get_window_extent()
    if angle % 90 == 0:
        return [np.array([[box.x0, box.y0], [box.x1, box.y0], [box.x1, box.y1], [box.x0, box.y1]])]
    text.set_rotation(0)
    flat = text.get_window_extent()
    text.set_rotation(angle)
    turn = np.deg2rad(angle)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    half = np.array([flat.width, flat.height]) / 2
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    centre = np.array([box.x0 + box.x1, box.y0 + box.y1]) / 2
    return [square @ matrix + centre]


def _overlap(a, b):
    """Return whether two rectangles overlap: no side of either separates them."""
    for corners in (a, b):
        for side in (corners[1] - corners[0], corners[2] - corners[1]):
            axis = side / (np.linalg.norm(side) or 1)
            first, second = a @ axis, b @ axis
            if first.max() - SLACK <= second.min() or second.max() - SLACK <= first.min():
                return False
    return True
