"""Objects of a JSON text: one per line, or in an array."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

from dlcli.datasets.tables.cell_values import to_text
from dlcli.datasets.tables.header import first_repeated
from dlcli.datasets.tables.text_file import TextFile
from dlcli.errors import DatasetError

# In characters; an array is held in memory as a whole.
MAX_ARRAY_SIZE = 1 << 30


def read_records(text: TextFile) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the line and the object of each record.

    Raises
    ------
    DatasetError
        With the line, if it is not an object, or has a key twice.
    """
    lines = text.lines()
    for line in lines:
        if not line.strip():
            continue
        if line.lstrip("\ufeff \t").startswith("["):
            yield from _array_records(text, line, lines)
            return
        yield text.line, _checked(_decode(line, f"{text.name}:{text.line}"), text, text.line)


def _array_records(
    text: TextFile, line: str, lines: Iterator[str]
) -> Iterator[tuple[int, dict[str, Any]]]:
    number, size, parts = text.line, 0, []
    for part in chain([line], lines):
        size += len(part)
        if size > MAX_ARRAY_SIZE:
            hint = "write one object per line (.jsonl), which is read line by line"
            raise DatasetError(f"{text.name}: larger than {MAX_ARRAY_SIZE >> 30} GB", hint=hint)
        parts.append(part)
    content = "".join(parts)
    decoder = json.JSONDecoder(object_pairs_hook=_with_unique_keys)
    at = content.index("[") + 1
    is_first = True
    while True:
        at, number = _skip_blanks(content, at, number)
        if content[at : at + 1] == "]" or at == len(content):
            break
        if not is_first:
            if content[at] != ",":
                raise DatasetError(f"{text.name}:{number}: not valid JSON: a comma is missing")
            at, number = _skip_blanks(content, at + 1, number)
        is_first = False
        try:
            record, end = decoder.raw_decode(content, at)
        except _RepeatedKeyError as error:
            raise DatasetError(f"{text.name}:{number}: the key {error} appears twice") from None
        except (ValueError, RecursionError) as error:
            raise DatasetError(f"{text.name}:{number}: not valid JSON: {error}") from None
        yield number, _checked(record, text, number)
        number, at = number + content.count("\n", at, end), end
    if at == len(content):
        raise DatasetError(f"{text.name}:{number}: not valid JSON: the array is not closed")


def _skip_blanks(content: str, at: int, number: int) -> tuple[int, int]:
    while at < len(content) and content[at] in " \t\r\n":
        number += content[at] == "\n"
        at += 1
    return at, number


def _decode(line: str, place: str) -> Any:
    try:
        return json.loads(line.lstrip("\ufeff"), object_pairs_hook=_with_unique_keys)
    except _RepeatedKeyError as error:
        raise DatasetError(f"{place}: the key {error} appears twice") from None
    except (ValueError, RecursionError) as error:
        hint = "write one object per line, or an array of objects"
        raise DatasetError(f"{place}: not valid JSON: {error}", hint=hint) from None


def _checked(record: Any, text: TextFile, number: int) -> dict[str, Any]:
    if not isinstance(record, dict):
        expected = "expected an object with the names of the columns as keys"
        raise DatasetError(f"{text.name}:{number}: {expected}")
    return record


class _RepeatedKeyError(Exception):
    """An object has a key twice; Python would take the last value silently."""


def _with_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise _RepeatedKeyError(repr(first_repeated(key for key, _ in pairs)))
    return record


def record_text(
    value: Any, column: str, place: str, decimal: str = ".", *, lists: bool = False
) -> str:
    """Return a value of a record as text.

    Raises
    ------
    DatasetError
        If it is an object, or a list and no ``lists`` are allowed.
    """
    if lists and isinstance(value, list):
        return to_text(value)
    if isinstance(value, list | dict):
        kind = "a list" if isinstance(value, list) else "an object"
        hint = "write its values as keys of their own, as pandas.json_normalize does"
        raise DatasetError(
            f"{place}: {column!r} is {kind}, not a number or a text",
            hint=hint if isinstance(value, dict) else None,
        )
    return to_text(value, decimal)
