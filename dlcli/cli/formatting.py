"""Format durations, file sizes and lists of names."""

from __future__ import annotations

from collections.abc import Sequence

MAX_LINE = 800


def duration(seconds: float) -> str:
    """Format a duration: 1.5 s, 40 s, 2 min 05 s, 1 h 02 min; NaN is a dash."""
    if seconds != seconds:
        return "–"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def short_duration(seconds: float) -> str:
    """Format a duration that may be very short: 21 ms, else as `duration` does."""
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else duration(seconds)


def megabytes(size: int) -> str:
    """Format a file size in bytes: 0.1 MB or more; empty for 0."""
    return f"{max(size / 1e6, 0.1):.1f} MB" if size else ""


def enumeration(names: Sequence[str]) -> str:
    """Join names as in ``a, b and c``."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def shortened(text: str) -> str:
    """Cut the middle out of lines of more than `MAX_LINE` characters."""
    return "\n".join(
        line if len(line) <= MAX_LINE else f"{line[: MAX_LINE - 100]} … {line[-100:]}"
        for line in text.split("\n")
    )
