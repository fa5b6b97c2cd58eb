"""End the process on SIGINT and SIGTERM, whatever code the exception for them meets.

A signal handler raises `Interrupted` in the code that happens to run. If that is a destructor, a
callback of the import system, or a C library that replaces exceptions, the exception is lost. Such
a loss is noticed here, and the exception is raised again.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import weakref
from types import FrameType
from typing import Any, NoReturn

from dlcli.errors import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Seconds until a lost exception is raised again: the code that lost it should have returned.
RAISE_AGAIN_SECONDS = 0.05
# Seconds between two signals; a terminal and a parent process can send the same one twice.
SAME_SECONDS = 0.1
# Seconds after a second signal in which the process can clean up.
GRACE_SECONDS = 1.0

_pending: int | None = None
_reference: weakref.ref[Interrupted] | None = None


def install() -> None:
    """Raise `Interrupted` on a signal, again if it is lost, and without a traceback."""
    for signum in SIGNALS:
        signal.signal(signum, _stop)
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, _raise_again)
    excepthook, unraisablehook = sys.excepthook, sys.unraisablehook

    def print_exception(kind: Any, error: Any, trace: Any) -> None:
        if not _lost(error):  # a C library prints the exceptions that it replaces
            excepthook(kind, error, trace)

    def print_unraisable(unraisable: Any) -> None:
        if not _lost(unraisable.exc_value):
            unraisablehook(unraisable)

    sys.excepthook, sys.unraisablehook = print_exception, print_unraisable


def watch() -> None:
    """Have a thread end the process after a second signal, also while a library computes.

    Handlers of Python run only when the main thread is back from the library. To be called after
    the last fork.
    """
    if sys.platform == "win32" or signal.getsignal(signal.SIGTERM) is not _stop:
        return  # a program that uses dlcli as a library has its own handlers
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=_wait_for_second, args=(reading,), name="signals", daemon=True).start()


def check() -> None:
    """Raise `Interrupted` if a signal has arrived whose exception was lost."""
    if _pending is not None:
        raise Interrupted(_pending)


def acknowledge() -> int | None:
    """Return the signal that has arrived, if there is one, and do not raise it again."""
    global _pending, _reference
    signum, _pending, _reference = _pending, None, None
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)
    return signum


def _stop(signum: int, _: FrameType | None) -> NoReturn:
    """Raise an exception, so that open files and folders are cleaned up."""
    global _pending, _reference
    error = Interrupted(signum)
    _pending, _reference = signum, weakref.ref(error, lambda _: _arm())
    try:
        raise error
    finally:
        del error  # a variable of this frame would keep the exception alive


def _raise_again(_: int, frame: FrameType | None) -> None:
    if _pending is not None:
        _stop(_pending, frame)


def _arm() -> None:
    """Raise the exception again in a moment, unless the process has ended by then."""
    if _pending is not None and hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, RAISE_AGAIN_SECONDS)


def _lost(error: BaseException | None) -> bool:
    """Return whether an exception that nobody handles is that of a signal; arm it if it is."""
    global _pending  # noqa: PLW0603 (a property of the process)
    if not isinstance(error, Interrupted):
        return False
    _pending = error.signum
    _arm()
    return True


def _wait_for_second(reading: int) -> NoReturn:
    """End the process a moment after the second signal, if it has not ended by itself."""
    first = 0.0
    while True:
        for signum in os.read(reading, 64):
            now = time.monotonic()
            if signum not in SIGNALS:
                continue
            if first and now - first > SAME_SECONDS:
                time.sleep(GRACE_SECONDS)
                text = f"dlcli: stopped at once by {signal.Signals(signum).name}\n"
                os.write(2, text.encode())
                os._exit(128 + signum)
            first = first or now
