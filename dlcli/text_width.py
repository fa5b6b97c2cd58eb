"""The width of texts, which are shortened to fit, on the terminal and in pictures."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

ELLIPSIS = "…"


def text_width(text: str) -> int:
    """Return the width of a text in Latin letters; Hangul and other wide letters count twice."""
    if text.isascii():
        return len(text)
    return sum(
        0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text
    )


def beginning(text: str, width: int) -> str:
    """Return the longest beginning of a text that is at most so wide."""
    for at, letter in enumerate(text):
        width -= text_width(letter)
        if width < 0:
            return text[:at]
    return text


def shortened(text: str, width: int) -> str:
    """Return a text that is at most so wide, with an ellipsis in place of its end."""
    if text_width(text) <= width:
        return text
    return beginning(text, width - 1).rstrip(f" {ELLIPSIS}") + ELLIPSIS
