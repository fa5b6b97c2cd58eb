"""Share pieces of work with other processes through a folder, on any machine that sees it.

Each piece has a folder of its own, named after its number and content: ``piece.json``, the lock of
the process that computes it, and at the end ``result.json``. A process that dies loses its lock,
and another one takes the piece.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlcli.errors import first_line
from dlcli.files import TEMPORARY_PREFIX, FolderLock, write_text
from dlcli.work.executor import Function, OnReport
from dlcli.work.signals import SignalListener

PIECE, RESULT = "piece.json", "result.json"
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Format:
    """How pieces and their results are written as JSON.

    Parameters
    ----------
    piece_to_json, piece_from_json, result_to_json, result_from_json : callable
        Those that read raise ValueError for what the others cannot have written.
    """

    piece_to_json: Callable[[Any], Any]
    piece_from_json: Callable[[Any], Any]
    result_to_json: Callable[[Any], Any]
    result_from_json: Callable[[Any], Any]


class SharedFolder:
    """Computes pieces, together with all processes in `help_with`; see `Executor`.

    Parameters
    ----------
    function : callable
        Computes a piece.
    folder : Path
        Seen by all processes; its content is removed when the pieces are done.
    format : Format
    """

    def __init__(self, function: Function, folder: Path, format: Format) -> None:  # noqa: A002
        self.function, self.folder, self.format = function, folder, format

    def run(
        self, pieces: Sequence[Any], on_report: OnReport | None = None
    ) -> Generator[tuple[int, Any]]:
        """Compute the results of pieces; see `Executor.run`."""
        listener = SignalListener()
        waiting: dict[int, Path] = {}
        for number, piece in enumerate(pieces):
            waiting[number] = self._offer(number, piece)
        while waiting:
            done = [number for number, path in waiting.items() if (path / RESULT).exists()]
            for number in done:
                path = waiting.pop(number)
                yield number, self.format.result_from_json(_read(path / RESULT))
                _remove(path)
            if done:
                continue
            with listener.listening():
                listener.check()

                def report(value: Any) -> None:
                    if on_report is not None:
                        on_report(next(iter(waiting)), value)

                if not any(self._compute(path, report) for path in waiting.values()):
                    time.sleep(POLL_SECONDS)

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def help_with(self, report: Callable[[Any], None]) -> bool:
        """Compute one piece that another process offers; return whether there was one.

        Parameters
        ----------
        report : callable
            Takes what the function reports.
        """
        paths = sorted(self.folder.glob(f"[0-9]*/{PIECE}")) if self.folder.is_dir() else []
        return any(self._compute(path.parent, report) for path in paths)

    def _offer(self, number: int, piece: Any) -> Path:
        """Write a piece for all; an equal one of an earlier process is used again."""
        text = json.dumps(self.format.piece_to_json(piece), sort_keys=True)
        path = self.folder / f"{number}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        path.mkdir(parents=True, exist_ok=True)
        if (path / RESULT).exists() and not _is_readable(path / RESULT):
            (path / RESULT).unlink()
        write_text(path / PIECE, text)
        return path

    def _compute(self, path: Path, report: Callable[[Any], None]) -> bool:
        """Compute a piece that nobody has done or works on; return whether it was computed."""
        lock = FolderLock(path)
        try:
            if (path / RESULT).exists() or not lock.acquire():
                return False
        except OSError:  # its folder is gone: it is done
            return False
        try:
            if (path / RESULT).exists() or not (path / PIECE).exists():
                return False
            piece = self.format.piece_from_json(_read(path / PIECE))
            result = self.function(piece, report)
            # JSON of Python: a metric can be NaN.
            write_text(path / RESULT, json.dumps(self.format.result_to_json(result)))
        finally:
            lock.release()
        return True


def _remove(path: Path) -> None:
    """Remove a folder at once: without its result, a piece would be computed again."""
    moved = path.with_name(f"{TEMPORARY_PREFIX}{os.urandom(8).hex()}")
    with suppress(OSError):  # Windows does not rename a folder with an open file
        path = path.rename(moved)
    shutil.rmtree(path, ignore_errors=True)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: {first_line(error)}") from None


def _is_readable(path: Path) -> bool:
    try:
        _read(path)
    except ValueError:
        return False
    return True
