"""What the argument of a command means: a model file, a run, or the name of runs in ./runs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dlcli.errors import DlcliError


def model_or_run(path: Path, command: str = "", inputs: Iterable[str] = ()) -> Path:
    """Return a path, or for the name of runs in ./runs the latest of them, with a note.

    A folder that is no run does not hide the runs of its name: those of ``pets.yaml``, which
    `init` wrote for the folder ``pets``.

    Parameters
    ----------
    path : Path
    command : str
        Of a command that takes inputs after the model.
    inputs : iterable of str
        These inputs.

    Raises
    ------
    DlcliError
        If the path is no model, but one of the inputs is: the arguments are swapped.
    """
    from dlcli.runs.finding import named_run

    run = named_run(path)
    if run is None and path.exists():
        _check_order(path, command, inputs)
    if run is None:
        return path  # reported where it is opened
    from dlcli.cli.terminal import print_notes

    print_notes([f"{path} is the run {run}"])
    return run


def _check_order(path: Path, command: str, inputs: Iterable[str]) -> None:
    from dlcli.files import MODEL_ENDINGS
    from dlcli.runs.finding import find_run, latest_run

    if path.suffix.lower() in MODEL_ENDINGS or path.is_dir():
        return
    for name in inputs:
        other = Path(name)
        is_model = other.is_file() and other.suffix.lower() in MODEL_ENDINGS
        if is_model or find_run(other) is not None or (not other.exists() and latest_run(name)):
            raise DlcliError(
                f"{path} is not a model, but {other} has one: the model comes first",
                hint=f"`dlcli {command} {other} {path}`",
            )
