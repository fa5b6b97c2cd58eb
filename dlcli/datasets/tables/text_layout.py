"""What stands around the rows of a text, and how its fields are separated."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables.delimiter import detect_delimiter, long_fields, split_rows
from dlcli.datasets.tables.fixed_width import column_widths
from dlcli.datasets.tables.group_rows import find_groups
from dlcli.datasets.tables.header import looks_like_header
from dlcli.datasets.tables.proposals import Proposal, with_proposals
from dlcli.datasets.tables.split_numbers import are_split
from dlcli.datasets.tables.text_start import EXCEL_DELIMITER, LOOKAHEAD_LINES
from dlcli.errors import plural

COMMENT_CHARACTERS = "#%!;*"
# Of the rows, to have the same number of fields.
NEARLY_ALL = 0.95
MAX_LINES_ABOVE = 60
Row = tuple[int, list[str]]


def propose_text_layout(lines: Sequence[str], dialect: Dialect) -> Iterator[Proposal]:
    """Yield the options that a text needs.

    Parameters
    ----------
    lines : sequence of str
        The first lines of a file.
    dialect : Dialect
        Options that are set already.
    """
    first = 0
    if lines and (sep := EXCEL_DELIMITER.fullmatch(lines[0].lstrip("\ufeff"))):
        first = 1
        if dialect.delimiter == "auto":
            dialect = replace(dialect, delimiter=sep[1])
    first = max(first, dialect.skip_rows)
    body = [(at, line) for at, line in enumerate(lines, 1) if at > first and line.strip()]
    if not dialect.comment and (comment := _comment_character(body, dialect)):
        proposals = list(_propose_comment(comment, body, dialect))
        yield from proposals
        dialect = replace(dialect, comment=comment)
    body = [(at, line) for at, line in body if not _is_comment(line, dialect)]
    if not body or dialect.widths:
        return
    fields = list(_propose_fields([line for _, line in body], dialect))
    rows = _propose_for_body(body, with_proposals(dialect, fields))
    above = next((item.value for item in rows if item.option == "skip_rows"), 0)
    if above and not fields:
        # The lines above the table may have hidden how its fields are separated.
        body = [(at, line) for at, line in body if at > above]
        fields = list(_propose_fields([line for _, line in body], dialect))
        if fields:
            rows = [item for item in rows if item.option == "skip_rows"]
            rows += _propose_for_body(body, with_proposals(dialect, fields))
    yield from fields
    yield from rows


def _propose_for_body(body: Sequence[tuple[int, str]], dialect: Dialect) -> list[Proposal]:
    detected = _with_delimiter([line for _, line in body], dialect)
    return list(propose_rows(list(_numbered_rows(body, detected)), has_index=dialect.index))


def propose_rows(rows: Sequence[Row], *, has_index: bool = False) -> Iterator[Proposal]:
    """Yield what the first rows of a table show: lines above it, and an index without a name.

    Parameters
    ----------
    rows : sequence of (int, list of str)
        Line and fields of each row.
    has_index : bool
        Whether it is known that the first column is an index.
    """
    widths = Counter(len(fields) for _, fields in rows)
    if not widths:
        return
    usual = max(widths, key=lambda width: (widths[width], width))
    start = _first_row(rows, usual)
    groups, names = find_groups([fields for _, fields in rows[start:]], usual)
    start += groups + bool(names)
    line = rows[start][0]
    if start:
        above = plural(line - 1, "line")
        excerpt = " ".join(filter(None, map(str.strip, rows[0][1])))[:40]
        yield Proposal("skip_rows", line - 1, f"{above} above the table: {excerpt!r}")
    if names:
        yield Proposal("names", names, "groups of columns, and the columns of each")
        return
    below = rows[start + 1 :]
    full = [fields for _, fields in below if len(fields) == usual]
    # Some programs end all rows but the header with a delimiter.
    is_short = len(rows[start][1]) == usual - 1 and any(fields[-1].strip() for fields in full)
    is_short = is_short and not are_split(full)
    if not has_index and is_short and len(full) >= NEARLY_ALL * len(below):
        reason = f"the header has {plural(usual - 1, 'name')}, the rows have {usual} fields"
        yield Proposal("index", True, f"{reason}: the first is a row name")


def _first_row(rows: Sequence[Row], usual: int) -> int:
    """Return the position of the first row of the table: its header, if there is one."""
    if usual < 2:
        return 0
    for at, (_, fields) in enumerate(rows[:MAX_LINES_ABOVE]):
        is_header_of_index = (
            len(fields) == usual - 1 and usual > 2 and looks_like_header(fields, ".")
            and all(len(other) == usual for _, other in rows[at + 1 : at + 4])
        )  # fmt: skip
        if usual in (len(fields), len(_trimmed(fields))) or is_header_of_index:
            return at + _titles(rows[at:], usual)
    return 0


def _trimmed(fields: Sequence[str]) -> list[str]:
    """Return fields without empty ones behind the last text."""
    filled = [at for at, text in enumerate(fields) if text.strip()]
    return list(fields[: filled[-1] + 1 if filled else 0])


def _titles(rows: Sequence[Row], usual: int) -> int:
    """Return the number of rows with a title in one cell, as in a CSV that Excel wrote."""
    for at, (_, fields) in enumerate(rows[:MAX_LINES_ABOVE]):
        filled = sum(bool(text.strip()) for text in fields)
        if filled > max(1, usual / 3):
            return at if usual > 2 and looks_like_header(fields, ".") else 0
    return 0


def _comment_character(body: Sequence[Row | tuple[int, str]], dialect: Dialect) -> str:
    """Return the character in front of lines that are no rows; empty if there are none."""
    lines = [str(line) for _, line in body]
    for character in COMMENT_CHARACTERS:
        marked = [line for line in lines if line.startswith(character)]
        others = [line for line in lines if not line.startswith(character)]
        if not marked or not others or lines[-1].startswith(character):
            continue
        usual = _usual_width(others, _with_delimiter(others, dialect))
        detected = _with_delimiter(others, dialect)
        if any(_width(line, detected) != usual for line in marked):
            return character
    return ""


def _propose_comment(
    character: str, body: Sequence[tuple[int, str]], dialect: Dialect
) -> Iterator[Proposal]:
    marked = [at for at, line in body if line.startswith(character)]
    reason = f"{plural(len(marked), 'line')} from line {marked[0]} on start with it"
    yield Proposal("comment", character, reason)
    others = [line for _, line in body if not line.startswith(character)]
    detected = _with_delimiter(others, dialect)
    above = []
    for _, line in body:
        if not line.startswith(character):
            break
        above.append(line.lstrip(character))
    if not above or looks_like_header(_fields(others[0], detected), "."):
        return
    usual = _usual_width(others, detected)
    for line in above[-1:-3:-1]:  # there may be a line between the names and the rows
        names = [name.strip() for name in _fields(line, detected)]
        if len(names) == usual and looks_like_header(names, ".") and len(set(names)) == usual:
            yield Proposal("names", names, f"a line that starts with {character!r} has them")
            return


def _propose_fields(lines: Sequence[str], dialect: Dialect) -> Iterator[Proposal]:
    """Yield the quotes of a text, or the widths of its columns."""
    detected = _with_delimiter(lines, dialect)
    if dialect.quotechar == '"' and _has_single_quotes(lines, dialect):
        yield Proposal("quotechar", "'", "texts stand in single quotes")
        return
    rows = lines[1:] or lines  # a header may have one name less
    share = _share(rows, detected)
    is_blank = detected.delimiter == "whitespace" or _usual_width(rows, detected) == 1
    usual = _usual_width(rows, detected)
    if (share < 1 or usual == 1) and is_blank and dialect.delimiter in ("auto", "whitespace"):
        widths = column_widths(lines)
        if widths and (share < NEARLY_ALL or len(widths) >= usual):
            yield Proposal("widths", widths, "the columns stand at the same place in every line")
            return
    if share >= NEARLY_ALL or not dialect.quoting:
        return
    plain = _with_delimiter(lines, replace(dialect, quoting=False))
    if any('"' in line for line in lines) and _share(rows, plain) >= NEARLY_ALL:
        yield Proposal("quoting", False, "quotes are ordinary characters: one is never closed")


def _has_single_quotes(lines: Sequence[str], dialect: Dialect) -> bool:
    """Tell whether nearly all cells of a column stand in single quotes."""
    if any('"' in line for line in lines):
        return False
    single = _with_delimiter(lines, replace(dialect, quotechar="'"))
    if _share(lines, single) < NEARLY_ALL:
        return False
    delimiter = None if single.delimiter == "whitespace" else single.delimiter
    marked = 0
    for line in lines:
        cells = [cell.strip() for cell in line.split(delimiter)]
        opened = any(cell.startswith("'") for cell in cells)
        marked += opened and any(cell.endswith("'") for cell in cells)
    return marked > max(2, len(lines) / 2)


def _with_delimiter(lines: Sequence[str], dialect: Dialect) -> Dialect:
    if dialect.delimiter != "auto" or dialect.widths:
        return dialect
    with long_fields:
        # The end of the sample, since there may be titles in front of the table.
        sample = lines[-LOOKAHEAD_LINES:]
        header = lines[0] if len(lines) > len(sample) else ""
        return replace(dialect, delimiter=detect_delimiter(sample, dialect, header=header))


def _share(lines: Sequence[str], dialect: Dialect) -> float:
    """Return the share of rows with the usual number of fields."""
    try:
        widths = Counter(len(fields) for fields in _split(lines, dialect))
    except csv.Error:
        return 0.0
    return max(widths.values(), default=0) / max(widths.total(), 1)


def _usual_width(lines: Sequence[str], dialect: Dialect) -> int:
    widths = Counter(_width(line, dialect) for line in lines)
    return max(widths, key=lambda width: (widths[width], width), default=0)


def _width(line: str, dialect: Dialect) -> int:
    return len(_fields(line, dialect))


def _fields(line: str, dialect: Dialect) -> list[str]:
    return next(_split([line], dialect, strict=False), [])


def _split(lines: Iterable[str], dialect: Dialect, *, strict: bool = True) -> Iterator[list[str]]:
    with long_fields:
        yield from split_rows(lines, dialect, strict=strict, skip_blanks=True)


def _numbered_rows(body: Sequence[tuple[int, str]], dialect: Dialect) -> Iterator[Row]:
    """Yield the rows with the lines on which they begin."""
    lines = [0]

    def counted() -> Iterator[str]:
        for at, line in body:
            lines[0] = at
            yield line

    rows = _split(counted(), dialect, strict=False)
    for fields in rows:
        if any(map(str.strip, fields)):
            yield lines[0], fields


def _is_comment(line: str, dialect: Dialect) -> bool:
    return bool(dialect.comment) and line.startswith(dialect.comment)
