"""Decode many files, several at a time, and report those that cannot be read together."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from dlcli.datasets.media.folders import LabelledFiles
from dlcli.errors import DatasetError, plural
from dlcli.machine import cpu_count

if TYPE_CHECKING:
    from dlcli.config.loader_base import OnBadFile

Decode = Callable[[bytes, str], Any]
Key = TypeVar("Key")
# Filters of warnings are global; two threads that change them would restore each other's.
WARNINGS_LOCK = threading.Lock()
MAX_LISTED = 10
BATCH_FILES, BATCH_BYTES = 16, 1 << 20
SKIP_HINT = "remove them, or leave them out with `on_bad_file: skip` in the loader"


class BadFilesError(DatasetError):
    """Files of a data set cannot be read.

    Parameters
    ----------
    count : int
        Their number.
    total : int
        Number of all files.
    """

    def __init__(
        self, message: str, *, hint: str | None = None, count: int = 0, total: int = 0
    ) -> None:
        super().__init__(message, hint=hint)
        self.count, self.total = count, total


def decode_files(
    files: LabelledFiles, decode: Decode, on_bad_file: OnBadFile, store: Callable[[int, Any], None]
) -> LabelledFiles:
    """Decode files, and pass each content to `store` with its row.

    Parameters
    ----------
    files : LabelledFiles
    decode : callable
        Takes the content of a file and its name, and returns the item. Called in threads.
    on_bad_file : {"error", "skip"}
    store : callable
        Takes a row, which is the position in ``files.names``, and the item.

    Returns
    -------
    LabelledFiles
        Without the files that cannot be read, if they are to be skipped; these leave gaps in the
        rows.

    Raises
    ------
    DatasetError
        With all files that cannot be read.
    """
    row_of = {name: row for row, name in enumerate(files.names)}
    contents = ((row_of[name], data, f"{files.base}/{name}") for name, data in files.contents())
    bad: dict[int, DatasetError] = {}
    rows = set()
    for row, item in decode_in_threads(contents, decode):
        if isinstance(item, DatasetError):
            bad[row] = item
        elif not bad or on_bad_file == "skip":
            store(row, item)
            rows.add(row)
    errors = [bad[row] for row in sorted(bad)]
    if errors and on_bad_file == "error":
        raise bad_files_error(errors, SKIP_HINT, len(files.names))
    notices = bad_files_notices(errors)
    if not rows:
        raise DatasetError(f"{files.where}: no file can be read", hint="; ".join(notices) or None)
    return files.take(sorted(rows), notices)


def decode_in_threads(
    contents: Iterable[tuple[Key, bytes, str]], decode: Decode
) -> Iterator[tuple[Key, Any]]:
    """Decode contents in their order, in as many threads as there are processors.

    Parameters
    ----------
    contents : iterable of tuple
        A key, the content of a file, and its name.
    decode : callable

    Yields
    ------
    key
    item : object or DatasetError
        What `decode` returned or raised.
    """

    def attempt(data: bytes, name: str) -> Any:
        try:
            return decode(data, name)
        except DatasetError as error:
            return error

    def attempt_all(batch: list[tuple[Key, bytes, str]]) -> list[tuple[Key, Any]]:
        return [(key, attempt(data, name)) for key, data, name in batch]

    workers = cpu_count()
    waiting: deque[Future[list[tuple[Key, Any]]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for batch in _batches(contents):
            waiting.append(pool.submit(attempt_all, batch))
            if len(waiting) > 2 * workers:
                yield from waiting.popleft().result()
        for future in waiting:
            yield from future.result()


def _batches(contents: Iterable[tuple[Key, bytes, str]]) -> Iterator[list[tuple[Key, bytes, str]]]:
    """Yield a few contents at a time, as passing each to a thread takes longer than reading it."""
    batch: list[tuple[Key, bytes, str]] = []
    size = 0
    for content in contents:
        batch.append(content)
        size += len(content[1])
        if len(batch) == BATCH_FILES or size > BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def bad_files_error(errors: Sequence[DatasetError], hint: str, total: int) -> BadFilesError:
    """Return one error for all files that cannot be read, of `total` files."""
    count = len(errors)
    if count == 1:
        advice = hint.replace("them", "it")
        return BadFilesError(str(errors[0]), hint=advice, count=count, total=total)
    listed = [str(error) for error in errors[:MAX_LISTED]]
    rest = count - MAX_LISTED
    listed += [f"and {rest} more"] if rest > 0 else []
    message = "\n".join([f"{plural(count, 'file')} cannot be read:", *listed])
    return BadFilesError(message, hint=hint, count=count, total=total)


def bad_files_notices(errors: Sequence[DatasetError]) -> list[str]:
    """Return a notice about files that cannot be read and are left out, or none."""
    if not errors:
        return []
    verb = "is" if len(errors) == 1 else "are"
    listed = "; ".join(map(str, errors[:MAX_LISTED]))
    rest = f"; and {len(errors) - MAX_LISTED} more" if len(errors) > MAX_LISTED else ""
    return [f"{plural(len(errors), 'file')} {verb} left out (on_bad_file: skip): {listed}{rest}"]
