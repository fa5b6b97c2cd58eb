"""Rows from JSON Lines: an object per line, its values still as text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dlcli.datasets.tables.reading import Block
from dlcli.errors import DatasetError

LISTED = 12


def read_json_rows(
    lines: Iterable[str], name: str, wanted: Sequence[str], target: str | None, size: int
) -> Iterator[tuple[Block, bool]]:
    """Yield blocks of rows.

    Parameters
    ----------
    lines : iterable of str
    name : str
        What messages call the text.
    wanted : sequence of str
        Names of the columns, in the order of the blocks' texts.
    target : str or None
        A column that is taken too, behind the others, if all rows of a block have it.
    size : int
        Rows per block.

    Yields
    ------
    block : Block
        What is null, or no number, is an empty text.
    labelled : bool
        Whether the target is there.
    """
    numbers: list[int] = []
    rows: list[list[str]] = []
    notices: tuple[str, ...] = ()
    with_target = [*wanted, target or ""]
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{name}:{number}"
        record = _record(line, place, wanted)
        if not numbers and not notices:
            others = [key for key in record if key not in wanted and key != target]
            notices = (f"columns not used: {', '.join(others[:LISTED])}",) if others else ()
        fields = with_target if target in record else wanted
        rows.append([_text(record[field], field, place) for field in fields])
        numbers.append(number)
        if len(rows) == size:
            yield _block(rows, numbers, len(wanted), notices)
            rows, numbers = [], []
    if rows:
        yield _block(rows, numbers, len(wanted), notices)


def _block(
    rows: Sequence[Sequence[str]], lines: list[int], width: int, notices: tuple[str, ...]
) -> tuple[Block, bool]:
    labelled = all(len(row) > width for row in rows)
    texts = zip(*(row[: width + labelled] for row in rows), strict=True)
    return Block(list(texts), lines, notices), labelled


def _record(line: str, place: str, wanted: Sequence[str]) -> dict[str, Any]:
    try:
        record = json.loads(line, object_pairs_hook=_no_key_twice)
    except _TwiceError as error:
        raise DatasetError(f"{place}: {error} is given twice") from None
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{place}: not valid JSON: {error}") from None
    if not isinstance(record, dict):
        raise DatasetError(f"{place}: expected an object with the columns' names")
    missing = [column for column in wanted if column not in record]
    if missing:
        shown = ", ".join(wanted[:LISTED]) + (", …" if len(wanted) > LISTED else "")
        raise DatasetError(
            f"{place}: no column {', '.join(map(repr, missing[:5]))}",
            hint=f"the model wants the columns {shown}",
        )
    return record


class _TwiceError(Exception):
    """A key stands twice in an object; the second would win in silence."""


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(next(repr(name) for name in names if names.count(name) > 1))
    return record


def _text(value: Any, column: str, place: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):  # the commonest come first: there are as many as cells
        return repr(value) if value == value else ""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    kind = "a list" if isinstance(value, list) else "an object"
    raise DatasetError(f"{place}: {column!r} is {kind}, not a number or a text")
