"""Run a command that opens an untrusted model file in a child process with limits."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

from dlcli.cli import signals

if TYPE_CHECKING:
    from dlcli.models.limits import Limits
    from dlcli.models.loading import Engine, LoadedModel

T = TypeVar("T")
# Drivers of GPUs reserve far more address space than they use.
GPU_DEVICES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
FORWARDED = signals.SIGNALS

_enabled = False
_confined = False


def enable() -> None:
    """Let the commands of this process continue in a child process.

    Only the process of the command line does so. It cannot on Windows and, since memory is
    limited, on machines with a GPU; there, and in programs that call `dlcli.cli.main`, a child
    process checks the model file first, as it does for `dlcli.load_model`.
    """
    global _enabled  # noqa: PLW0603 (a property of the process)
    _enabled = os.name == "posix" and not any(map(os.path.exists, GPU_DEVICES))


def confine(model: Path) -> None:
    """Continue in a child process; the parent waits for it and exits with its exit code.

    Called before any import that starts threads.

    Parameters
    ----------
    model : Path
        For the message if the child is killed.
    """
    global _confined  # noqa: PLW0603 (a property of the process)
    if not _enabled:
        signals.watch()
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)  # until the parent forwards them
    signals.check()
    child = os.fork()
    if child:
        _wait(child, model)
    signals.watch()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    _confined = True


def open_within_limits(model: Path, max_size: str, open_file: Callable[[Path, Limits], T]) -> T:
    """Open a model file, in a confined process with limits of memory and CPU time for its size.

    Parameters
    ----------
    model : Path
        A model file or a run directory.
    max_size : str
        Value of ``--max-size``.
    open_file : callable
        Opens the file at a path within the limits of `max_size`.
    """
    from dlcli.models import guard
    from dlcli.models.limits import limits_of
    from dlcli.models.loading import find_model
    from dlcli.network import backend

    backend.silence()
    limits, path = limits_of(max_size), find_model(model)
    if not _confined:
        return open_file(path, limits)
    guard.declare_confined()
    size = path.stat().st_size
    guard.limit_memory(size)
    with guard.opening(path, guard.seconds_for(size)):
        return open_file(path, limits)


def load_within_limits(model: Path, engine: Engine, max_size: str) -> LoadedModel:
    """Load a model as `dlcli.load_model` does, within the limits for its size."""
    from dlcli.models.loading import load_model

    return open_within_limits(
        model, max_size, lambda path, limits: load_model(path, engine, limits)
    )


def _wait(child: int, model: Path) -> NoReturn:
    """Wait for the child, forward signals to it, and exit as it does."""

    def forward(signum: int, _: object) -> None:
        # A terminal sends SIGINT to both processes.
        if signum != signal.SIGINT or not any(map(os.isatty, (0, 1, 2))):
            os.kill(child, signum)

    for forwarded in FORWARDED:
        signal.signal(forwarded, forward)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        os._exit(os.WEXITSTATUS(status))
    signum = os.WTERMSIG(status)
    if signum in (*FORWARDED, signal.SIGHUP, signal.SIGPIPE):
        os._exit(128 + signum)
    from dlcli.cli.terminal import print_error, print_error_as_json
    from dlcli.models.guard import killed

    error = killed(model, signum)
    print_error(error)
    print_error_as_json(error, sys.argv[1:])
    sys.stdout.flush()
    os._exit(error.exit_code)
