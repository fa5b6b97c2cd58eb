"""Runs that were left before their end: which one is meant, and whether it can go on the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dlcli.config import Config, load_config
from dlcli.config.document import dump, parse
from dlcli.config.load import find_config
from dlcli.errors import AlreadyFinished, DlcliError
from dlcli.runs.checked_record import checked_record
from dlcli.runs.differences import circumstances, differences
from dlcli.runs.directory import CONFIG, RunDirectory, fingerprint, folder_name, now
from dlcli.runs.records import RECORD, find_run, read_record
from dlcli.training.checkpoint import State, read_state


@dataclass
class Resumption:
    """A run that goes on.

    Parameters
    ----------
    run : RunDirectory
    state : State or None
        None if it was stopped before the first was kept: it starts over.
    notices : list of str
        What a user should know.
    """

    run: RunDirectory
    state: State | None
    notices: list[str] = field(default_factory=list)


def find_unfinished(name: str, runs: Path, kind: str) -> Path:
    """Return the run to go on with.

    Parameters
    ----------
    name : str
        A run directory, or a config as `load_config` takes it: its newest run that has not
        finished, or else its newest.
    runs : Path
        Folder of all runs.
    kind : {"train", "kfold"}

    Raises
    ------
    DlcliError
        If there is no such run, or a process works in it.
    """
    path = Path(name)
    found = path if (path / RECORD).is_file() and path.name != "latest" else None
    if found is None and find_run(path) is not None:  # of a folder, or its newest
        found = _newest(path.parent if path.name == "latest" else path, kind)
    if found is None:
        try:
            config = find_config(name)
        except DlcliError:
            raise DlcliError(
                f"no run and no config {name!r}", hint="`dlcli runs` lists the runs"
            ) from None
        found = _newest(runs / folder_name(config.stem), kind)
    record = checked_record(found)
    if record["kind"] != kind:
        raise DlcliError(f"{found} is no run of `dlcli {kind}`")
    if record["status"] == "running":
        raise DlcliError(f"{found} is in use by process {record.get('pid', '?')}")
    return found


def _newest(folder: Path, kind: str) -> Path:
    runs = [path for path in folder.glob("*") if path.name.isdigit() and (path / RECORD).is_file()]
    records = {path: read_record(path) for path in sorted(runs, key=lambda path: int(path.name))}
    mine = {path: record for path, record in records.items() if record.get("kind") == kind}
    if not mine:
        raise DlcliError(f"no run of `dlcli {kind}` in {folder}", hint="it begins without --resume")
    open_ = [path for path, record in mine.items() if record.get("status") != "finished"]
    return (open_ or list(mine))[-1]


def config_of(run: Path, overrides: Iterable[str] = ()) -> Config:
    """Return the config that a run has kept, under its name."""
    config = load_config(run / CONFIG, overrides)
    name = read_record(run).get("config")
    return config.attach(str(name), config.document, config.warnings) if name else config


def take_up(
    path: Path, config: Config, about: Mapping[str, Any], *, force: bool, extend: bool = False
) -> Resumption:
    """Reopen a run, if it can go on as if it had not been left.

    Parameters
    ----------
    path : Path
    config : Config
        Resolved; it may ask for more epochs than the run's own.
    about : mapping
        What ``run.json`` would say of the data, of devices and folds.
    force : bool
        Whether it goes on in other circumstances too, and is marked.
    extend : bool
        Whether the config may ask for another number of epochs.

    Raises
    ------
    AlreadyFinished
        If there is nothing to do.
    DlcliError
        With all that differs, or if the run is in use.
    """
    run = RunDirectory.reopen(path)
    try:
        return _take_up(run, config, about, force=force, extend=extend)
    except BaseException:
        run.release()
        raise


def _take_up(
    run: RunDirectory, config: Config, about: Mapping[str, Any], *, force: bool, extend: bool
) -> Resumption:
    before = _kept(run)
    _check_config(run, before, config, extend=extend and run.record["kind"] == "train")
    epochs = before["fit"]["epochs"]
    if epochs == config.fit.epochs and run.record["status"] == "finished":
        raise AlreadyFinished(f"{run.path} is finished; nothing to resume")
    forced = _check_circumstances(run, about, force=force)
    state, notices = _state(run)
    more: dict[str, Any] = {"forced": [*run.record.get("forced", []), *forced]} if forced else {}
    if epochs != config.fit.epochs:
        _check_extension(run, state, config, epochs)
        what = "extended" if epochs < config.fit.epochs else "shortened"
        notices.append(f"{what} from {epochs} to {config.fit.epochs} epochs")
        entry = {"at": now(), "from": epochs, "to": config.fit.epochs}
        more["extended"] = [*run.record.get("extended", []), entry]
    place = {name: state.values[name] for name in ("epoch", "step")} if state else {"epoch": 0}
    more["resumed"] = [*run.record.get("resumed", []), {"at": now(), **place}]
    run.go_on(**more)  # before the config: a finished run must not be said to be a longer one
    run.write_config(config)
    return Resumption(run, state, notices)


def _kept(run: RunDirectory) -> dict[str, Any]:
    """Return the config that a run has kept, as plain values."""
    load_config(run.path / CONFIG)  # which says what is wrong with it
    text = (run.path / CONFIG).read_text(encoding="utf-8")
    value: dict[str, Any] = parse(text, str(run.path / CONFIG)).value
    if run.record.get("config_sha256") not in (None, fingerprint(value)):
        message = f"its {CONFIG} has been changed since it began"
        raise DlcliError(f"{run.path} cannot be resumed: {message}")
    return value


def _check_config(
    run: RunDirectory, before: Mapping[str, Any], config: Config, *, extend: bool
) -> None:
    """Refuse another config than the run's own, but for the epochs if it may be extended."""
    wanted = parse(dump(config.plain()), config.name).value
    if extend:
        wanted["fit"]["epochs"] = before["fit"]["epochs"]
    found = list(differences(before, wanted))
    if found:
        hint = f"`dlcli {run.record['kind']} --resume {run.path}` takes the run's own config"
        raise _refusal(run.path, "the config differs", found, hint)


