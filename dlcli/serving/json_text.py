"""JSON as the body of an answer."""

from __future__ import annotations

import json
from typing import Any


def json_bytes(value: Any) -> bytes:
    """Return a value as JSON in UTF-8."""
    return utf_8(json.dumps(value, ensure_ascii=False))


def utf_8(text: str) -> bytes:
    r"""Encode a text; half of a surrogate pair, which UTF-8 has not, as ``\ud800``."""
    return text.encode("utf-8", "backslashreplace")
