"""Where the table starts in a text, and what its delimiter is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables.delimiter import detect_delimiter, split_rows
from dlcli.errors import plural

LOOKAHEAD_LINES = 100
# The first line of a file that tells Excel its delimiter.
EXCEL_DELIMITER = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


@dataclass(frozen=True)
class Start:
    """The beginning of a table in a text.

    Parameters
    ----------
    dialect : Dialect
        With the delimiter that is used.
    skipped : int
        Number of lines above the table.
    has_blanks : bool
        Whether there are blanks between delimiters and quotes.
    notices : tuple of str
        To follow the name of the file.
    """

    dialect: Dialect
    skipped: int = 0
    has_blanks: bool = False
    notices: tuple[str, ...] = ()


def read_start(
    head: Sequence[str],
    dialect: Dialect,
    min_fields: int = 1,
    names: Sequence[str] = (),
    *,
    may_start_at_once: bool = False,
) -> Start:
    """Look at the first lines of a text.

    Parameters
    ----------
    head, dialect, min_fields, names
        See `CsvReader`.
    may_start_at_once : bool
        Whether the lines above the table may be absent, as in rows to predict.
    """
    skipped, notices = dialect.skip_rows, []
    if sep := EXCEL_DELIMITER.fullmatch(head[0].lstrip("\ufeff")):
        skipped = max(skipped, 1)
        notices.append(":1: the line is for Excel and is skipped")
        if dialect.delimiter == "auto" or min_fields > 1:
            dialect = replace(dialect, delimiter=sep[1])
    elif skipped and may_start_at_once:
        if _starts_at_once(head, dialect, names):
            skipped = 0
        else:
            notices.append(
                f":1: skipped, as in training: {plural(skipped, 'line')} above the table"
            )
    content = [
        line
        for line in head[skipped:]
        if line.strip() and not (dialect.comment and line.startswith(dialect.comment))
    ]
    if may_start_at_once and _has_other_quotes(content, dialect):
        notices.append(f": fields are in double quotes, not in {dialect.quotechar} as in training")
        dialect = replace(dialect, quotechar='"')
    dialect = _with_delimiter(content, dialect, min_fields)
    blanks = re.compile(re.escape(dialect.delimiter) + " +" + re.escape(dialect.quotechar))
    has_blanks = dialect.quoting and any(map(blanks.search, content))
    return Start(dialect, skipped, has_blanks, tuple(notices))


def _has_other_quotes(content: Sequence[str], dialect: Dialect) -> bool:
    """Tell whether fields stand in double quotes, and none in those of the training file."""
    if not dialect.quoting or dialect.quotechar == '"':
        return False

    def opens(quote: str) -> bool:
        field = re.compile(rf"(?:^|[,;\t|])[ ]*{re.escape(quote)}")
        return any(map(field.search, content))

    return opens('"') and not opens(dialect.quotechar)


def _starts_at_once(head: Sequence[str], dialect: Dialect, names: Sequence[str]) -> bool:
    """Tell whether there are no lines above the rows to predict, although training had some."""
    below = head[dialect.skip_rows :]
    detected = replace(dialect, delimiter=detect_delimiter(below or head, dialect), widths=())
    first, *_ = split_rows(head[:1], detected, strict=False)
    if not below or (names and {cell.strip() for cell in first}.issuperset(names)):
        return True
    start, *_ = split_rows(below[:1], detected, strict=False)
    if names and {cell.strip() for cell in start}.issuperset(names):
        return False
    return len(first) == len(start)


def _with_delimiter(content: Sequence[str], dialect: Dialect, min_fields: int) -> Dialect:
    """Return the dialect with its delimiter, or the one of a file that was written otherwise."""
    if dialect.widths and dialect.delimiter == "auto":
        dialect = replace(dialect, delimiter="whitespace")
    if dialect.delimiter != "auto" and (min_fields == 1 or not content):
        return dialect
    if dialect.widths:
        other = replace(dialect, widths=(), delimiter=detect_delimiter(content, dialect))
        is_delimited = other.delimiter != "whitespace" and _fields(content, other) >= min_fields
        return other if is_delimited else dialect
    if dialect.delimiter == "whitespace":
        is_right = _fields(content, dialect) >= min_fields
    else:
        is_right = dialect.delimiter != "auto" and dialect.delimiter in content[0]
    if is_right:
        return dialect
    return replace(dialect, delimiter=detect_delimiter(content, dialect))


def _fields(content: Sequence[str], dialect: Dialect) -> int:
    return len(next(split_rows(content[:1], dialect, strict=False), []))
