"""Runs that were left before their end: which one is meant, and whether it can go on the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dlcli.backend import versions
from dlcli.checkpoint import State, read_state
from dlcli.config import Config, load_config
from dlcli.config.document import dump, parse
from dlcli.config.load import find_config
from dlcli.errors import AlreadyFinished, DlcliError
from dlcli.records import RECORD, find_run, read_record
from dlcli.run_directory import CONFIG, RunDirectory, fingerprint, folder_name, machine, now

# What of the machine shows in the last bits; the rest of its description does not.
DECISIVE = ("processor", "cpus", "TF_ENABLE_ONEDNN_OPTS")


class RunRecord(BaseModel):
    """What of ``run.json`` is used; it may be a stranger's."""

    model_config = ConfigDict(strict=True, extra="allow")

    kind: Literal["train", "kfold", "baseline"]
    status: Literal["running", "finished", "interrupted", "failed"]
    config: str
    sample: bool = False
    format: Literal["keras", "h5"] = "keras"
    devices: list[str] = []
    engine: dict[str, Any] = {}
    seconds: float = 0.0
    data: dict[str, Any] = {}
    versions: dict[str, str] = {}
    machine: dict[str, Any] = {}


def checked_record(path: Path) -> dict[str, Any]:
    """Return what ``run.json`` of a run says, if it is what dlcli writes.

    Raises
    ------
    DlcliError
    """
    record = read_record(path)
    try:
        RunRecord.model_validate(record)
        Engine.model_validate(record.get("engine", {"name": "serial"}))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DlcliError(f"{path / RECORD} is damaged: {where}: {first['msg']}") from None
    return record


class Engine(BaseModel):
    """How a cross-validation trained its folds."""

    model_config = ConfigDict(strict=True, extra="allow")

    name: Literal["stacked", "serial"]
    jobs: int = Field(default=1, ge=1, le=1024)


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
    before, wanted = _kept_plain(run.path), _plain(config)
    if run.record.get("config_sha256") not in (None, fingerprint(before)):
        raise DlcliError(
            f"{run.path} cannot be resumed: its {CONFIG} has been changed since it began"
        )
    epochs = before["fit"]["epochs"], wanted["fit"]["epochs"]
    if extend and run.record["kind"] == "train":
        before["fit"]["epochs"] = wanted["fit"]["epochs"]
    found = list(differences(before, wanted))
    if found:
        hint = f"`dlcli {run.record['kind']} --resume {run.path}` takes the run's own config"
        raise _refusal(run.path, "the config differs", found, hint)
    found = [*differences(run.record.get("data", {}), about.get("data", {}), "data.")]
    found += differences(run.record.get("engine"), about.get("engine"), "engine.")
    found += circumstances(run.record)
    if found and not force:
        hint = "--force-resume goes on all the same; the result is not that of a run left alone"
        raise _refusal(run.path, "it would not end with the same bits", found, hint)
    state, notices = read_state(run.checkpoint)
    if state is None and notices:
        damages = "".join(f"\n  {line}" for line in notices)
        hint = f"remove {run.checkpoint} to start over"
        raise DlcliError(f"{run.path} cannot be resumed: no state can be read{damages}", hint=hint)
    if state is not None:
        _check_place(run, state)
    if state is not None:
        step = f", within epoch {state.values['epoch'] + 1}" if state.values["step"] else ""
        epoch = state.values["epoch"]
        notices.append(f"going on after {epoch} epoch{'s' * (epoch != 1)}{step}")
    elif run.record["kind"] == "train":
        notices.append("no state was kept that can be read: starting over")
    more: dict[str, Any] = {}
    if found:
        more["forced"] = [*run.record.get("forced", []), *found]
    if epochs[0] == epochs[1] and run.record["status"] == "finished":
        raise AlreadyFinished(f"{run.path} is finished; nothing to resume")
    if epochs[0] != epochs[1]:
        _check_extension(run, state, config)
        what = "extended" if epochs[1] > epochs[0] else "shortened"
        notices.append(f"{what} from {epochs[0]} to {epochs[1]} epochs")
        extended = {"at": now(), "from": epochs[0], "to": epochs[1]}
        more["extended"] = [*run.record.get("extended", []), extended]
    place = {name: state.values[name] for name in ("epoch", "step")} if state else {"epoch": 0}
    more["resumed"] = [*run.record.get("resumed", []), {"at": now(), **place}]
    run.go_on(**more)  # before the config: a finished run must not be said to be a longer one
    run.write_config(config)
    return Resumption(run, state, notices)


def _check_place(run: RunDirectory, state: State) -> None:
    """Refuse a state whose plain values are none of a training's."""
    values = state.values
    numbers = [values.get("epoch"), values.get("step")]
    whole = all(isinstance(number, int) and number >= 0 for number in numbers)
    if not whole or not isinstance(values.get("stopped"), bool):
        raise DlcliError(f"{run.checkpoint} is no state of a training")


def _check_extension(run: RunDirectory, state: State | None, config: Config) -> None:
    epochs = config.fit.epochs
    if any(callback.name == "SwapEMAWeights" for callback in config.callbacks):
        raise DlcliError(f"{run.path}: SwapEMAWeights ends its averages with the last epoch")
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


def _refusal(path: Path, what: str, found: list[str], hint: str | None = None) -> DlcliError:
    lines = "".join(f"\n  {line}" for line in found)
    return DlcliError(f"{path} cannot be resumed: {what}{lines}", hint=hint)


def circumstances(record: Mapping[str, Any]) -> list[str]:
    """Say in what the present process differs from that of a run."""
    here, there = machine(), record.get("machine", {})
    return [
        *differences(record.get("versions", {}), versions(), "versions."),
        *differences(
            {name: there.get(name) for name in DECISIVE}, {name: here[name] for name in DECISIVE}
        ),
    ]


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Say where two plain values differ, a line per place.

    Parameters
    ----------
    before, after : object
        As JSON has them.
    path : str
        Of both, ending in a dot.
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            yield from differences(before.get(key), after.get(key), f"{path}{key}.")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, f"{path.removesuffix('.')}[{number}].")
    elif before != after:
        one, other = (json.dumps(value, ensure_ascii=False) for value in (before, after))
        yield f"{path.removesuffix('.')}: {one}, now {other}"


def _kept_plain(run: Path) -> dict[str, Any]:
    text = (run / CONFIG).read_text(encoding="utf-8")
    value: dict[str, Any] = parse(text, str(run / CONFIG)).value
    return value


def _plain(config: Config) -> dict[str, Any]:
    value: dict[str, Any] = parse(dump(config.plain()), config.name).value
    return value
