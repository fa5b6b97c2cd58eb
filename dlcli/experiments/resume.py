"""Find the run to resume, and check that it can end with the bits of an uninterrupted run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dlcli.config.load import find_config, load_config
from dlcli.config.overrides import data_override
from dlcli.config.sections import Config
from dlcli.config.yaml_text import dump, parse
from dlcli.errors import AlreadyFinished, DlcliError, plural
from dlcli.runs.code import check_code
from dlcli.runs.description import (
    data_path,
    fingerprint,
    fingerprint_with_path,
    now,
    without_path,
)
from dlcli.runs.differences import differences, environment_differences
from dlcli.runs.directory import CONFIG, RunDirectory, in_use
from dlcli.runs.finding import RECORD, find_run, folder_name, numbered_runs
from dlcli.runs.records import Extension, Kind, Resumed, RunRecord, read_record
from dlcli.training.checkpoint import read_state
from dlcli.training.training_state import TrainingState


@dataclass
class OpenRun:
    """A new run, or one that continues.

    Parameters
    ----------
    run : RunDirectory
    state : TrainingState or None
        The training state; None if the training starts over, or the folds keep their own states.
    notices : list of str
        About the continuation.
    """

    run: RunDirectory
    state: TrainingState | None = None
    notices: list[str] = field(default_factory=list)


def find_unfinished(name: str, runs: Path, kind: Kind, *, shared: bool = False) -> Path:
    """Return the run to resume.

    Parameters
    ----------
    name : str
        A run directory, a folder of numbered runs, or a config as `load_config` takes it. Of
        several runs, the newest unfinished one is meant, or the newest if all are finished.
    runs : Path
        Folder of all runs.
    kind : {"train", "kfold"}
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
    kind : {"train", "kfold"}
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
        if without_path(_plain_values(own)) == without_path(_plain_values(config)):
            raise _already_finished(run)
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


def run_config(
    run: Path, overrides: Iterable[str] = (), data: str | os.PathLike[str] | None = None
) -> Config:
    """Return the config of a run, under the name in its record.

    `data` is where the data are now. Default: where the config names them; if there are none, where
    they were when the run began.
    """
    record = read_record(run)
    config = load_config(run / CONFIG, [*data_override(data), *overrides])
    path = data_path(config.plain())
    if data is None and path is not None and not Path(path).exists():
        earlier = record.data_path
        if earlier is not None and Path(earlier).exists():
            config = load_config(run / CONFIG, [*data_override(earlier), *overrides])
    return config.attach(record.config, config.document, config.warnings)


def open_run(
    runs: Path,
    config: Config,
    current: RunRecord,
    resume: Path | None,
    *,
    force: bool,
    extend: bool = False,
) -> OpenRun:
    """Make a run directory, or reopen one that can end with the bits of an uninterrupted run.

    Parameters
    ----------
    runs : Path
        Folder of all runs, for a new one.
    config : Config
        Resolved.
    current : RunRecord
        The record of a new run; its data, engine, versions and machine are compared with those of
        a run that continues.
    resume : Path or None
        The run that continues.
    force : bool
        Whether to continue in another environment too. The differences are recorded.
    extend : bool
        Whether the number of epochs of a training may differ.

    Raises
    ------
    AlreadyFinished
        If the run has finished, and no more epochs are wanted.
    DlcliError
        If another process works on the run, or config or environment differ; all differences
        are listed.
    """
    if resume is None:
        return OpenRun(RunDirectory.create(runs, config, current))
    run = RunDirectory.reopen(resume)
    try:
        return _reopen(run, config, current, force=force, extend=extend)
    except BaseException:
        run.release()
        raise


