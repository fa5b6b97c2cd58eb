"""Names and values in pictures, short enough for their place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dlcli.text_width import ELLIPSIS, beginning, shortened, text_width


def shortened_middle(name: str, max_width: int) -> str:
    """Return a name that is at most `max_width` wide; its middle is left out."""
    if text_width(name) <= max_width:
        return name
    first = (max_width - 1) // 2
    end = beginning(name[::-1], max_width - 1 - first)[::-1]
    return beginning(name, first) + ELLIPSIS + end


def shortened_names(names: Sequence[str], max_width: int) -> list[str]:
    """Return names that are shortened, and as far as possible different.

    Their ends are left out, or their middles if only the ends differ. Names that differ only in
    their middles may become equal.
    """
    short = [shortened(name, max_width) for name in names]
    if len(set(short)) == len(set(names)):
        return short
    return [shortened_middle(name, max_width) for name in names]


def legend_label(name: str, max_width: int = 40) -> str:
    """Return a name for a legend; matplotlib hides names with a leading underscore."""
    return _visible(shortened(name, max_width))


def legend_labels(names: Sequence[str], max_width: int) -> list[str]:
    """Return names for a legend; see `shortened_names` and `legend_label`."""
    return [_visible(name) for name in shortened_names(names, max_width)]


def short_number(value: float) -> str:
    """Return a number as a short label; whole numbers are written in full."""
    if isinstance(value, int):
        return str(value)
    return f"{value:.6g}" if abs(value) >= 1 else f"{value:.4g}"  # 15020.3, 3.944e-05


def value_text(value: Any) -> str:
    """Return a value as YAML has it, on one line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _visible(label: str) -> str:
    return f" {label}" if label.startswith("_") else label
