"""What an executor does, and the one that needs no other process."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dlcli.errors import DlcliError, first_line

Report = Callable[[Any], None]
# Takes a piece and a function for reports of its progress, and returns its result.
Function = Callable[[Any, Report], Any]
# Takes the number of a piece and a report of it.
OnReport = Callable[[int, Any], None]


@dataclass(frozen=True)
class Job:
    """What another process needs before it can take pieces.

    Parameters
    ----------
    prepare : callable
        Called first, before `data` are unpickled.
    open : callable
        Takes `data`, and returns the function of a piece.
    data : object
        What all pieces have in common; sent to each process once.
    """

    prepare: Callable[[], None]
    open: Callable[[Any], Function]
    data: Any


class Executor(Protocol):
    """Map a function over independent pieces; its processes live on until it is closed."""

    def run(
        self, pieces: Sequence[Any], on_report: OnReport | None = None
    ) -> Generator[tuple[int, Any]]:
        """Compute the results of pieces.

        Parameters
        ----------
        pieces : sequence
        on_report : callable, optional
            Called with the number of a piece and what its function reports.

        Yields
        ------
        tuple
            Number of a piece, and its result, as soon as it is complete.

        Raises
        ------
        Interrupted
            If SIGINT or SIGTERM arrived.
        TrainingError
            If a process died at the same piece again and again.
        """

    def close(self) -> None:
        """End the processes."""


# Takes what a process needs, by its number of threads: the last bits of the results depend on it.
OpenExecutor = Callable[[Callable[[int], Job]], Executor]


class Inline:
    """Compute one piece after the other in this process.

    Parameters
    ----------
    function : callable
    """

    def __init__(self, function: Function) -> None:
        self.function = function

    def run(
        self, pieces: Sequence[Any], on_report: OnReport | None = None
    ) -> Generator[tuple[int, Any]]:
        """Compute the results of pieces; see `Executor.run`."""
        for number, piece in enumerate(pieces):
            yield number, self.function(piece, _report_of(number, on_report))

    def close(self) -> None:
        """Do nothing."""


def _report_of(number: int, on_report: OnReport | None) -> Report:
    def report(value: Any) -> None:
        if on_report is not None:
            on_report(number, value)

    return report


def in_order(results: Iterator[tuple[int, Any]]) -> Iterator[Any]:
    """Yield results in the order of their pieces."""
    waiting: dict[int, Any] = {}
    following = 0
    for number, result in results:
        waiting[number] = result
        while following in waiting:
            yield waiting.pop(following)
            following += 1


def sendable(error: Exception) -> Exception:
    """Return an error as one that can be pickled: not all of TensorFlow's can."""
    if isinstance(error, DlcliError | MemoryError):
        return error
    return RuntimeError(f"{type(error).__name__}: {first_line(error)}")
