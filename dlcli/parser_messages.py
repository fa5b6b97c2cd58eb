"""What pydantic and Python's ``json`` find wrong with a text, as part of a message."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


def first_problem(error: ValidationError, *prefix: str) -> str:
    """Return place and message of the first problem that pydantic found."""
    detail = error.errors()[0]
    place = ".".join(map(str, (*prefix, *detail["loc"])))
    message = detail["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def json_problem(error: ValueError | RecursionError) -> str:
    """Say what is wrong with a JSON text, from the error of Python's ``json``."""
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 (byte {error.start})"
    # Python refuses to convert a long integer, since that takes quadratic time.
    return str(error) if isinstance(error, json.JSONDecodeError) else "a number is too long"
