"""Describe a new run: its config, data, versions and machine."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dlcli.config.own_components import used_own
from dlcli.config.sections import Config
from dlcli.config.yaml_text import dump
from dlcli.machine import cpu_count
from dlcli.network.code_files import code_files
from dlcli.network.environment import processor, versions
from dlcli.runs.records import (
    CodeRecord,
    DataRecord,
    EngineRecord,
    Kind,
    MachineRecord,
    RunRecord,
    SearchRecord,
)

if TYPE_CHECKING:
    from dlcli.datasets.dataset import Dataset


def describe_run(
    kind: Kind,
    config: Config,
    dataset: Dataset,
    *,
    format: Literal["keras", "h5"] | None = None,  # noqa: A002 (the option's name)
    devices: Sequence[str] = (),
    folds: int | None = None,
    engine: EngineRecord | None = None,
    search: SearchRecord | None = None,
) -> RunRecord:
    """Return the record of a run that starts now in this process.

    Parameters
    ----------
    kind : {"train", "kfold", "baseline", "learning-curve", "sweep", "tune"}
    config : Config
        Resolved.
    dataset : Dataset
    format : {"keras", "h5"}, optional
        Of the model file.
    devices : sequence of str
        Devices that share the batches.
    folds : int, optional
    engine : EngineRecord, optional
    search : SearchRecord, optional
    """
    record = RunRecord(
        kind=kind,
        status="running",
        config=config.name,
        config_sha256=fingerprint(config.plain()),
        seed=config.seed,
        started=now(),
        pid=os.getpid(),
        command=[Path(sys.argv[0]).name, *sys.argv[1:]],
        versions=versions(),
        machine=describe_machine(),
        data=describe_data(dataset),
        sample=dataset.sampled,
        data_path=data_path(config.plain()),
    )
    # Only fields that apply to this kind of run are written.
    if format is not None:
        record.format = format
    if devices:
        record.devices = [*devices]
    if folds is not None:
        record.folds = folds
    if engine is not None:
        record.engine = engine
    if search is not None:
        record.search = search
    own = used_own(config)
    if own:
        record.own_components = sorted({component.name for component in own})
        files = code_files(own)
        record.code = [CodeRecord(path=path, sha256=files[path]) for path in sorted(files)]
    return record


def fingerprint(plain: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a resolved config, without what may change.

    That is ``fit.epochs``, which may be extended, and the path of the data, which may be moved:
    the fingerprint of the data tells whether they are the same.
    """
    return fingerprint_with_path(without_path(plain))


def fingerprint_with_path(plain: Mapping[str, Any]) -> str:
    """Return the fingerprint that dlcli 0.1 recorded."""
    fit = {name: value for name, value in plain["fit"].items() if name != "epochs"}
    return hashlib.sha256(dump({**plain, "fit": fit}).encode()).hexdigest()


def data_path(plain: Mapping[str, Any]) -> str | None:
    """Return the path of the data in a resolved config; None for named data sets."""
    dataset = plain["dataset"]
    arguments = next(iter(dataset.values())) if isinstance(dataset, Mapping) else None
    path = arguments.get("path") if isinstance(arguments, Mapping) else None
    return path if isinstance(path, str) else None


def with_path(plain: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return a resolved config with another path of the data; unchanged for named data sets."""
    if data_path(plain) is None:
        return dict(plain)
    ((loader, arguments),) = plain["dataset"].items()
    return {**plain, "dataset": {loader: {**arguments, "path": path}}}


def without_path(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resolved config with an empty path of the data."""
    return with_path(plain, "")


def now() -> str:
    """Return the current time in ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def describe_machine() -> MachineRecord:
    """Return the properties of this machine that can change the last bits of a result."""
    return MachineRecord(
        platform=platform.platform(),
        processor=processor(),
        cpus=cpu_count(),
        onednn=os.environ.get("TF_ENABLE_ONEDNN_OPTS"),
    )


def describe_data(dataset: Dataset) -> DataRecord:
    """Return the name, size and checksums of a data set."""
    return DataRecord(
        name=dataset.name,
        rows=len(dataset),
        fingerprint=dataset.fingerprint(),
        files={Path(path).name: sha256 for path, sha256 in dataset.files.items()},
    )
