"""Measured values as text, alike on the terminal and in reports."""

from __future__ import annotations


def number(value: float | None) -> str:
    """Format a measured value with about four significant digits, or as a whole number.

    NaN and None are a dash. Prices and populations of up to 15 digits have no exponent.
    """
    if value is None or value != value:
        return "–"
    size = abs(value)
    if 1e5 <= size < 1e15:
        return f"{value:.0f}"
    if size and (size < 1e-3 or size >= 1e15):
        return f"{value:.3g}"
    return f"{value:.4f}" if size < 100 else f"{value:.1f}"
