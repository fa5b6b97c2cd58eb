"""Prefetch blocks in a background thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Full, Queue
from typing import Any, TypeVar

T = TypeVar("T")
POLL_SECONDS = 0.1


def prefetch(items: Iterator[T], size: int = 2) -> Iterator[T]:
    """Yield the items of an iterator that runs in a background thread.

    Parsing and computing release Python's global lock most of the time, so that they overlap.

    Parameters
    ----------
    items : iterator
        An exception from it is raised here, after the items before it.
    size : int
        Items that wait at a time; bounds the memory if the consumer is slower.
    """
    queue: Queue[tuple[bool, Any]] = Queue(size)
    stopped = threading.Event()

    def put(entry: tuple[bool, Any]) -> bool:
        while not stopped.is_set():
            try:
                queue.put(entry, timeout=POLL_SECONDS)
            except Full:
                continue
            return True
        return False

    def run() -> None:
        try:
            for item in items:
                if not put((True, item)):
                    return
            put((False, None))
        except BaseException as error:  # noqa: BLE001 (raised in the consumer)
            put((False, error))

    # A daemon, as it may wait for standard input when the process ends.
    threading.Thread(target=run, name="prefetch", daemon=True).start()
    try:
        while True:
            is_item, item = queue.get()
            if not is_item:
                if item is not None:
                    raise item
                return
            yield item
    finally:
        stopped.set()
