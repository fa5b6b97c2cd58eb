"""Values of workbooks, Parquet and JSON files as exact texts, so that all tables are read alike."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any


def to_text(value: Any, decimal: str = ".") -> str:
    """Return a value as the text that stands for it in a CSV file.

    Parameters
    ----------
    value : Any
        None and NaN are missing values: empty texts. Numbers keep all their digits, whatever their
        format shows. Dates and times are written in ISO 8601, without a time if it is midnight;
        lists as in JSON.
    decimal : str
        Decimal separator of the table.
    """
    # The most frequent types first: this runs once per cell.
    if isinstance(value, str):
        return value
    if isinstance(value, float | Decimal):
        return str(value).replace(".", decimal) if value == value else ""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        is_date = value.time() == dt.time()
        return value.date().isoformat() if is_date else value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
