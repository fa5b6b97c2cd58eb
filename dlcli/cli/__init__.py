"""The command line: parses, calls the function of the same name, prints, exits."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from dlcli.errors import (
    AlreadyFinished,
    ConfigError,
    DlcliError,
    Interrupted,
    first_line,
    plain,
)

# Imports make objects by the hundred thousand, and all of them stay: looking through them as often
# as usual takes a fifth of the time.
COLLECTED = (50_000, 10, 10)
# What the system says of the names that it is given.
NAMES = {
    errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.ELOOP,
}  # fmt: skip


def process() -> NoReturn:
    """Run the command line of this process, and end the process at once.

    Taking down an interpreter with TensorFlow in it takes more than a second.
    """
    from dlcli.models import guard

    code = 0
    gc.set_threshold(*COLLECTED)
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, _stop)
    guard.allow()
    try:
        main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(bool(stop.code))
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        pass
    except OSError as error:
        print(f"dlcli: error: cannot write: {error.strerror}", file=sys.stderr)
        code = 1
    atexit._run_exitfuncs()  # noqa: SLF001 (what the interpreter would still do that matters)
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    Exit codes: 0 done, 1 the work failed, 2 usage, config or data are wrong, 130 and 143
    interrupted by SIGINT and SIGTERM.

    Parameters
    ----------
    argv : sequence of str, optional
        Default: the process's arguments.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    if debug:  # anywhere on the line, since it is added where a command has failed
        arguments.remove("--debug")
    _open_closed_streams()
    _replace_unencodable()
    try:
        from dlcli.cli.app import app

        app(arguments, prog_name="dlcli")
    except AlreadyFinished as finished:
        print(plain(finished), file=sys.stderr)
        sys.exit(0)
    except DlcliError as error:
        if debug:
            raise
        _print_error(error)
        sys.exit(error.exit_code)
    except Interrupted as interrupted:
        from dlcli.cli.stopping import note_stop

        note_stop(interrupted.signum, "", interrupted.path)
        sys.exit(128 + interrupted.signum)
    except SystemExit as stop:
        if not isinstance(stop.__context__, BrokenPipeError):
            raise
        _discard_output()  # Typer takes it for a failure
        sys.exit(0)
    except BrokenPipeError:
        _discard_output()
        sys.exit(0)
    except Exception as error:  # whatever Keras or TensorFlow raise within a step
        if debug:
            raise
        sys.exit(_explain(error))


def _explain(error: Exception) -> int:
    """Say what nobody has foreseen, and return the exit code."""
    if isinstance(error, MemoryError):
        print("dlcli: error: not enough memory", file=sys.stderr)
        return 1
    if isinstance(error, OSError):
        _print_error(DlcliError(f"{error.filename or 'the system'}: {error.strerror or error}"))
        return 2 if error.errno in NAMES else 1
    told = f"{type(error).__name__}: {first_line(error)}"
    print(f"dlcli: error: {plain(told)}", file=sys.stderr)
    print("hint: --debug shows where it happened", file=sys.stderr)
    return 1


def _stop(signum: int, _: object) -> NoReturn:
    """Unwind the stack, so that nothing is left half done."""
    raise Interrupted(signum)


def _discard_output() -> None:
    """Let what is still buffered go nowhere: the reader has seen enough, as `head` does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_closed_streams() -> None:
    """Write nowhere instead of failing where a process is started without its streams."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115


def _replace_unencodable() -> None:
    """Write what the terminal's encoding lacks as escapes, instead of failing over it."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _print_error(error: DlcliError) -> None:
    from dlcli.cli.terminal import shortened

    if isinstance(error, ConfigError):
        count = len(error.problems)
        print(plain(shortened(str(error))), file=sys.stderr)
        print(f"dlcli: error: {count} problem{'s' * (count > 1)} in the config", file=sys.stderr)
    else:
        print(plain(shortened(f"dlcli: error: {error}")), file=sys.stderr)
    if error.hint:
        print(plain(shortened(f"hint: {error.hint}")), file=sys.stderr)
