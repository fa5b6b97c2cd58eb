"""Interrupted runs: find the run of ``--resume``, and print how to resume one."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from dlcli.errors import DlcliError

if TYPE_CHECKING:
    from dlcli.config.sections import Config
    from dlcli.runs.records import Kind


def find_config_and_run(
    name: str,
    overrides: list[str],
    runs: Path,
    kind: Kind,
    *,
    resume: bool,
    data: Path | None = None,
    shared: bool = False,
) -> tuple[Config, Path | None]:
    """Return the config and, to resume, the run directory.

    Parameters
    ----------
    name : str
        A config; to resume, also a run directory or a name of runs.
    overrides : list of str
        ``KEY=VALUE`` of ``--set``.
    runs : Path
        Folder of runs.
    kind : {"train", "kfold"}
    resume : bool
        Whether to resume a run.
    data : Path, optional
        Where the data are.
    shared : bool
        Whether other processes may work on the run at the same time.
    """
    from dlcli import load_config
    from dlcli.config.overrides import data_override
    from dlcli.runs.directory import check_writable

    if data is not None and not data.exists():
        raise DlcliError(f"--data {data}: no such file or folder")
    if not resume:
        config = load_config(name, [*overrides, *data_override(data)])
        check_writable(runs)
        return config, None
    from dlcli.experiments.resume import run_config
    from dlcli.experiments.unfinished import find_unfinished, named_folder, resumable_record
    from dlcli.runs.directory import CONFIG
    from dlcli.runs.finding import find_run

    if Path(name).name == CONFIG and find_run(Path(name).parent) == Path(name).parent:
        name = str(Path(name).parent)  # the config in a run directory means the run
    folder = named_folder(name, runs)
    run = find_unfinished(str(folder or name), runs, kind, shared=shared)
    if folder is not None:
        from dlcli.cli.terminal import print_notes

        print_notes([f"{name} is the run {run}"])
        name = str(run)
    if find_run(Path(name)) is None:
        return load_config(name, [*overrides, *data_override(data)]), run
    config = run_config(run, overrides, data)
    resumable_record(run, kind, config, shared=shared)  # before Keras is imported
    return config, run


def stop_error(signum: int, moment: str = "") -> DlcliError:
    """Return the error of a command that a signal stopped."""
    error = DlcliError(f"stopped by {signal.Signals(signum).name} {moment}".rstrip())
    error.exit_code = 128 + signum
    return error


def print_stop(signum: int, moment: str, run: Path | None) -> None:
    """Print the signal that stopped the work, and the command that resumes it.

    Parameters
    ----------
    signum : int
    moment : str
        ``after 3 epochs``; may be empty.
    run : Path or None
        The run directory, if it can be resumed.
    """
    from dlcli.cli import terminal

    terminal.print_status(f"dlcli: stopped by {signal.Signals(signum).name} {moment}".rstrip())
    if run is not None:
        from dlcli.runs.code import code_options
        from dlcli.runs.records import read_record

        record = read_record(run)
        command = f"dlcli {record.kind} --resume {shlex.quote(str(run))} {code_options(record)}"
        terminal.print_status(f"to resume: {command.rstrip()}")
