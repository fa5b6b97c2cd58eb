"""The option ``--code``: Python files with components of one's own."""

from __future__ import annotations

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
    code_files.load_code(files)
