"""Compute pieces of work in several processes of this machine."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Generator, Sequence
from contextlib import suppress
from multiprocessing import connection, get_context, parent_process
from multiprocessing.reduction import ForkingPickler
from typing import Any, NoReturn

from dlcli.errors import Interrupted, TrainingError
from dlcli.machine import available_memory
from dlcli.work.executor import Job, OnReport, sendable
from dlcli.work.signals import SignalListener

# Memory of a process that trains: TensorFlow, and a few copies of the rows.
PROCESS_BYTES = 1 << 30
COPIES = 4
# How often the parent checks for signals while it waits.
POLL_SECONDS = 0.2
# Time for a process without work to exit; one that does not is killed.
EXIT_SECONDS = 10.0
# How often a piece is tried: it may be what kills its process.
ATTEMPTS = 2


def most_workers(row_bytes: int) -> int:
    """Return the number of processes for which there is memory.

    Parameters
    ----------
    row_bytes : int
        Size of all rows.
    """
    free = available_memory()
    if free is None:
        return sys.maxsize
    return max(1, free // (PROCESS_BYTES + COPIES * row_bytes))


class Processes:
    """Processes that take one piece after the other; see `dlcli.work.executor.Executor`.

    A piece whose process dies is tried once more in another one.

    Parameters
    ----------
    job : Job
    jobs : int
        Largest number of processes; they start when there are pieces for them.
    save_seconds : float
        Time for the pieces to save their state when a signal arrives.
    """

    def __init__(self, job: Job, jobs: int, save_seconds: float = 0.0) -> None:
        self.job, self.jobs, self.save_seconds = job, jobs, save_seconds
        self._processes: dict[Any, Any] = {}  # by the pipe to each
        self._busy: dict[Any, int] = {}  # number of the piece, by the pipe
        self._pieces: Sequence[Any] = ()
        self._waiting: deque[int] = deque()
        self._deaths: Counter[int] = Counter()
        # Of a process or a piece; it is raised after the results that came with it.
        self._error: BaseException | None = None

    def run(
        self, pieces: Sequence[Any], on_report: OnReport | None = None
    ) -> Generator[tuple[int, Any]]:
        """Compute the results of pieces; see `Executor.run`."""
        self._pieces, self._waiting = pieces, deque(range(len(pieces)))
        self._deaths.clear()
        self._error = None
        listener = SignalListener()
        left = len(pieces)
        try:
            while left:
                with listener.listening():
                    results = self._wait(on_report, listener)
                left -= len(results)
                yield from results
        except Interrupted:
            self._save()
            raise
        finally:
            if left or self._busy:
                self._kill()

    def close(self) -> None:
        """Have the processes exit."""
        for pipe in self._processes:
            with suppress(OSError):
                pipe.send(None)
        deadline = time.monotonic() + EXIT_SECONDS
        for pipe, process in self._processes.items():
            end_process(process, max(0.0, deadline - time.monotonic()))
            pipe.close()
        self._processes.clear()

    def _wait(self, on_report: OnReport | None, listener: SignalListener) -> list[tuple[int, Any]]:
        """Handle the messages of the processes until a piece is done."""
        results: list[tuple[int, Any]] = []
        while not results:
            listener.check()
            if self._error is not None:
                raise self._error
            self._assign()
            for pipe in connection.wait(list(self._busy), POLL_SECONDS):
                results += self._receive(pipe, on_report)
        if self._error is None:
            self._assign()  # before the results are handled
        return results

    def _assign(self) -> None:
        """Send a piece to each process that has none, and start processes while there are more."""
        for pipe, process in list(self._processes.items()):
            if pipe not in self._busy and not process.is_alive():
                self._forget(pipe)
        idle = [pipe for pipe in self._processes if pipe not in self._busy]
        while self._waiting and self._error is None and (idle or len(self._processes) < self.jobs):
            pipe = idle.pop() if idle else self._start()
            number = self._busy[pipe] = self._waiting.popleft()
            try:
                pipe.send(self._pieces[number])
            except OSError:
                self._mourn(pipe)

    def _start(self) -> Any:
        """Start a process; it is spawned, since TensorFlow does not survive a fork."""
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work_and_exit, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        self._processes[ours] = process
        with suppress(OSError):  # the next message says so again
            ours.send_bytes(ForkingPickler.dumps(self.job.prepare))
            ours.send_bytes(ForkingPickler.dumps((self.job.open, self.job.data)))
        return ours

    def _receive(self, pipe: Any, on_report: OnReport | None) -> list[tuple[int, Any]]:
        """Handle a message of a process; return the result in it, if there is one."""
        try:
            kind, value = pipe.recv()
        except (EOFError, OSError):
            self._mourn(pipe)
            return []
        if kind == "done":
            return [(self._busy.pop(pipe), value)]
        if kind == "error":
            self._error = self._error or value
            return []
        if kind == "stopped":
            self._error = self._error or Interrupted(value)
            return []
        if on_report is not None:
            on_report(self._busy[pipe], value)
        return []

    def _mourn(self, pipe: Any) -> None:
        """Put the piece of a process that died back, or give up."""
        number = self._busy.pop(pipe)
        code = self._forget(pipe)
        self._deaths[number] += 1
        if self._deaths[number] >= ATTEMPTS:
            self._error = self._error or TrainingError(
                f"two processes died at the same piece of work, exit code {code}",
                hint="if memory ran out, use fewer --jobs",
            )
            return
        self._waiting.appendleft(number)

    def _forget(self, pipe: Any) -> int | None:
        """Remove a process that has ended; return its exit code."""
        process = self._processes.pop(pipe)
        end_process(process)
        pipe.close()
        code: int | None = process.exitcode
        return code

    def _save(self) -> None:
        """Have the processes finish their step and save their state."""
        if not self.save_seconds:
            return
        for process in self._processes.values():
            process.terminate()
        deadline = time.monotonic() + self.save_seconds
        for process in self._processes.values():
            process.join(max(0.0, deadline - time.monotonic()))

    def _kill(self) -> None:
        """Kill all processes."""
        for process in self._processes.values():
            process.kill()
        for pipe, process in self._processes.items():
            process.join(EXIT_SECONDS)
            pipe.close()
        self._processes.clear()
        self._busy.clear()


def end_process(process: Any, seconds: float | None = None) -> None:
    """Wait for a process to exit, and kill it if it does not."""
    process.join(EXIT_SECONDS if seconds is None else seconds)
    if process.is_alive():
        process.kill()
        process.join(EXIT_SECONDS)


def _work_and_exit(pipe: Any) -> NoReturn:
    """Compute pieces and end this process, without TensorFlow's shutdown that takes a second."""
    _work(pipe)
    for stream in (sys.stdout, sys.stderr):  # code of the user may have printed
        print(end="", file=stream, flush=True)
    os._exit(0)


