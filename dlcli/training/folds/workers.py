"""Train folds in several processes, each of which trains one fold after the other."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing import connection, get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from dlcli.errors import DlcliError, Interrupted, TrainingError, first_line
from dlcli.machine import available_memory
from dlcli.network import backend
from dlcli.network.code_files import load_absent, origins
from dlcli.training.folds.outcome import FoldOutcome, fold_checkpoint, train_fold
from dlcli.training.session import Session, open_sessions

if TYPE_CHECKING:
    from dlcli.training.progress import OnProgress, Progress

# Memory of a process that trains folds: TensorFlow, and a few copies of the rows.
PROCESS_BYTES = 1 << 30
COPIES = 4
# How often the parent checks for signals while it waits.
POLL_SECONDS = 0.2
# Time for processes to finish a step and save their state.
SAVE_SECONDS = 20.0
# Time for a process without work to exit; one that does not is killed.
EXIT_SECONDS = 10.0


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


class FoldWorkers:
    """Processes that train folds; the outcomes are yielded in the order of the folds.

    Parameters
    ----------
    sessions : sequence of Session
        One per fold.
    jobs : int
        Number of processes.
    threads : int
        Threads of each process; the last bits of the results depend on it.
    checkpoint : Path, optional
        Folder where states are saved and looked for.
    """

    def __init__(
        self,
        sessions: Sequence[Session],
        jobs: int,
        threads: int,
        checkpoint: Path | None = None,
    ) -> None:
        self.sessions, self.checkpoint = sessions, checkpoint
        self.jobs, self.threads = jobs, threads
        self._waiting = iter(range(len(sessions)))
        self._done: dict[int, FoldOutcome] = {}
        self._busy: dict[Any, tuple[Any, int]] = {}  # process and its fold, by the pipe to it
        self._next = 0

    def run(self, on_progress: OnProgress | None) -> Iterator[FoldOutcome]:
        """Train all folds; see `dlcli.training.folds.engines.FoldEngine.run`."""
        from dlcli.training.signals import SignalWatcher

        watcher = SignalWatcher()
        try:
            with watcher.listening():
                self._start()
            while self._next < len(self.sessions):
                with watcher.listening():
                    self._wait(on_progress, watcher)
                yield self._done.pop(self._next)
                self._next += 1
        except Interrupted:
            self._save_states()
            raise
        finally:
            self._stop()

    def _start(self) -> None:
        """Start the processes; they are spawned, since TensorFlow does not survive a fork."""
        context = get_context("spawn")
        for _ in range(self.jobs):
            ours, theirs = context.Pipe()
            arguments = (theirs, self.threads, backend.is_quiet())
            process = context.Process(target=_work_and_exit, args=arguments, daemon=True)
            process.start()
            theirs.close()
            self._busy[ours] = (process, -1)
            try:
                ours.send(self._task())
                self._assign(ours, process)
            except ConnectionError:
                raise _death(process) from None

    def _task(self) -> tuple[Any, ...]:
        """Return code, data, the splits, the preprocessors fitted so far, and the folder."""
        prepared = replace(self.sessions[0].prepared, notices=())
        splits = [session.split for session in self.sessions]
        preprocessors = [vars(session).get("preprocessor") for session in self.sessions]
        return origins(prepared.config), prepared, splits, preprocessors, self.checkpoint

    def _assign(self, pipe: Any, process: Any) -> None:
        """Send the number of the next fold to a process, or None, at which it exits."""
        fold = next(self._waiting, None)
        pipe.send(fold)
        if fold is not None:
            self._busy[pipe] = (process, fold)
            return
        del self._busy[pipe]
        end_process(process)
        pipe.close()

    def _wait(self, on_progress: OnProgress | None, watcher: Any) -> None:
        """Handle the messages of the processes until the next fold is done."""
        while self._next not in self._done:
            watcher.check()
            for pipe in connection.wait(list(self._busy), POLL_SECONDS):
                self._receive(pipe, on_progress)

    def _receive(self, pipe: Any, on_progress: OnProgress | None) -> None:
        """Handle a message of a process."""
        process, fold = self._busy[pipe]
        try:
            kind, value = pipe.recv()
            if kind == "done":
                self._done[fold] = value
                self._assign(pipe, process)
        except (EOFError, ConnectionError):
            raise _death(process) from None
        if kind == "error":
            raise value
        if kind == "stopped":
            raise Interrupted(value)
        if kind == "progress" and on_progress is not None:
            on_progress(replace(value, fold=fold + 1))

    def _save_states(self) -> None:
        """Have the processes finish their step and save their state."""
        for process, _ in self._busy.values():
            process.terminate()
        deadline = time.monotonic() + SAVE_SECONDS
        for process, _ in self._busy.values():
            process.join(max(0.0, deadline - time.monotonic()))

    def _stop(self) -> None:
        """Kill the processes that are still running."""
        for pipe, (process, _) in self._busy.items():
            process.kill()
            process.join(EXIT_SECONDS)
            pipe.close()
        self._busy.clear()


def end_process(process: Any) -> None:
    """Wait for a process to exit, and kill it if it does not."""
    process.join(EXIT_SECONDS)
    if process.is_alive():
        process.kill()
        process.join(EXIT_SECONDS)


def _death(process: Any) -> TrainingError:
    """Return the error for a process that has closed its pipe."""
    end_process(process)
    return TrainingError(
        f"a process that trained folds died, exit code {process.exitcode}",
        hint="if memory ran out, use fewer --jobs",
    )


def _work_and_exit(pipe: Any, threads: int, quiet: bool) -> NoReturn:
    """Train folds and end this process, without TensorFlow's shutdown that takes a second."""
    _work(pipe, threads, quiet)
    for stream in (sys.stdout, sys.stderr):  # code of the user may have printed
        print(end="", file=stream, flush=True)
    os._exit(0)


def _work(pipe: Any, threads: int, quiet: bool) -> None:
    """Train the folds whose numbers the parent sends, until it sends None."""
    # While a fold is trained, its `SignalWatcher` replaces these handlers.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    if quiet:
        backend.silence()
    try:
        code, prepared, splits, preprocessors, checkpoint = pipe.recv()
        backend.import_keras()
        backend.use_threads(threads)
        load_absent(code)
        from dlcli.training.signals import SignalWatcher

        SignalWatcher.is_patient = True
        sessions = open_sessions(prepared, splits)
        for session, preprocessor in zip(sessions, preprocessors, strict=True):
            if preprocessor is not None:
                session.preprocessor = preprocessor

        def report(progress: Progress) -> None:
            try:
                pipe.send(("progress", progress))
            except ConnectionError:  # the parent has ended
                os._exit(1)

        while (fold := pipe.recv()) is not None:
            folder = fold_checkpoint(checkpoint, fold + 1)
            outcome = train_fold(sessions[fold], report, folder)
            pipe.send(("done", outcome))
    except Interrupted as interrupted:
        with suppress(ConnectionError):
            pipe.send(("stopped", interrupted.signum))
    except (EOFError, ConnectionError):
        return  # the parent has ended
    except (DlcliError, MemoryError) as error:
        _send_error(pipe, error)
    except Exception as error:  # noqa: BLE001 (not all of TensorFlow's errors can be pickled)
        _send_error(pipe, RuntimeError(f"{type(error).__name__}: {first_line(error)}"))


def _interrupt(signum: int, _: object) -> NoReturn:
    raise Interrupted(signum)


def _send_error(pipe: Any, error: Exception) -> None:
    """Send an error to the parent, if it is still running."""
    with suppress(ConnectionError):
        pipe.send(("error", error))
