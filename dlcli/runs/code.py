"""The Python files with components of one's own that a run needs."""

from __future__ import annotations

import shlex
from pathlib import Path

from dlcli.config.own_components import own_components
from dlcli.errors import DlcliError
from dlcli.runs.records import RunRecord


def check_code(record: RunRecord, run: Path, command: str = "") -> None:
    """Check that the components of one's own that a run uses are registered.

    Parameters
    ----------
    record : RunRecord
    run : Path
    command : str
        The command line without ``--code``, for the hint.

    Raises
    ------
    DlcliError
        If one is not.
    """
    absent = sorted({*record.own_components} - {item.name for item in own_components()})
    if not absent:
        return
    options = code_options(record) or "--code FILE.py"
    hint = f"`{command} {options}`" if command else f"add {options}"
    if not record.code:
        hint = f"register them with dlcli.register, or put them into a file: {options}"
    raise DlcliError(f"{run} uses components of its own: {', '.join(absent)}", hint=hint)


def code_options(record: RunRecord) -> str:
    """Return the options ``--code`` with the files of a run; empty if it has none."""
    here = Path.cwd()
    paths = [Path(item.path) for item in record.code]
    shown = [path.relative_to(here) if path.is_relative_to(here) else path for path in paths]
    return " ".join(f"--code {shlex.quote(str(path))}" for path in shown)
