"""Where the records of a JSON text are: options of the csv loader, for hints and `dlcli init`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables.json_records import MAX_ARRAY_SIZE, MAX_DEPTH, read_records
from dlcli.datasets.tables.proposals import Proposal
from dlcli.datasets.tables.text_file import TextFile, open_text
from dlcli.errors import plural

LOOKAHEAD_RECORDS = 1000


def propose_for_json(path: str | Path, dialect: Dialect) -> Iterator[Proposal]:
    """Yield the options with which the records of a JSON text are read.

    Parameters
    ----------
    path : path
    dialect : Dialect
        Options that are set already.

    Raises
    ------
    DatasetError
        If the text is not valid JSON.
    """
    record_path = dialect.record_path
    if not record_path:
        with open_text(path, dialect.encoding) as text:
            found = _longest_list(_document(text))
        if found is not None:
            record_path, count = found
            reason = f"{plural(count, 'record')} under this key"
            yield Proposal("record_path", record_path, reason)
    if dialect.flatten:
        return
    with open_text(path, dialect.encoding) as text:
        for _, record in islice(read_records(text, record_path), LOOKAHEAD_RECORDS):
            for key, value in record.items():
                if isinstance(value, dict) and value:
                    reason = f"{key!r} holds objects: its columns are {key}.{next(iter(value))}, …"
                    yield Proposal("flatten", True, reason)
                    return


def _document(text: TextFile) -> Any:
    """Return the only object of a text; None if there are several, or a list."""
    lines = (line for line in text.lines() if line.strip())
    first = next(lines, "").lstrip("\ufeff \t")
    if not first.startswith("{"):
        return None
    try:
        record = json.loads(first)
    except (ValueError, RecursionError):
        parts, size = [first], len(first)
        for line in lines:
            size += len(line)
            if size > MAX_ARRAY_SIZE:
                return None
            parts.append(line)
        try:
            return json.loads("".join(parts))
        except (ValueError, RecursionError):
            return None
    return None if next(lines, None) is not None else record


def _longest_list(document: Any) -> tuple[str, int] | None:
    """Return the keys, with points between them, and the length of the longest list of objects."""
    best: tuple[str, int] | None = None
    waiting = [("", document, 0)]
    while waiting:
        path, value, depth = waiting.pop()
        if isinstance(value, dict) and depth < MAX_DEPTH:
            waiting += [
                (f"{path}.{key}" if path else key, item, depth + 1)
                for key, item in value.items()
                if key and "." not in key
            ]
        elif path and isinstance(value, list) and value:
            is_records = all(isinstance(item, dict) for item in value)
            if is_records and (best is None or len(value) > best[1]):
                best = path, len(value)
    return best
