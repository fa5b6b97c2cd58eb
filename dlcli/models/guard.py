"""A process of its own for what opens a stranger's model, with an end to its memory.

The inspection refuses files that would take too much. What it misses ends here, in a sentence
instead of a machine that no longer answers.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

LEAST = 4 << 30
TIMES_FILE = 8
# Processor seconds in which a file has to be open.
LONGEST, BYTES_PER_SECOND = 60, 20e6
# Drivers of GPUs reserve far more address space than they use.
GPUS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
PASSED_ON = (signal.SIGINT, signal.SIGTERM)

_allowed = False
_confined = False


def allow() -> None:
    """Let commands of this process go on in a child; a library or a test is asked for nothing."""
    global _allowed  # noqa: PLW0603 (a switch of the process)
    _allowed = os.name == "posix" and not any(map(os.path.exists, GPUS))


def confine(model: Path) -> None:
    """Go on in a child process, and end this one as the child ends.

    Called before anything is imported that starts threads.

    Parameters
    ----------
    model : Path
        For the message.
    """
    global _confined  # noqa: PLW0603 (a fact of the process)
    if not _allowed:
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)  # until somebody can pass them on
    child = os.fork()
    if child:
        _stand_in(child, model)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    _confined = True


def limit(size: int) -> None:
    """Bound the memory of this process, if it is a child, by the size of the model file in it."""
    if not _confined or sys.platform != "linux":  # others count other things, or nothing
        return
    import resource

    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    wanted = max(LEAST + TIMES_FILE * size, machine * 3 // 4)  # evaluate holds its data too
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    if most != resource.RLIM_INFINITY:
        wanted = min(wanted, most)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


@contextmanager
def deadline(size: int) -> Iterator[None]:
    """End this process, if it is a child, where opening a file of so many bytes takes too long.

    Signals with handlers of Python's wait for libraries that go round for ever.
    """
    if not _confined:
        yield
        return
    signal.setitimer(signal.ITIMER_PROF, LONGEST + size / BYTES_PER_SECOND)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _stand_in(child: int, model: Path) -> NoReturn:
    """Wait for the child, pass signals on to it, and end as it ends."""

    def pass_on(number: int, _: object) -> None:
        # A terminal interrupts both of them by itself.
        if number != signal.SIGINT or not any(map(os.isatty, (0, 1, 2))):
            os.kill(child, number)

    for number in PASSED_ON:
        signal.signal(number, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        os._exit(os.WEXITSTATUS(status))
    ended = os.WTERMSIG(status)
    if ended in (*PASSED_ON, signal.SIGHUP, signal.SIGPIPE):
        os._exit(128 + ended)
    name = signal.Signals(ended).name
    print(
        f"dlcli: error: the model {str(model)!r} ended the process ({name}): it is damaged, or "
        f"takes more {'time' if ended == signal.SIGPROF else 'memory'} than there is for it",
        file=sys.stderr,
    )
    print("hint: `dlcli inspect` says what is inside", file=sys.stderr, flush=True)
    os._exit(2)
