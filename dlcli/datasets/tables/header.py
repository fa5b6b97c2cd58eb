"""Names of the columns of a text file."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence

from dlcli.config.base import composed
from dlcli.datasets.tables.bad_rows import LayoutError
from dlcli.datasets.tables.columns import MISSING, MISSING_NUMBERS
from dlcli.datasets.tables.numbers import to_number
from dlcli.datasets.tables.proposals import Proposal
from dlcli.datasets.tables.row_reader import RowReader
from dlcli.errors import DatasetError, did_you_mean

MAX_COLUMNS = 100_000
MAX_LISTED = 20
# A row of so many numbers that count up may be a header, above so many other rows.
MIN_NUMBERED, MIN_ROWS_BELOW = 3, 5
NOT_NAMES = frozenset(["", *MISSING, *MISSING_NUMBERS])
PLAIN_INTEGER = re.compile("0|[1-9][0-9]{0,8}")
# How pandas and R name an index, and how pandas names one that it has read as a column.
INDEX_NAMES = ("", "Unnamed: 0", "rownames", "row.names")


def read_names(
    reader: RowReader, header: bool | str = "auto", names: Sequence[str] | None = None
) -> list[str]:
    """Return the names of the columns: given, read, or ``"0"``, ``"1"``, ….

    Parameters
    ----------
    reader : RowReader
        Before its first block.
    header : bool or "auto"
        Whether the first row holds names.
    names : sequence of str, optional
        The loader's names, for a file without a header.

    Returns
    -------
    list of str
        Different from each other; that of an index, which is the first column, may be empty.
    """
    row = reader.first_row
    if len(row) > MAX_COLUMNS:
        raise DatasetError(f"{reader.name}: more than {MAX_COLUMNS} columns")
    if names is not None:
        return _check_given_names(reader, header, names)
    if reader.has_names or header is True or (header == "auto" and _has_header(reader)):
        return _take_names(reader)
    index = reader.dialect.index
    return [*([""] if index else []), *map(str, range(len(row) - index))]


def _check_given_names(reader: RowReader, header: bool | str, names: Sequence[str]) -> list[str]:
    row, index = reader.first_row, reader.dialect.index
    if (repeated := first_repeated(names)) is not None:
        raise DatasetError(f"{reader.name}: `names` has {repeated!r} twice")
    if header is True:
        raise DatasetError(f"{reader.name}: `names` is for files without a header")
    if index and len(names) == len(row) - 1:
        return ["", *names]
    if len(names) != len(row):
        raise DatasetError(f"{reader.name}: {len(row)} columns, but `names` has {len(names)}")
    return list(names)


def _has_header(reader: RowReader) -> bool:
    """Detect whether the first row has names.

    In a table of texts alone the first row looks like names always. If most of its texts are also
    values of their columns, it is a row like the others.
    """
    row, index = reader.first_row, reader.dialect.index
    columns = list(zip(*(other for other in reader.next_rows() if other != row), strict=True))
    if not looks_like_header(row[index:] or row, reader.dialect.decimal):
        if not _names_years(row, columns):
            return False
        reader.notices.append(
            f"{reader.name}: its first row counts up, as no other does: it has the names "
            f"({', '.join(row[:3])}, …); `header: false` in the loader makes it data"
        )
        return True
    if len(columns) < 2:
        return True
    recurring = [name for name, values in zip(row, columns, strict=True) if name in values]
    if len(recurring) < max(2, len(row) / 2):
        return True
    reader.notices.append(
        f"{reader.name} has no header: {', '.join(map(repr, recurring[:3]))} of its first row are "
        "values of their columns too; `header: true` in the loader makes them names"
    )
    return False


def _names_years(row: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Detect a header such as 2019, 2020, 2021, or 0, 1, 2, target.

    No cell of it occurs in its column again, or one is a text above numbers or repeated classes.
    """
    if not columns or len(columns[0]) < MIN_ROWS_BELOW or not counts_up(row):
        return False
    pairs = list(zip(row, columns, strict=True))
    return not any(name in values for name, values in pairs) or any(
        _is_name_of(name.strip(), values) for name, values in pairs
    )


def _is_name_of(text: str, values: Sequence[str]) -> bool:
    """Tell whether a text is no value of the column below it, which has numbers or classes."""
    is_new = _is_text(text) and text not in values
    return is_new and (_are_numbers(values) or 2 * len(set(values)) <= len(values))


def _is_text(text: str) -> bool:
    """Tell whether a cell is neither a number nor a missing value."""
    return text not in NOT_NAMES and math.isnan(to_number(text))


def _are_numbers(values: Sequence[str]) -> bool:
    return not any(math.isnan(to_number(value.strip())) for value in values)


def counts_up(row: Sequence[str]) -> bool:
    """Tell whether the numbers of a row are three consecutive ones or more, as of years."""
    numbers = [text for text in map(str.strip, row) if not math.isnan(to_number(text))]
    if len(numbers) < MIN_NUMBERED or not all(map(PLAIN_INTEGER.fullmatch, numbers)):
        return False
    first = int(numbers[0])
    return list(map(int, numbers)) == list(range(first, first + len(numbers)))


