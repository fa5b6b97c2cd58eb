"""Read objects in JSON as rows: one per line, or in an array; values are converted to texts."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Literal

from dlcli.datasets.dialect import EVERY_COLUMN, Dialect
from dlcli.datasets.tables.json_records import MAX_DEPTH, read_records, record_text
from dlcli.datasets.tables.row_reader import Block, RowReader
from dlcli.datasets.tables.text_file import TextFile
from dlcli.errors import DatasetError, did_you_mean

# Objects whose keys become the columns of a table.
LOOKAHEAD_RECORDS = 1000
MAX_LISTED = 12


def read_json_lines(
    text: TextFile,
    columns: Sequence[str],
    targets: Sequence[str],
    max_rows: int,
    keep: Sequence[str] | Literal["all"] = (),
    *,
    dialect: Dialect,
) -> Iterator[tuple[Block, bool, Sequence[str]]]:
    """Yield blocks of rows.

    Parameters
    ----------
    text : TextFile
    columns : sequence of str
        Keys, in the order of the blocks' columns; one that only some objects have is empty in
        the others.
    targets : sequence of str
        Further columns, behind the others, of blocks in which all rows have them.
    max_rows : int
        Rows per block.
    keep : sequence of str or "all"
        Keys whose values stand behind all these columns as JSON has them; "all": those of the
        first `LOOKAHEAD_RECORDS` objects.
    dialect : Dialect
        Where the records are, and the decimal separator that the texts of the numbers get.

    Yields
    ------
    block : Block
        Null and NaN are empty texts, but in what is kept.
    has_target : bool
    keep : sequence of str
        The keys, for "all" too.

    Raises
    ------
    DatasetError
        With the line, if it is not an object with these keys, each once.
    """
    lines: list[int] = []
    rows: list[list[str]] = []
    kept: list[list[Any]] = []
    notices: tuple[str, ...] | None = None
    with_target = [*columns, *targets]
    single = targets[0] if len(targets) == 1 else None
    records = read_records(text, dialect.record_path, flatten=dialect.flatten)
    head = list(islice(records, LOOKAHEAD_RECORDS))
    present = dict.fromkeys(key for _, record in head for key in record)
    for line, record in chain(head, records):
        place = f"{text.name}:{line}"
        if dialect.flatten:
            _fill_empty_objects(record, with_target)
        _add_absent(record, place, columns, present)
        if notices is None:
            keep = list(present) if keep == "all" else keep
            _check_kept(present, keep, place)
            known = {*columns, *targets, *keep}
            unused = [key for key in present if key not in known]
            notices = (f"columns not used: {_listed(unused)}",) if unused else ()
        keys = with_target if all(key in record for key in targets) else columns
        rows.append(
            [
                record_text(record[key], key, place, dialect.decimal, lists=key == single)
                for key in keys
            ]
        )
        kept.append([record.get(key) for key in keep])
        lines.append(line)
        if len(rows) == max_rows:
            yield (*_to_block(rows, kept, lines, len(columns), notices), keep)
            rows, kept, lines = [], [], []
    if rows:
        yield (*_to_block(rows, kept, lines, len(columns), notices or ()), keep)


def _fill_empty_objects(record: dict[str, Any], columns: Sequence[str]) -> None:
    """Add the columns of objects that are null or empty, without values."""
    for column in columns:
        above = column
        while column not in record and (above := above.rpartition(".")[0]):
            if above in record and record[above] is None:
                record[column] = None


def _check_kept(present: Iterable[str], keep: Sequence[str], place: str) -> None:
    known = set(present)
    for key in keep:
        if key not in known:
            message = f"{place}: no column {key!r} to keep. {did_you_mean(key, known)}".rstrip()
            raise DatasetError(message, hint=f"the columns are {_listed(list(present))}")


def _to_block(
    rows: Sequence[Sequence[str]],
    kept: Sequence[Sequence[Any]],
    lines: list[int],
    width: int,
    notices: tuple[str, ...],
) -> tuple[Block, bool]:
    shortest = min(map(len, rows))
    texts = zip(*(row[:shortest] for row in rows), strict=True)
    return Block([*texts, *zip(*kept, strict=True)], lines, notices), shortest > width


def _add_absent(
    record: dict[str, Any], place: str, columns: Sequence[str], present: Container[str]
) -> None:
    """Add columns that the object does not have, but another one has, without values."""
    absent = [column for column in columns if column not in record]
    if unknown := [column for column in absent if column not in present]:
        raise DatasetError(
            f"{place}: no column {', '.join(map(repr, unknown[:5]))}",
            hint=f"the columns of the model are {_listed(columns)}",
        )
    record.update(dict.fromkeys(absent))


def read_json_table(text: TextFile, dialect: Dialect) -> RowReader:
    """Open a text of objects as a table: its columns are the keys of the first objects.

    Raises
    ------
    DatasetError
        With the line, if it is not an object, or later has another key.
    """
    records = read_records(text, dialect.record_path, flatten=dialect.flatten)
    head = list(islice(records, LOOKAHEAD_RECORDS))
    names = list(dict.fromkeys(key for _, record in head for key in record))
    if dialect.flatten:
        empty = _empty_objects(names, [record for _, record in head])
        names = [name for name in names if name not in empty]
    rows = _rows(chain(head, records), names, text.name, dialect)
    return RowReader(text.name, dialect, rows, has_names=True)


def _rows(
    records: Iterable[tuple[int, dict[str, Any]]],
    names: Sequence[str],
    where: str,
    dialect: Dialect,
) -> Iterator[tuple[int, list[str]]]:
    if not names:
        return
    _check_unicode(names, where)
    yield 0, list(names)
    known = set(names)
    allowed = dialect.list_columns
    listed = known if allowed == EVERY_COLUMN else {_name_of(column, names) for column in allowed}
    for line, record in records:
        place = f"{where}:{line}"
        if not known.issuperset(record):
            # An object that is null has no column of its own.
            unknown = (
                key
                for key in record
                if key not in known and not (dialect.flatten and record[key] is None)
            )
            if (key := next(unknown, None)) is not None:
                first = f"the first {LOOKAHEAD_RECORDS:,} objects"
                raise DatasetError(f"{place}: the key {key!r} is in none of {first}")
        texts = [
            record_text(record.get(name), name, place, dialect.decimal, lists=name in listed)
            for name in names
        ]
        _check_unicode(texts, place)
        yield line, texts


def _check_unicode(texts: Sequence[str], place: str) -> None:
    r"""Refuse half of a surrogate pair, which ``\ud800`` is in JSON: no file can hold it."""
    joined = "".join(texts)
    if joined.isascii():
        return
    try:
        joined.encode()
    except UnicodeEncodeError as error:
        half = f"\\u{ord(joined[error.start]):04x}"
        raise DatasetError(
            f"{place}: {half} is half of a surrogate pair, not a character"
        ) from None


def _empty_objects(names: Sequence[str], records: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the keys that are objects in some records and null in all others."""
    above = {
        ".".join(parts[:size])
        for name in names
        for parts in [name.split(".")]
        for size in range(1, min(len(parts), MAX_DEPTH + 1))
    }
    return {
        name
        for name in above.intersection(names)
        if all(record.get(name) is None for record in records)
    }


def _name_of(column: str | int, names: Sequence[str]) -> str:
    """Return the name of a column; empty if there is no such position."""
    if isinstance(column, str):
        return column
    return names[column] if -len(names) <= column < len(names) else ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:MAX_LISTED]) + (", …" if len(names) > MAX_LISTED else "")
