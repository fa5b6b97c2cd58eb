"""Run the command line: signals, closed streams, errors and exit codes."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from dlcli.cli import signals
from dlcli.cli.terminal import print_error, print_error_as_json
from dlcli.errors import AlreadyFinished, DlcliError, Interrupted, escape_control, first_line

# Imports create hundreds of thousands of objects that all stay alive; with the default thresholds
# the garbage collector takes a fifth of the time of the imports.
GC_THRESHOLDS = (50_000, 10, 10)
# Errors of the operating system about the name of a file, which the user has chosen.
FILE_NAME_ERRORS = {
    errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.ELOOP,
}  # fmt: skip


def process() -> NoReturn:
    """Run the command line with the arguments of this process, and end the process.

    The process ends without the shutdown of the interpreter, which takes more than a second once
    TensorFlow is imported.
    """
    from dlcli.cli import confinement

    code = 1  # of an exception that --debug lets through

    def end() -> None:
        os._exit(code)

    # Pydantic would look for plugins in every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    atexit.register(end)  # the first to be registered is the last to run
    gc.set_threshold(*GC_THRESHOLDS)
    signals.install()
    confinement.enable()
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(bool(stop.code))
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        pass
    except OSError as error:
        print(f"dlcli: error: cannot write: {error.strerror}", file=sys.stderr)
        code = 1
    sys.exit(code)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    The exit codes are 0 for success, 1 if the work failed, 2 for mistakes in the arguments, the
    config or the data, and 130 and 143 after SIGINT and SIGTERM.

    Parameters
    ----------
    argv : sequence of str, optional
        Default: the arguments of the process.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    if debug:  # accepted anywhere, so that it can be appended to a command that has failed
        arguments.remove("--debug")
    _open_closed_streams()
    _replace_unencodable()
    try:
        _run(arguments)
    except Interrupted as interrupted:
        from dlcli.cli.resume import print_stop, stop_error

        signals.acknowledge()
        print_stop(interrupted.signum, "", interrupted.path)
        print_error_as_json(stop_error(interrupted.signum), arguments)
        sys.exit(128 + interrupted.signum)
    except AlreadyFinished as finished:
        print(escape_control(finished), file=sys.stderr)
        print_error_as_json(finished, arguments)
        sys.exit(0)
    except DlcliError as error:
        if debug:
            traceback.print_exc()
        print_error(error)
        print_error_as_json(error, arguments)
        sys.exit(error.exit_code)
    except SystemExit as stop:
        if not isinstance(stop.__context__, BrokenPipeError):
            raise
        _discard_output()  # Typer treats a closed pipe as a failure
        sys.exit(0)
    except BrokenPipeError:
        _discard_output()
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 (Keras and TensorFlow raise many types)
        if debug:
            traceback.print_exc()

        plain = _plain_error(error)
        print_error(plain)
        print_error_as_json(plain, arguments)
        sys.exit(plain.exit_code)


def _run(arguments: list[str]) -> NoReturn:
    """Run a command and exit; an error of the command line is raised as `DlcliError`."""
    import typer

    from dlcli.cli.app import command_line

    try:
        run = command_line(arguments[0] if arguments else "")
        code = run(arguments, prog_name="dlcli", standalone_mode=False)
    except typer.TyperException as error:
        from dlcli.cli.usage import usage_error

        if error.format_message().startswith("Usage:"):  # the help of a command without arguments
            print(error.format_message(), file=sys.stderr)
            sys.exit(2)
        raise usage_error(error, arguments) from None
    except typer.Abort:  # at a question on the terminal
        raise DlcliError("stopped: the question was not answered") from None
    except Interrupted:
        raise
    except BaseException:
        signals.check()  # what has replaced the exception of a signal is of no interest
        raise
    sys.exit(code if isinstance(code, int) else 0)


def _plain_error(error: Exception) -> DlcliError:
    """Return an error that is not dlcli's own as one of the user."""
    if isinstance(error, MemoryError):
        plain = DlcliError("not enough memory")
    elif isinstance(error, OSError):
        file = f"{error.filename}: " if error.filename else ""
        plain = DlcliError(f"{file}{error.strerror or error}")
        if error.errno in FILE_NAME_ERRORS:
            return plain
    else:
        message = f"{_own_place(error)}{type(error).__name__}: {first_line(error)}"
        plain = DlcliError(message, hint="--debug shows the traceback")
    plain.exit_code = 1
    return plain


def _own_place(error: Exception) -> str:
    """Return file and line of an error in the code of ``--code``, for the start of a message."""
    if "dlcli.network.code_files" not in sys.modules:
        return ""
    from dlcli.network.code_files import own_place

    place = own_place(error)
    return f"{place}: " if place else ""


def _discard_output() -> None:
    """Discard buffered output whose reader has closed the pipe, as `head` does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_closed_streams() -> None:
    """Replace streams that the process was started without, so that writing does not fail."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115


def _replace_unencodable() -> None:
    """Write characters that the terminal's encoding lacks as escapes."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
