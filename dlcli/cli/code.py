"""The option ``--code``: Python files with components of one's own."""

from __future__ import annotations

import shlex
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

Code = Annotated[
    list[Path] | None,
    typer.Option(
        "--code",
        metavar="FILE",
        help="A Python file that registers layers, losses, … of your own; it is run. Repeatable.",
        show_default=False,
    ),
]


def load_code(files: list[Path] | None) -> None:
    """Run the files of ``--code``; without any, Keras is not imported."""
    if not files:
        return
    from dlcli.network import backend, code_files

    backend.silence()
    with redirect_stdout(sys.stderr):  # standard output is for results
        code_files.load_code(files)


def code_options(files: list[Path] | None) -> str:
    """Return the options of another command that uses the same files, each after a blank."""
    return "".join(f" --code {shlex.quote(str(file))}" for file in files or ())
