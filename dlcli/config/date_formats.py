"""Formats of dates, as Python's ``strptime`` reads them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

EXCEL = "excel"
MAX_LENGTH = 40


def check_date_format(value: str) -> str:
    """Return a format if dates can be written and read with it, or an empty one: detect it.

    Raises
    ------
    ValueError
    """
    if value in (EXCEL, ""):
        return value
    moment = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    problem = f"{value[:MAX_LENGTH]!r} is no format of dates; expected one as in '%d.%m.%Y'"
    if len(value) > MAX_LENGTH or not re.search("%[YyHI]", value):
        raise ValueError(problem)
    try:
        datetime.strptime(moment.strftime(value), value)  # noqa: DTZ007
    except (ValueError, re.error):  # re.error: a directive twice
        raise ValueError(problem) from None
    return value