def _take_names(reader: RowReader) -> list[str]:
    header = reader.take_header()
    names = clean_names(header)
    padded = [raw for raw in header if raw != raw.strip()]
    if padded:
        reader.notices.append(
            f"{reader.name}: blanks around column names are removed: {padded[0]!r}"
        )
    place = f"{reader.name}:{reader.header_line}"
    first = int(reader.dialect.index)  # the name of an index may be anything
    if reader.dialect.unique_names:
        numbered = [*names[:first], *number_names(names[first:], first)]
        changed = [new for old, new in zip(names, numbered, strict=True) if new != old]
        if changed:
            listed = ", ".join(map(repr, changed[:MAX_LISTED]))
            reader.notices.append(f"{place}: repeated and nameless columns are now {listed}")
        return numbered
    if "" in names[first:]:
        raise LayoutError(f"{place}: column {names.index('', first) + 1} has no name")
    if (repeated := first_repeated(names[first:])) is not None:
        at = names.index(repeated, first)
        places = f"({at + 1} and {names.index(repeated, at + 1) + 1})"
        raise LayoutError(f"{place}: column {repeated!r} appears twice {places}")
    return names


def propose_names(reader: RowReader) -> Iterator[Proposal]:
    """Yield the options that the names of the columns need."""
    row = clean_names(reader.first_row)
    below = list(zip(*reader.next_rows(), strict=True))
    is_header = reader.has_names or looks_like_header(row, reader.dialect.decimal)
    if not is_header and _names_years(row, below):
        yield Proposal("header", True, "its first row counts up, as no other does")
        is_header = True
    if not is_header and below and _names_numbers(row, below):
        yield Proposal("header", True, "its first row has words in columns of numbers")
        is_header = True
    if not is_header or not (reader.has_names or counts_up(row) or _has_header(reader)):
        return
    while len(row) > 1 and not row[-1]:
        row.pop()
    first = int(reader.dialect.index)
    if not first and below and _is_index(row, below[0]):
        reason = f"the first column, {row[0]!r}," if row[0] else "the first column has no name and"
        yield Proposal("index", True, f"{reason} numbers or names the rows")
        first = 1
    names = row[first:]
    if "" in names:
        reason = f"column {names.index('') + first + 1} has no name"
        yield Proposal("unique_names", True, reason)
    elif (repeated := first_repeated(names)) is not None:
        yield Proposal("unique_names", True, f"column {repeated!r} appears twice")


def _names_numbers(row: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Tell whether a row has a text where all others have numbers."""
    return any(
        _is_text(name) and len(values) > 1 and _are_numbers(values)
        for name, values in zip(row, columns, strict=True)
    )


def _is_index(row: Sequence[str], values: Sequence[str]) -> bool:
    """Tell whether the first column is one that pandas or R have added."""
    return row[0] in INDEX_NAMES and len(row) > 1 and len(set(values)) == len(values)


def clean_names(row: Sequence[str]) -> list[str]:
    """Return names without blanks around them, in the Unicode form NFC."""
    return [composed(name.strip()) for name in row]


def number_names(names: Sequence[str], offset: int = 0) -> list[str]:
    """Return names with repeated ones numbered, as in pandas, and nameless ones by position.

    Parameters
    ----------
    names : sequence of str
    offset : int
        Number of columns in front of them.
    """
    taken, seen = set(names), dict.fromkeys(names, 0)
    numbered = []
    for position, name in enumerate(names, offset + 1):
        new = name or f"column {position}"
        if seen[name] or (not name and new in taken):
            count = max(seen[name], 1)
            while f"{new}.{count}" in taken:
                count += 1
            seen[name] = count + 1
            new = f"{new}.{count}"
        elif name:
            seen[name] = 1
        taken.add(new)
        numbered.append(new)
    return numbered


def first_repeated(names: Iterable[str]) -> str | None:
    """Return the first name that equals an earlier one."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def looks_like_header(row: Sequence[str], decimal: str) -> bool:
    """Tell whether a row may hold names: none of its texts is a number."""
    texts = [text.strip() for text in row]
    return any(texts) and all(math.isnan(to_number(text, decimal)) for text in texts)


def position_of(
    column: str | int, names: Sequence[str], where: str, *, kind: str = "column"
) -> int:
    """Return the position of a column that a config names.

    Parameters
    ----------
    column : str or int
        Its name, or its position from 0; negative positions count from the end.
    names : sequence of str
        All columns.
    where, kind : str
        The file, and what the column is, for messages.

    Raises
    ------
    DatasetError
        If there is no such column, with the nearest name or all of them.
    """
    if isinstance(column, int):
        if -len(names) <= column < len(names):
            return column % len(names)
        raise DatasetError(f"{where}: no {kind} {column}; there are {len(names)}, from 0")
    column = str(composed(column))
    if column in names:
        return names.index(column)
    hint = did_you_mean(column, names)
    if len(names) == 1 and any(delimiter in names[0] for delimiter in ";\t|,"):
        hint = f"The only column is {names[0]!r}: set `delimiter` in the loader."
    listed = ", ".join(names[:MAX_LISTED]) + (", …" if len(names) > MAX_LISTED else "")
    message = f"{where}: no {kind} {column!r}. {hint}".rstrip()
    raise DatasetError(message, hint=f"columns: {listed}")
