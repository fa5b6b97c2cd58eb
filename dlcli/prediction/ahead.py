"""Reading while what was read is computed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Full, Queue
from typing import Any, TypeVar

T = TypeVar("T")
LOOK_SECONDS = 0.1


def read_ahead(items: Iterator[T], most: int = 2) -> Iterator[T]:
    """Yield the items of an iterator that runs in a thread of its own.

    Parsing and computing release Python's lock for most of their time, so that they overlap.

    Parameters
    ----------
    items : iterator
        What it raises is raised here, in its place.
    most : int
        Items that wait at a time, so that a fast reader does not fill the memory.
    """
    queue: Queue[tuple[bool, Any]] = Queue(most)
    stopped = threading.Event()

    def put(item: tuple[bool, Any]) -> bool:
        while not stopped.is_set():
            try:
                queue.put(item, timeout=LOOK_SECONDS)
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
        except BaseException as error:  # noqa: BLE001 (raised where it is waited for)
            put((False, error))

    # A daemon: it may wait for standard input when the process wants to end.
    threading.Thread(target=run, name="read ahead", daemon=True).start()
    try:
        while True:
            more, item = queue.get()
            if not more:
                if item is not None:
                    raise item
                return
            yield item
    finally:
        stopped.set()