def _check_circumstances(run: RunDirectory, about: Mapping[str, Any], *, force: bool) -> list[str]:
    """Refuse other data, versions or machines, or return in what they differ."""
    record = run.record
    found = [*differences(record.get("data", {}), about.get("data", {}), "data.")]
    found += differences(record.get("engine"), about.get("engine"), "engine.")
    found += circumstances(record)
    if found and not force:
        hint = "--force-resume goes on all the same; the result is not that of a run left alone"
        raise _refusal(run.path, "it would not end with the same bits", found, hint)
    return found


def _state(run: RunDirectory) -> tuple[State | None, list[str]]:
    """Return where a training goes on, and say it; a cross-validation keeps that per fold."""
    state, notices = read_state(run.checkpoint)
    if state is None and notices:
        hint = f"remove {run.checkpoint} to start over"
        raise _refusal(run.path, "no state can be read", notices, hint)
    if state is not None:
        _check_place(run, state)
        epoch = state.values["epoch"]
        step = f", within epoch {epoch + 1}" if state.values["step"] else ""
        notices.append(f"going on after {epoch} epoch{'s' * (epoch != 1)}{step}")
    elif run.record["kind"] == "train":
        notices.append("no state was kept so far: starting over")
    return state, notices


def _check_place(run: RunDirectory, state: State) -> None:
    """Refuse a state whose plain values are none of a training's."""
    values = state.values
    numbers = [values.get("epoch"), values.get("step")]
    whole = all(isinstance(number, int) and number >= 0 for number in numbers)
    if not whole or not isinstance(values.get("stopped"), bool):
        raise DlcliError(f"{run.checkpoint} is no state of a training")


def _check_extension(run: RunDirectory, state: State | None, config: Config, before: int) -> None:
    """Refuse another number of epochs where the run could not have come the same way."""
    epochs = config.fit.epochs
    if state is None:
        if run.record["status"] == "finished":
            raise DlcliError(f"{run.path} is finished and has no checkpoint to go on from")
        return
    done = state.values["epoch"]
    if state.values["stopped"]:
        message = f"{run.path} was ended by a callback after {done} epochs; more change nothing"
        raise DlcliError(message)
    if epochs < done:
        raise DlcliError(f"{run.path} has done {done} epochs; fit.epochs={epochs} is less")
    if done == before and any(callback.name == "SwapEMAWeights" for callback in config.callbacks):
        raise DlcliError(f"{run.path}: SwapEMAWeights ends its averages with the last epoch")


def _refusal(path: Path, what: str, found: list[str], hint: str | None = None) -> DlcliError:
    lines = "".join(f"\n  {line}" for line in found)
    return DlcliError(f"{path} cannot be resumed: {what}{lines}", hint=hint)