def _work(pipe: Any) -> None:
    """Compute the pieces that the parent sends, until it sends None."""
    # While a piece is computed, the handlers of its `SignalListener` replace these.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    SignalListener.is_patient = True
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def report(value: Any) -> None:
        try:
            pipe.send(("report", value))
        except ConnectionError:  # the parent has ended
            os._exit(1)

    try:
        # Both are read before Keras is imported: until then the parent waits to start others.
        prepare, job = pipe.recv_bytes(), pipe.recv_bytes()
        pickle.loads(prepare)()  # noqa: S301 (sent by the parent)
        open_job, data = pickle.loads(job)  # noqa: S301
        del job
        function = open_job(data)
        while (piece := pipe.recv()) is not None:
            pipe.send(("done", function(piece, report)))
    except Interrupted as interrupted:
        with suppress(ConnectionError):
            pipe.send(("stopped", interrupted.signum))
    except (EOFError, ConnectionError):
        return  # the parent has ended
    except Exception as error:  # noqa: BLE001 (raised again by the parent)
        with suppress(ConnectionError):
            pipe.send(("error", sendable(error)))


def _end_with_parent() -> None:
    """End this process when its parent is gone, even in the middle of a piece."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _interrupt(signum: int, _: object) -> NoReturn:
    raise Interrupted(signum)
