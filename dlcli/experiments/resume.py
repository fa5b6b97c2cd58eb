"""Find the run to resume, and check that it can end with the bits of an uninterrupted run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dlcli.config.epoch_schedules import ends_with_training
from dlcli.config.load import load_config
from dlcli.config.overrides import data_override
from dlcli.config.sections import Config
from dlcli.config.yaml_text import parse
from dlcli.errors import DlcliError, plural
from dlcli.experiments.unfinished import already_finished, plain_values
from dlcli.runs.code import check_code
from dlcli.runs.description import (
    data_path,
    fingerprint,
    fingerprint_with_path,
    now,
    without_path,
)
from dlcli.runs.differences import differences, environment_differences
from dlcli.runs.directory import CONFIG, RunDirectory
from dlcli.runs.records import Extension, Resumed, RunRecord, read_record
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
        raise already_finished(run.path)
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


def _check_config(
    run: RunDirectory, plain: Mapping[str, Any], config: Config, *, extend: bool
) -> None:
    """Refuse another config than the run's own; its epochs may differ if the run is extended."""
    requested = plain_values(config)
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
    if ends_with_training(config):
        raise DlcliError(
            f"{run.path} cannot have another number of epochs: its learning rate falls over "
            f"{before} epochs, so that the first ones would have been different",
            hint="train anew with --epochs",
        )


def _refusal(path: Path, problem: str, details: list[str], hint: str | None = None) -> DlcliError:
    lines = "".join(f"\n  {line}" for line in details)
    return DlcliError(f"{path} cannot be resumed: {problem}{lines}", hint=hint)
