"""Read JSON Lines: one object per line, its values converted back to text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from dlcli.datasets.tables.header import first_repeated
from dlcli.datasets.tables.row_reader import Block
from dlcli.datasets.tables.text_file import TextFile
from dlcli.errors import DatasetError

MAX_LISTED = 12


def read_json_lines(
    text: TextFile, columns: Sequence[str], target: str | None, max_rows: int
) -> Iterator[tuple[Block, bool]]:
    """Yield blocks of rows.

    Parameters
    ----------
    text : TextFile
    columns : sequence of str
        Keys that every object has, in the order of the blocks' columns.
    target : str or None
        A further column, behind the others, of blocks in which all rows have it.
    max_rows : int
        Rows per block.

    Yields
    ------
    block : Block
        Null and NaN are empty texts.
    has_target : bool

    Raises
    ------
    DatasetError
        With the line, if it is not an object with these keys, each once.
    """
    lines: list[int] = []
    rows: list[list[str]] = []
    notices: tuple[str, ...] | None = None
    with_target = [*columns, target or ""]
    for line in text.lines():
        if not line.strip():
            continue
        place = f"{text.name}:{text.line}"
        record = _parse(line, place, columns)
        if notices is None:
            known = {*columns, target}
            unused = [key for key in record if key not in known]
            notices = (f"columns not used: {_listed(unused)}",) if unused else ()
        keys = with_target if target in record else columns
        rows.append([_to_text(record[key], key, place) for key in keys])
        lines.append(text.line)
        if len(rows) == max_rows:
            yield _to_block(rows, lines, len(columns), notices)
            rows, lines = [], []
    if rows:
        yield _to_block(rows, lines, len(columns), notices or ())


def _to_block(
    rows: Sequence[Sequence[str]], lines: list[int], width: int, notices: tuple[str, ...]
) -> tuple[Block, bool]:
    has_target = all(len(row) > width for row in rows)
    texts = zip(*(row[: width + has_target] for row in rows), strict=True)
    return Block(list(texts), lines, notices), has_target


def _parse(line: str, place: str, columns: Sequence[str]) -> dict[str, Any]:
    try:
        record = json.loads(line, object_pairs_hook=_with_unique_keys)
    except _RepeatedKeyError as error:
        raise DatasetError(f"{place}: the key {error} appears twice") from None
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{place}: not valid JSON: {error}") from None
    if not isinstance(record, dict):
        raise DatasetError(f"{place}: expected an object with the names of the columns as keys")
    missing = [column for column in columns if column not in record]
    if missing:
        raise DatasetError(
            f"{place}: no column {', '.join(map(repr, missing[:5]))}",
            hint=f"the columns of the model are {_listed(columns)}",
        )
    return record


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:MAX_LISTED]) + (", …" if len(names) > MAX_LISTED else "")


class _RepeatedKeyError(Exception):
    """An object has a key twice; Python would take the last value silently."""


def _with_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise _RepeatedKeyError(repr(first_repeated(key for key, _ in pairs)))
    return record


def _to_text(value: Any, column: str, place: str) -> str:
    # The most frequent types first: this runs once per cell.
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return repr(value) if value == value else ""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    kind = "a list" if isinstance(value, list) else "an object"
    raise DatasetError(f"{place}: {column!r} is {kind}, not a number or a text")
