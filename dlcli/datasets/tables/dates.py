"""Dates and times: their formats, detected, and texts as seconds since 1970."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from itertools import islice

import numpy as np

from dlcli.config.date_formats import EXCEL, MAX_LENGTH
from dlcli.errors import DatasetError
from dlcli.types import Array

# 1970-01-01 in days since the end of 1899, as spreadsheets store dates.
EXCEL_EPOCH = 25_569
EXCEL_DATES = (20_000, 80_000)  # 1954 to 2119
DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y.%m.%d.", "%Y. %m. %d.", "%Y. %m. %d", "%Y년 %m월 %d일",
    "%Y년%m월%d일", "%Y-%m", "%Y/%m", "%Y년 %m월", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y",
    "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%y-%m-%d", "%y/%m/%d",
    "%y.%m.%d", "%d %b %Y", "%d %B %Y", "%d. %B %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y",
    "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%b-%Y", "%b %Y", "%B %Y", "%m/%Y",
)  # fmt: skip
TIMES = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
ZONED = ("T%H:%M:%S%z", "T%H:%M:%S.%f%z", "T%H:%M%z", " %H:%M:%S%z", " %H:%M:%S.%f%z")
FORMATS = (
    *DAYS,
    *(f"{day}{blank}{time}" for day in DAYS for blank in (" ", "T") for time in TIMES),
    *(f"{day}{time}" for day in DAYS[:3] for time in ZONED),
    *TIMES,
)
# Programs leave out a time that is midnight, and fractions of a second that are 0.
SHORTER = {
    f"%Y-%m-%d{blank}{time}": f"%Y-%m-%d{blank}%H:%M:%S" if "%f" in time else "%Y-%m-%d"
    for blank in (" ", "T")
    for time in TIMES[:3]
}
MAX_DISTINCT = 5_000
YEAR_DAY = re.compile("%Y[^%]*%d")
# The end of a day, as measurements of its 24 hours have it.
MIDNIGHT = re.compile(r"(?<=[ T])24(?=:00(?:$|:00))")
SECONDS_PER_DAY = 86_400
ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.+Z-]+)?")


def parse_date(text: str, form: str) -> float:
    """Parse a date or a time of day.

    Parameters
    ----------
    text : str
    form : str
        A format of Python's ``strptime``, or ``"excel"``: days since the end of 1899.

    Returns
    -------
    float
        Seconds since 1970 on the clock of the file, whatever its time zone; NaN if the text does
        not have the format.
    """
    if len(text) > MAX_LENGTH:
        return math.nan
    if form == EXCEL:
        try:
            return round((float(text) - EXCEL_EPOCH) * SECONDS_PER_DAY)
        except (ValueError, OverflowError):
            return math.nan
    if "%H" in form and (midnight := MIDNIGHT.search(text)):
        start = f"{text[: midnight.start()]}00{text[midnight.end() :]}"
        return parse_date(start, form) + SECONDS_PER_DAY
    # `strptime` reads numbers of any length, which is ambiguous without separators.
    if "%Y%m%d" in form and not re.match(r"[0-9]{8}(?![0-9])", text):
        return math.nan
    try:
        moment = datetime.strptime(text, form)  # noqa: DTZ007 (the clock of the file)
    except ValueError:
        shorter = SHORTER.get(form)
        return math.nan if shorter is None else parse_date(text, shorter)
    if "%Y" not in form and "%y" not in form:  # a time of day
        moment = moment.replace(year=1970)
    return _seconds(moment)


def parse_iso_date(text: str) -> float:
    """Parse a date of ISO 8601, with or without a time, as `parse_date` does.

    Spreadsheets and databases give dates this way, whatever the form of those in training.
    """
    if len(text) > MAX_LENGTH or not ISO.fullmatch(text):
        return math.nan
    try:
        return _seconds(datetime.fromisoformat(text))
    except ValueError:
        return math.nan


def _seconds(moment: datetime) -> float:
    """Return the seconds since 1970 on the clock of the file."""
    return (moment.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001


def format_date(value: date | time, form: str) -> str:
    """Return a date or a time of day as `parse_date` reads it."""
    if form != EXCEL:
        return value.strftime(form)
    if isinstance(value, time):
        return "0"
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001
    return f"{_seconds(moment) / SECONDS_PER_DAY + EXCEL_EPOCH:.10g}"


def to_dates(
    texts: Sequence[str], missing: Iterable[str], form: str, *, lenient: bool = False
) -> tuple[Array, int | None]:
    """Convert texts to seconds since 1970.

    Parameters
    ----------
    texts : sequence of str
    missing : iterable of str
        Texts that mean a missing value.
    form : str
        See `parse_date`.
    lenient : bool
        Whether dates of ISO 8601 are read too, if the form is one of dates in which the day does
        not follow the year.

    Returns
    -------
    ndarray of float64, shape (n,)
        NaN where a value is missing.
    row : int or None
        The first whose text is neither a date of the format nor missing.
    """
    words = set(missing)
    seconds = {text: parse_date(text.strip(), form) for text in set(texts)}
    if lenient and (form == EXCEL or "%y" in form.lower()) and not YEAR_DAY.match(form):
        for text, value in seconds.items():
            if math.isnan(value):
                seconds[text] = parse_iso_date(text.strip())
    values = np.array([seconds[text] for text in texts])
    for row in np.flatnonzero(np.isnan(values)).tolist():
        if texts[row].strip() not in words:
            return values, row
    return values, None


def date_formats(texts: Iterable[str]) -> list[str]:
    """Return the formats that all texts have and that give different dates; the first is usual.

    Parameters
    ----------
    texts : iterable of str
        Distinct and stripped, without those that mean a missing value.
    """
    texts = list(islice(texts, MAX_DISTINCT))
    if not texts or not all(text[:1].isalnum() and len(text) <= MAX_LENGTH for text in texts):
        return []
    longest = max(texts, key=len)  # one with the time, if some leave it out
    forms = [form for form in FORMATS if _may_have(longest, form)]
    forms = [form for form in forms if not math.isnan(parse_date(longest, form))]
    readings: dict[tuple[float, ...], str] = {}
    for form in forms:
        seconds = []
        for text in texts:
            value = parse_date(text, form)
            if math.isnan(value):
                break
            seconds.append(value)
        else:
            readings.setdefault(tuple(seconds), form)
    return list(readings.values())


def _may_have(text: str, form: str) -> bool:
    """Tell whether a text has the separators of a format; `strptime` is slow."""
    signs = set(re.sub("%[A-Za-z]", "", form)) - {" "}
    if "%z" in form:
        return signs <= set(text)
    has_words = bool(re.search("[A-SU-Za-z]", text))
    others = {sign for sign in text if not sign.isalnum() and not sign.isspace()}
    return others <= signs <= set(text) and has_words == bool(re.search("%[bBp]", form))


def is_excel(texts: Iterable[str]) -> bool:
    """Tell whether texts are numbers as spreadsheets store dates of our time."""
    low, high = EXCEL_DATES
    try:
        return all(low <= float(text) <= high for text in texts)
    except ValueError:
        return False


def usual_format(texts: Sequence[str], forms: Sequence[str]) -> str:
    """Return the format that puts most rows in the order of time, as tables of dates often are.

    Parameters
    ----------
    texts : sequence of str
        In the order of the rows.
    forms : sequence of str
        As `date_formats` returns them; of equals the month comes first, as in the United States.
    """

    def steps_back(form: str) -> tuple[int, bool]:
        values = np.array([parse_date(text, form) for text in texts[:MAX_DISTINCT]])
        steps = np.sign(np.diff(values))
        return min(int((steps < 0).sum()), int((steps > 0).sum())), not form.startswith("%m")

    return min(forms, key=steps_back)


def written_out(text: str, form: str) -> str:
    """Return a date as 3 April 2024, for messages."""
    moment = datetime.strptime(text, form)  # noqa: DTZ007 (the clock of the file)
    return f"{moment.day} {moment:%B %Y}"


def choose_format(texts: Sequence[str], lines: Sequence[int], name: str, where: str) -> str:
    """Return the format of a column of dates.

    Parameters
    ----------
    texts : sequence of str
        Without those that mean a missing value, in the order of the rows.
    lines : sequence of int
        Their lines.
    name, where : str
        The column and the file, for messages.

    Raises
    ------
    DatasetError
        If they have no common format, or several.
    """
    distinct = dict.fromkeys(texts)
    if is_excel(distinct):
        return EXCEL
    forms = date_formats(distinct)
    if len(forms) == 1:
        return forms[0]
    if not forms:
        first = date_formats(texts[:1])
        odd = next(
            (row for row, text in enumerate(texts) if first and not _has_any(text, first)), 0
        )
        expected = f"; {texts[0]!r} is one" if first and odd else ""
        raise DatasetError(
            f"{where}:{lines[odd]}: {texts[odd][:MAX_LENGTH]!r} in column {name!r} is no date of "
            f"a known format{expected}",
            hint=f'set the format, as in `dates: {{{name}: "%d.%m.%Y"}}`, or correct the cell',
        )
    row = next(
        row for row, text in enumerate(texts) if len({parse_date(text, form) for form in forms}) > 1
    )
    readings = " or ".join(dict.fromkeys(written_out(texts[row], form) for form in forms[:2]))
    options = " or ".join(f'`dates: {{{name}: "{form}"}}`' for form in forms[:2])
    raise DatasetError(
        f"{where}:{lines[row]}: {texts[row]!r} in column {name!r} may be {readings}",
        hint=f"set {options}",
    )


def _has_any(text: str, forms: Iterable[str]) -> bool:
    return any(not math.isnan(parse_date(text, form)) for form in forms)
