"""Charts as SVG, whose colours are those of the page in light and dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from dlcli.reports.blocks import Html

WIDTH, HEIGHT = 460, 290
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 30, 44
BAR, NAME_WIDTH, MAX_NAME = 24, 150, 22
MAX_POINTS = 2_000
# The difference of larger values overflows.
LARGEST = 1e300


class Chart:
    """Lines and points over two axes.

    Parameters
    ----------
    alt : str
        What is to be seen, for those who do not see it.
    x_label, y_label : str
    x, y : sequence of float
        All values that must fit in.
    y_from_zero : bool
        Whether the vertical axis begins at 0.
    log_x : bool
        Whether the horizontal values are logarithms to the base 10.
    """

    def __init__(
        self, alt: str, x_label: str, y_label: str, x: Sequence[float], y: Sequence[float],
        *, y_from_zero: bool = False, log_x: bool = False,
    ) -> None:  # fmt: skip
        self.alt = alt
        self._low_x, self._high_x = _range(x)
        self._log_x = log_x
        # Epochs and numbers of trials are whole.
        self._is_whole = all(float(value).is_integer() for value in x)
        self._low_y, self._high_y = _range([*y, 0.0] if y_from_zero else y)
        self._names: list[tuple[str, int]] = []
        self._parts = [*self._grid(), *_labels(x_label, y_label)]

    def line(self, x: Sequence[float], y: Sequence[float], colour: int, name: str = "") -> None:
        """Draw a line through the points whose values are finite; of many some are left out."""
        pairs = [pair for pair in zip(x, y, strict=True) if all(map(math.isfinite, pair))]
        if len(pairs) > MAX_POINTS:
            step = len(pairs) / MAX_POINTS
            pairs = [*(pairs[int(at * step)] for at in range(MAX_POINTS)), pairs[-1]]
        points = " ".join(f"{self._x(a):.1f},{self._y(b):.1f}" for a, b in pairs)
        self._parts.append(f'<polyline class="line c{colour}" points="{points}"/>')
        if name:
            self._names.append((name, colour))

    def points(
        self, x: Sequence[float], y: Sequence[float], colour: int, titles: Sequence[str] = ()
    ) -> None:
        """Draw points, of many every so many-th; a title is shown under the pointer."""
        step = max(1, math.ceil(len(x) / MAX_POINTS))
        for at in range(0, len(x), step):
            if math.isfinite(x[at]) and math.isfinite(y[at]):
                title = f"<title>{escape(titles[at])}</title>" if titles else ""
                self._parts.append(
                    f'<circle class="dot c{colour}" cx="{self._x(x[at]):.1f}" '
                    f'cy="{self._y(y[at]):.1f}" r="3">{title}</circle>'
                )

    def columns(self, edges: Sequence[float], counts: Sequence[float], colour: int) -> None:
        """Draw a histogram."""
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
            left, right, top = self._x(low), self._x(high), self._y(count)
            self._parts.append(
                f'<rect class="bar c{colour}" x="{left + 0.5:.1f}" y="{top:.1f}" '
                f'width="{max(right - left - 1, 0.5):.1f}" height="{self._y(0) - top:.1f}"/>'
            )

    def mark(self, x: float, text: str) -> None:
        """Draw a vertical line with a text."""
        at = self._x(x)
        anchor = "end" if at > WIDTH / 2 else "start"
        self._parts.append(
            f'<line class="mark" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
            f'<text x="{at + (-5 if anchor == "end" else 5):.1f}" y="{TOP + 12}" '
            f'text-anchor="{anchor}">{escape(text)}</text>'
        )

    def diagonal(self) -> None:
        """Draw the line on which both axes have the same value."""
        low, high = max(self._low_x, self._low_y), min(self._high_x, self._high_y)
        if low < high:
            self._parts.append(
                f'<line class="mark" x1="{self._x(low):.1f}" y1="{self._y(low):.1f}" '
                f'x2="{self._x(high):.1f}" y2="{self._y(high):.1f}"/>'
            )

    def svg(self) -> Html:
        """Return the chart."""
        names, at = "", float(LEFT)
        for name, colour in self._names:
            names += (
                f'<line class="line c{colour}" x1="{at:.0f}" x2="{at + 16:.0f}" y1="13" y2="13"/>'
                f'<text x="{at + 21:.0f}" y="17">{escape(name)}</text>'
            )
            at += 36 + 8 * text_width(name)
        return _svg(self.alt, HEIGHT, "".join(self._parts) + names)

    def _x(self, value: float) -> float:
        share = (value - self._low_x) / (self._high_x - self._low_x)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def _y(self, value: float) -> float:
        share = (value - self._low_y) / (self._high_y - self._low_y)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def _grid(self) -> list[str]:
        parts = []
        for value in ticks(self._low_y, self._high_y):
            y = self._y(value)
            parts.append(
                f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
                f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
            )
        for value in ticks(self._low_x, self._high_x):
            if (self._is_whole or self._log_x) and not float(value).is_integer():
                continue
            x, label = self._x(value), 10.0**value if self._log_x else value
            parts.append(
                f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 17}" text-anchor="middle">'
                f"{label:g}</text>"
            )
        return parts


def bars(
    alt: str, names: Sequence[str], values: Sequence[float], texts: Sequence[str],
    spreads: Sequence[float] = (), first: int = 1,
) -> Html:  # fmt: skip
    """Return horizontal bars, with a line for the spread of each.

    Parameters
    ----------
    alt : str
    names, values, texts : sequence
        Of each bar; the text is its value in words.
    spreads : sequence of float
    first : int
        Number of bars in the first colour; the others have the second one.
    """
    most = max(map(abs, values), default=0.0) or 1.0
    right = 20 + 8 * max(map(text_width, texts), default=0.0)
    room = WIDTH - NAME_WIDTH - right - 8
    parts = []
    for at, (name, value, text) in enumerate(zip(names, values, texts, strict=True)):
        y, width = 6 + at * BAR, max(0.0, value) / most * room
        short = name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"
        parts.append(
            f'<text x="{NAME_WIDTH - 6}" y="{y + 14}" text-anchor="end">'
            f"<title>{escape(name)}</title>{escape(short)}</text>"
            f'<rect class="bar c{0 if at < first else 1}" x="{NAME_WIDTH}" y="{y + 3}" '
            f'width="{max(width, 1):.1f}" height="{BAR - 8}"/>'
            f'<text x="{WIDTH - right:.0f}" y="{y + 14}">{escape(text)}</text>'
        )
        if spreads and spreads[at] > 0:
            low, high = (max(0.0, value + s * spreads[at]) / most * room for s in (-1, 1))
            end = min(NAME_WIDTH + high, WIDTH - right - 4)
            parts.append(
                f'<line class="spread" x1="{NAME_WIDTH + low:.1f}" x2="{end:.1f}" '
                f'y1="{y + 11}" y2="{y + 11}"/>'
            )
    return _svg(alt, 12 + len(names) * BAR, "".join(parts))


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round numbers between two values, at most so many."""
    step = 10.0 ** math.floor(math.log10((high - low) / most))
    step *= next(factor for factor in (1, 2, 5, 10, 20) if (high - low) / (factor * step) <= most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [at * step for at in range(first, last + 1)]


def text_width(text: str) -> float:
    """Return how many average Latin characters a text is wide; Hangul takes nearly two."""
    return sum(1.7 if ord(character) > 0x1100 else 0.9 for character in text)


def _range(values: Sequence[float]) -> tuple[float, float]:
    finite = [float(value) for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = max(min(finite), -LARGEST), min(max(finite), LARGEST)
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):
        half = abs(low) / 2 or 0.5
        return low - half, high + half
    return low, high


def _labels(x_label: str, y_label: str) -> list[str]:
    middle = (TOP + HEIGHT - BOTTOM) / 2
    below = f'x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}"'
    beside = f'transform="translate(13 {middle}) rotate(-90)"'
    return [
        f'<text {place} text-anchor="middle">{escape(label)}</text>'
        for place, label in ((below, x_label), (beside, y_label))
    ]


def _svg(alt: str, height: int, content: str) -> Html:
    return Html(
        f'<svg role="img" viewBox="0 0 {WIDTH} {height}" aria-label="{escape(alt)}">{content}</svg>'
    )
