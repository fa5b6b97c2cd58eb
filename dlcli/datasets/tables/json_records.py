"""Objects of a JSON text: one per line, or in an array."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from dlcli.datasets.tables.bad_rows import LayoutError
from dlcli.datasets.tables.cell_values import to_text
from dlcli.datasets.tables.header import first_repeated
from dlcli.datasets.tables.text_file import TextFile
from dlcli.errors import DatasetError
from dlcli.parser_messages import json_problem

# In characters; an array is held in memory as a whole.
MAX_ARRAY_SIZE = 1 << 30
MAX_DEPTH = 20
BLANKS = re.compile(r"[\s\ufeff]*")
# A key, with what stands before it and its value.
NAME = re.compile(r'[\s,]*("(?:[^"\\]|\\.)*+")\s*:\s*')


class RecordsError(LayoutError):
    """The objects of a JSON text are not where the loader's options say; other options may help."""


def read_records(
    text: TextFile, record_path: str = "", *, flatten: bool = False
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the line and the object of each record.

    Parameters
    ----------
    text : TextFile
    record_path : str
        Key of the list of records in an object, with points between keys as in ``"answer.rows"``.
    flatten : bool
        Whether the keys of objects in a record become keys of the record, as ``"a.b"``.

    Raises
    ------
    DatasetError
        With the line, if it is not an object, or has a key twice.
    """
    for line, record in _records(text, record_path):
        yield line, _flattened(record, f"{text.name}:{line}") if flatten else record


def _records(text: TextFile, record_path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    lines: Iterator[tuple[int, str]] = ((text.line, line) for line in text.lines())
    if record_path:
        numbered = list(_limited(lines, text.name))
        content = "".join(line for _, line in numbered)
        keys = record_path.split(".")
        start = _start_of_list(content, keys)
        if start is not None:
            number = 1 + content.count("\n", 0, start)
            end = yield from _array_records(content, start, number, text)
            _check_end(content, end, keys, text.name)
            return
        if text.hints.has_options:  # rows to predict may come without what is around them
            raise DatasetError(f"{text.name}: no list under the key {record_path!r}")
        lines = iter(numbered)
    is_first = True
    for number, line in lines:
        if not line.strip():
            continue
        if line.lstrip("\ufeff \t").startswith("["):
            content = line + "".join(part for _, part in _limited(lines, text.name))
            end = yield from _array_records(content, content.index("["), number, text)
            _check_end(content, end, (), text.name)
            return
        place = f"{text.name}:{number}"
        yield number, _checked(_decode(line, place, is_first=is_first), text, number)
        is_first = False


def _limited(lines: Iterator[tuple[int, str]], name: str) -> Iterator[tuple[int, str]]:
    """Yield lines that are to be held in memory."""
    size = 0
    for number, line in lines:
        size += len(line)
        if size > MAX_ARRAY_SIZE:
            hint = "write one object per line (.jsonl), which is read line by line"
            raise DatasetError(f"{name}: larger than {MAX_ARRAY_SIZE >> 30} GB", hint=hint)
        yield number, line


def _start_of_list(content: str, keys: Sequence[str]) -> int | None:
    """Return the position of the list under keys of nested objects; None if there is none."""
    decoder = json.JSONDecoder()
    at = _behind_blanks(content, 0)
    for key in keys:
        if content[at : at + 1] != "{":
            return None
        at += 1
        while (name := NAME.match(content, at)) is not None:
            at = name.end()
            try:
                if json.loads(name[1]) == key:
                    break
                at = decoder.raw_decode(content, at)[1]
            except (ValueError, RecursionError):
                return None
        else:
            return None
    return at if content[at : at + 1] == "[" else None


def _array_records(
    content: str, start: int, number: int, text: TextFile
) -> Generator[tuple[int, dict[str, Any]], None, int]:
    """Yield the line and the object of each record of a list; return the position behind it."""
    decoder = json.JSONDecoder(object_pairs_hook=_with_unique_keys)
    at = start + 1
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
            problem = json_problem(error)
            raise DatasetError(f"{text.name}:{number}: not valid JSON: {problem}") from None
        yield number, _checked(record, text, number)
        number, at = number + content.count("\n", at, end), end
    if at == len(content):
        raise DatasetError(f"{text.name}:{number}: not valid JSON: the array is not closed")
    return at + 1


def _check_end(content: str, at: int, keys: Sequence[str], name: str) -> None:
    """Refuse more lists behind that of the records, and objects around it that do not end.

    Parameters
    ----------
    content : str
    at : int
        Position behind the list.
    keys : sequence of str
        Of the objects around it, the outermost first.
    name : str
        Name of the file.
    """
    decoder = json.JSONDecoder()
    problem = "not valid JSON behind the records"
    for key in reversed(keys):
        while (match := NAME.match(content, at)) is not None:
            at = match.start(1)
            try:
                if json.loads(match[1]) == key:
                    problem = f"the key {key!r} appears twice"
                    break
                at = decoder.raw_decode(content, match.end())[1]
            except (ValueError, RecursionError):
                break
        at = _behind_blanks(content, at)
        if content[at : at + 1] != "}":
            break
        at += 1
    else:
        at = _behind_blanks(content, at)
        if at == len(content):
            return
        problem = "there is more behind the records; write all into one array"
    raise DatasetError(f"{name}:{1 + content.count(chr(10), 0, at)}: {problem}")


def _behind_blanks(content: str, at: int) -> int:
    return BLANKS.match(content, at).end()  # type: ignore[union-attr]


def _skip_blanks(content: str, at: int, number: int) -> tuple[int, int]:
    while at < len(content) and content[at] in " \t\r\n":
        number += content[at] == "\n"
        at += 1
    return at, number


def _decode(line: str, place: str, *, is_first: bool) -> Any:
    try:
        return json.loads(line.lstrip("\ufeff"), object_pairs_hook=_with_unique_keys)
    except _RepeatedKeyError as error:
        raise DatasetError(f"{place}: the key {error} appears twice") from None
    except (ValueError, RecursionError) as error:
        hint = "write one object per line, or an array of objects"
        kind = RecordsError if is_first else DatasetError
        raise kind(f"{place}: not valid JSON: {json_problem(error)}", hint=hint) from None


def _flattened(record: dict[str, Any], place: str) -> dict[str, Any]:
    """Return a record with the values of its objects under keys with points."""
    pairs: list[tuple[str, Any]] = []
    waiting = [(key, value, 1) for key, value in reversed(record.items())]
    while waiting:
        key, value, depth = waiting.pop()
        if not isinstance(value, dict) or not value:
            pairs.append((key, None if value == {} else value))
        elif depth > MAX_DEPTH:
            raise DatasetError(f"{place}: more than {MAX_DEPTH} objects within each other")
        else:
            inner = ((f"{key}.{name}", item, depth + 1) for name, item in reversed(value.items()))
            waiting.extend(inner)
    flat = dict(pairs)
    if len(flat) < len(pairs):
        repeated = first_repeated(key for key, _ in pairs)
        raise DatasetError(f"{place}: the key {repeated!r} appears twice, once within an object")
    return flat


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
        raise RecordsError(
            f"{place}: {column!r} is {kind}, not a number or a text",
            hint=hint if isinstance(value, dict) else None,
        )
    return to_text(value, decimal)