def _reopen(
    run: RunDirectory, config: Config, current: RunRecord, *, force: bool, extend: bool
) -> OpenRun:
    record = run.record
    plain = unedited_config(run.path, record)
    _check_config(run, plain, config, extend=extend and record.kind == "train")
    before, after = plain["fit"]["epochs"], config.fit.epochs
    if before == after and record.status == "finished":
        raise _already_finished(run.path)
    forced = environment_differences(record, current)
    if forced and not force:
        hint = "--force-resume resumes it anyway; the result differs from an uninterrupted run"
        raise _refusal(run.path, "it would not end with the same bits", forced, hint)
    state, notices = _read_state(run)
    extension = None
    if before != after:
        _check_extension(run, state, config, before)
        change = "extended" if before < after else "shortened"
        notices.append(f"{change} from {before} to {after} epochs")
        extension = Extension(at=now(), before=before, to=after)
    epoch, step = (state.epoch, state.step) if state is not None else (0, 0)
    resumed = Resumed(at=now(), epoch=epoch, step=step)
    record.data_path = current.data_path
    # Before the config: between the two writes, a finished run must not look like a longer one.
    run.resume(resumed, extension, forced)
    run.write_config(config)
    return OpenRun(run, state, notices)


def unedited_config(path: Path, record: RunRecord) -> dict[str, Any]:
    """Return the config in a run directory as plain values.

    Raises
    ------
    ConfigError, DlcliError
        If the config was edited after the run began.
    """
    check_code(record, path)
    load_config(path / CONFIG)  # reports the problems of an invalid config
    text = (path / CONFIG).read_text(encoding="utf-8")
    value: dict[str, Any] = parse(text, str(path / CONFIG)).value
    if record.config_sha256 not in (None, fingerprint(value), fingerprint_with_path(value)):
        raise DlcliError(f"{path}: its {CONFIG} has been changed since it began")
    return value


def _plain_values(config: Config) -> dict[str, Any]:
    """Return a config as the plain values that reading its ``config.yaml`` gives."""
    values: dict[str, Any] = parse(dump(config.plain()), config.name).value
    return values


def _check_config(
    run: RunDirectory, plain: Mapping[str, Any], config: Config, *, extend: bool
) -> None:
    """Refuse another config than the run's own; its epochs may differ if the run is extended."""
    requested = _plain_values(config)
    if extend:
        requested["fit"]["epochs"] = plain["fit"]["epochs"]
    changes = list(differences(without_path(plain), without_path(requested)))
    if changes:
        hint = f"`dlcli {run.record.kind} --resume {run.path}` takes the run's own config"
        raise _refusal(run.path, "the config differs", changes, hint)


def _read_state(run: RunDirectory) -> tuple[TrainingState | None, list[str]]:
    """Return the state of a training and notices; a cross-validation has a state per fold."""
    stored, notices = read_state(run.checkpoint)
    if stored is None and notices:
        hint = f"remove {run.checkpoint} to start over"
        raise _refusal(run.path, "no state can be read", notices, hint)
    state = None
    if stored is not None:
        state = TrainingState.from_state(stored, run.checkpoint)
        step = f", within epoch {state.epoch + 1}" if state.step else ""
        notices.append(f"resuming after {plural(state.epoch, 'epoch')}{step}")
    elif run.record.kind == "train":
        notices.append("no checkpoint was written yet: starting over")
    return state, notices


def _check_extension(
    run: RunDirectory, state: TrainingState | None, config: Config, before: int
) -> None:
    """Refuse another number of epochs if the run could not have reached its state with it."""
    epochs = config.fit.epochs
    if state is None:
        if run.record.status == "finished":
            raise DlcliError(f"{run.path} is finished and has no checkpoint to resume from")
        return
    done = state.epoch
    if state.stopped:
        raise DlcliError(
            f"{run.path} was ended by a callback after {plural(done, 'epoch')}; more change nothing"
        )
    if epochs < done:
        raise DlcliError(f"{run.path} has done {done} epochs; fit.epochs={epochs} is less")
    if done == before and any(callback.name == "SwapEMAWeights" for callback in config.callbacks):
        raise DlcliError(
            f"{run.path} cannot be extended: SwapEMAWeights finalizes the averages in the last "
            "epoch"
        )


def _already_finished(path: Path) -> AlreadyFinished:
    return AlreadyFinished(f"{path} is finished; nothing to resume")


def _refusal(path: Path, problem: str, details: list[str], hint: str | None = None) -> DlcliError:
    lines = "".join(f"\n  {line}" for line in details)
    return DlcliError(f"{path} cannot be resumed: {problem}{lines}", hint=hint)
