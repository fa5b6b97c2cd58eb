"""Repeat a run from its directory alone, and compare the two bit for bit."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.errors import DlcliError, Interrupted
from dlcli.experiments.kfold import kfold
from dlcli.experiments.resume import run_config, unedited_config
from dlcli.experiments.train import train
from dlcli.models.file import read_model_file
from dlcli.models.loading import find_model, load_model
from dlcli.runs.differences import differences, environment_differences
from dlcli.runs.finding import find_run, named_run
from dlcli.runs.records import RunRecord, read_record

if TYPE_CHECKING:
    from dlcli.config.sections import Config
    from dlcli.training.progress import OnProgress

MAX_METRIC_DIFFERENCES = 5  # to list


@dataclass(frozen=True)
class Reproduction:
    """The comparison of a run with its repetition.

    Parameters
    ----------
    path : Path
        The run directory.
    compared : tuple of str
        The results that were compared bit for bit.
    differences : tuple of str
        Differences of the results; empty if they are identical. The first epoch or row that
        differs comes first.
    environment : tuple of str
        Differences of data, versions and machine, and those that --force-resume accepted.
    """

    path: Path
    compared: tuple[str, ...]
    differences: tuple[str, ...]
    environment: tuple[str, ...]

    @property
    def is_identical(self) -> bool:
        """Whether all results are identical."""
        return not self.differences

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {"identical": self.is_identical, **asdict(self), "path": str(self.path)}


def reproduce(
    path: str | os.PathLike[str],
    *,
    data: str | os.PathLike[str] | None = None,
    on_progress: OnProgress | None = None,
    download_bar: bool = False,
) -> Reproduction:
    """Repeat a run in a temporary folder and compare the results.

    Parameters
    ----------
    path : path
        A finished run of ``train`` or ``kfold``.
    data : path, optional
        Where the data are now, if they were moved.
    on_progress : callable, optional
        Called with a `Progress` during the training.
    download_bar : bool
        Whether to show a download's progress on standard error.

    Returns
    -------
    Reproduction

    Raises
    ------
    DlcliError
        If there is no such run, it has not finished, or its files are damaged or were edited.
    Interrupted
        If a signal arrives.
    """
    run = named_run(path) or find_run(Path(path))
    if run is None:
        raise DlcliError(f"no run {str(path)!r}", hint="`dlcli runs` lists the runs")
    record = read_record(run)
    if record.kind not in ("train", "kfold"):
        raise DlcliError(f"{run} is a run of `dlcli {record.kind}`, which cannot be reproduced")
    if record.status != "finished":
        hint = f"`dlcli {record.kind} --resume {run}` resumes it"
        raise DlcliError(
            f"{run} has not finished: its status is {record.status}",
            hint=hint if record.status == "interrupted" else None,
        )
    unedited_config(run, record)
    metrics = _metrics(run)  # before the training, which takes longer
    with tempfile.TemporaryDirectory(prefix="dlcli-") as folder:
        try:
            again = _repeat(
                run_config(run, data=data),
                record,
                Path(folder),
                on_progress,
                download_bar=download_bar,
            )
        except Interrupted as interrupted:
            # Without the path: the repetition cannot be resumed.
            raise Interrupted(interrupted.signum) from None
        changes = (
            *_result_differences(run, again, record.kind),
            *_metric_differences(metrics, _metrics(again)),
        )
        environment = environment_differences(record, read_record(again))
    compared: tuple[str, ...] = ("predictions", "metrics")
    if record.kind == "train":
        compared = ("history", "weights", "metrics")
    forced = [f"forced: {line}" for line in record.forced]
    return Reproduction(run, compared, changes, (*environment, *forced))


def _repeat(
    config: Config,
    record: RunRecord,
    folder: Path,
    on_progress: OnProgress | None,
    *,
    download_bar: bool,
) -> Path:
    """Repeat a run in a folder; return the new run directory."""
    if record.engine is not None:
        folds = kfold(
            config,
            runs=folder,
            sample=record.sample,
            engine=record.engine.name,
            jobs=record.engine.jobs,
            on_progress=on_progress,
            download_bar=download_bar,
        )
        if folds.interrupted is not None:
            raise Interrupted(folds.interrupted)
        return folds.path
    result = train(
        config,
        runs=folder,
        sample=record.sample,
        format=record.format,
        devices=",".join(record.devices),
        on_progress=on_progress,
        download_bar=download_bar,
    )
    if result.signum is not None:
        raise Interrupted(result.signum)
    return result.path


def _result_differences(run: Path, again: Path, kind: str) -> Iterator[str]:
    """Yield the differences between the results of two runs."""
    if kind == "train":
        yield from _first_difference(run / "history.csv", again / "history.csv", "epoch")
        if load_model(run, "keras").is_changed:
            yield "the weights in the model file are not those that the run saved"
        elif _weights_sha256(run) != _weights_sha256(again):
            yield "the weights differ"
    else:
        yield from _first_difference(run / "out_of_fold.csv", again / "out_of_fold.csv", "row")


def _metric_differences(before: Any, after: Any) -> Iterator[str]:
    """Yield the first differences between two documents of metrics."""
    changes = list(differences(before, after))
    yield from changes[:MAX_METRIC_DIFFERENCES]
    if len(changes) > MAX_METRIC_DIFFERENCES:
        yield f"{len(changes) - MAX_METRIC_DIFFERENCES} more metrics differ"


def _metrics(run: Path) -> Any:
    path = run / "metrics.json"
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise DlcliError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise DlcliError(f"{path} is damaged: {error}") from None


def _weights_sha256(run: Path) -> str:
    metadata = read_model_file(find_model(run)).metadata
    return metadata.weights_sha256 if metadata else ""


def _first_difference(before: Path, after: Path, key: str) -> Iterator[str]:
    """Yield the first row that differs between two CSV files, or their different lengths.

    Parameters
    ----------
    before, after : Path
    key : {"epoch", "row"}
        Column that numbers the rows.
    """
    tables = []
    for path in (before, after):
        with path.open(encoding="utf-8", newline="") as file:
            tables.append(list(csv.DictReader(file)))
    for old, new in zip(*tables, strict=False):
        names = [name for name in old if old[name] != new.get(name)]
        if names:
            values = ", ".join(f"{name} {old[name]}, now {new.get(name)}" for name in names)
            yield f"{key} {old[key]} is the first that differs: {values}"
            return
    if len(tables[0]) != len(tables[1]):
        yield f"{len(tables[0])} {key}s, now {len(tables[1])}"
