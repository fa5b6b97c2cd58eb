"""Find the run to resume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dlcli.config.load import find_config, load_config
from dlcli.config.sections import Config
from dlcli.config.yaml_text import dump, parse
from dlcli.errors import AlreadyFinished, DlcliError
from dlcli.runs.code import check_code
from dlcli.runs.description import without_path
from dlcli.runs.directory import CONFIG, in_use
from dlcli.runs.finding import RECORD, find_run, folder_name, numbered_runs
from dlcli.runs.records import Kind, RunRecord, read_record


def named_folder(name: str, runs: Path) -> Path | None:
    """Return the folder of the runs of a name; None if the name is a run or a config, or unknown.

    Parameters
    ----------
    name : str
    runs : Path
        Folder of all runs.
    """
    folder = runs / folder_name(name)
    if Path(name).name != name or find_run(Path(name)) is not None or find_run(folder) is None:
        return None
    try:
        find_config(name)
    except DlcliError:
        return folder
    return None


def find_unfinished(name: str, runs: Path, kind: Kind, *, shared: bool = False) -> Path:
    """Return the run to resume.

    Parameters
    ----------
    name : str
        A run directory, a folder of numbered runs, or a config as `load_config` takes it. Of
        several runs, the newest unfinished one is meant, or the newest if all are finished.
    runs : Path
        Folder of all runs.
    kind : Kind
    shared : bool
        As for `resumable_record`.

    Raises
    ------
    DlcliError
        If there is no such run, or another process works on it.
    """
    path = Path(name)
    if (path / RECORD).is_file() and path.name != "latest":
        run = path
    elif find_run(path) is not None:
        run = _newest_unfinished(path.parent if path.name == "latest" else path, kind)
    else:
        try:
            config = find_config(name)
        except DlcliError:
            raise DlcliError(
                f"no run and no config {name!r}", hint="`dlcli runs` lists the runs"
            ) from None
        run = _newest_unfinished(runs / folder_name(config.stem), kind)
    resumable_record(run, kind, shared=shared)
    return run


def resumable_record(
    run: Path, kind: Kind, config: Config | None = None, *, shared: bool = False
) -> RunRecord:
    """Return the record of a run that `dlcli train` or `dlcli kfold` is to resume.

    `open_run` checks all of this again, with the run locked and the data known; here it takes
    no time.

    Parameters
    ----------
    run : Path
    kind : Kind
    config : Config, optional
        The config that the run is to continue with.
    shared : bool
        Whether other processes may work on it at the same time.

    Raises
    ------
    DlcliError
        If there is no such run, it is of another kind, its record is damaged, or another process
        works on it.
    AlreadyFinished
        If the run has finished with this very config.
    """
    record = read_record(run)
    if record.kind != kind:
        hint = f"`dlcli {record.kind} --resume {run}` resumes it"
        raise DlcliError(
            f"{run} is a run of `dlcli {record.kind}`, not of `dlcli {kind}`",
            hint=hint if record.kind in ("train", "kfold") else None,
        )
    if record.status == "running" and not shared:
        raise in_use(run)
    check_code(record, run, f"dlcli {kind} --resume {run}")
    if record.status == "finished" and config is not None:
        own = load_config(run / CONFIG)
        if without_path(plain_values(own)) == without_path(plain_values(config)):
            raise already_finished(run)
    return record


def _newest_unfinished(folder: Path, kind: Kind) -> Path:
    finished = None
    for run in numbered_runs(folder):
        try:
            record = read_record(run)
        except DlcliError:
            continue
        if record.kind == kind:
            if record.status != "finished":
                return run
            finished = finished or run
    if finished is None:
        raise DlcliError(f"no run of `dlcli {kind}` in {folder}", hint="start it without --resume")
    return finished


def plain_values(config: Config) -> dict[str, Any]:
    """Return a config as the plain values that reading its ``config.yaml`` gives."""
    values: dict[str, Any] = parse(dump(config.plain()), config.name).value
    return values


def already_finished(path: Path) -> AlreadyFinished:
    """Return the error for a run that has nothing left to do."""
    return AlreadyFinished(f"{path} is finished; nothing to resume")
