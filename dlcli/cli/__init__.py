"""The command line: parse, call the function of the same name, print, exit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn


def process() -> NoReturn:
    """Run the command line with the arguments of this process, and end the process."""
    import signal

    # Python's own handler would print a traceback of the imports that follow.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from dlcli.cli.entry_point import process as run

    run()


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and exit; see `dlcli.cli.entry_point.main`."""
    from dlcli.cli.entry_point import main as run

    run(argv)


__all__ = ["main", "process"]
