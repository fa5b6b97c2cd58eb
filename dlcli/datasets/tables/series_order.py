"""The order of a series: from old to new, as its dates say."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np

from dlcli.datasets.tables.columns import RawColumn
from dlcli.datasets.tables.dates import date_formats, parse_date, usual_format
from dlcli.datasets.tables.numbers import to_number
from dlcli.datasets.tables.table import Table
from dlcli.errors import DatasetError
from dlcli.types import Array

# Reading a date takes some microseconds.
MAX_ROWS = 5_000
# A year and its month, with a point between them, or as one number with the day and the hour.
MONTH = re.compile(r"(19|20)[0-9]{2}(\.(0[1-9]|1[0-2])|(0[1-9]|1[0-2])([0-9]{2}){0,2}\.00)")
TIME_NAME = re.compile(
    "date|day|time|month|year|날짜|일자|일시|시각|연월|년월|연도|년도", re.IGNORECASE
)


def check_order(table: Table, series: str) -> tuple[str, ...]:
    """Check that the dates beside a series rise.

    Parameters
    ----------
    table : Table
    series : str
        Name of the column of the series.

    Returns
    -------
    tuple of str
        Notices.

    Raises
    ------
    DatasetError
        If they fall from the first row to the last, as in files that begin with the newest one.
    """
    notices = []
    numbered = dict(_numbered_times(table, series))
    for name, times in (*_times(table, series), *numbered.items()):
        steps = np.diff(times)
        where = f"{table.where}: the dates in column {name!r}"
        if len(steps) and (steps <= 0).all() and (steps < 0).any():
            raise DatasetError(
                f"{where} fall: the file begins with the newest row",
                hint="sort the rows from the oldest to the newest; a window goes down the file",
            )
        if name in numbered:
            continue  # the months of several years, for example
        for at, problem in ((steps < 0, "do not rise"), (steps == 0, "are repeated")):
            if at.any():
                count, line = int(at.sum()), table.lines[int(np.argmax(at)) + 1]
                more = f", and {count - 1} more" if count > 1 else ""
                notices.append(
                    f"{where} {problem} (line {line}{more}); each row counts as the next step"
                )
    return tuple(notices)


def _times(table: Table, series: str) -> Iterator[tuple[str, Array]]:
    """Yield each other column of dates, with the seconds of its first rows."""
    for column in table.columns:
        texts = _texts(column) if column.name != series else []
        forms = [form for form in date_formats(dict.fromkeys(texts)) if "y" in form.lower()]
        if not forms or not math.isnan(to_number(texts[0], column.dialect.decimal)):
            continue
        form = usual_format(texts, forms)
        times = np.array([parse_date(text, form) for text in texts])
        if not np.isnan(times).any():
            yield column.name, times


def _numbered_times(table: Table, series: str) -> Iterator[tuple[str, Array]]:
    """Yield columns of months, days or hours that are numbers, as 2021.12 and 2022010124 are."""
    for column in table.columns:
        if column.name == series or not TIME_NAME.search(column.name):
            continue
        cells = column.texts[:MAX_ROWS]
        if isinstance(cells, np.ndarray):
            numbers = cells
        else:
            numbers = np.array([to_number(text, column.dialect.decimal) for text in cells])
        if len(numbers) and all(MONTH.fullmatch(f"{number:.2f}") for number in numbers.tolist()):
            yield column.name, numbers


def _texts(column: RawColumn) -> list[str]:
    if isinstance(column.texts, np.ndarray):
        return []  # numbers
    return [text.strip() for text in column.texts[:MAX_ROWS]]
