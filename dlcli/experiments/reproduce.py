"""A run repeated from its directory alone, and compared with itself."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.errors import DlcliError, Interrupted
from dlcli.experiments.kfold import kfold
from dlcli.experiments.resume import run_config
from dlcli.experiments.train import train
from dlcli.models.file import read_model_file
from dlcli.runs.differences import differences, environment_differences
from dlcli.runs.listing import find_run
from dlcli.runs.records import Kind, RunRecord, read_record

if TYPE_CHECKING:
    from dlcli.training.progress import OnProgress

SHOWN = 5  # differences of the metrics


@dataclass(frozen=True)
class Reproduction:
    """What the repetition of a run showed.

    Parameters
    ----------
    path : Path
        The run.
    compared : tuple of str
        What was compared to the bit.
    differences : tuple of str
        In what the repetition differs, the first epoch or row first; empty: in nothing.
    environment : tuple of str
        In what data, versions and machine differ from those of the run.
    """

    path: Path
    compared: tuple[str, ...]
    differences: tuple[str, ...]
    environment: tuple[str, ...]

    @property
    def is_identical(self) -> bool:
        """Whether every bit is the same."""
        return not self.differences

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {"identical": self.is_identical, **asdict(self), "path": str(self.path)}


def reproduce(
    path: Path, *, on_progress: OnProgress | None = None, download_bar: bool = False
) -> Reproduction:
    """Repeat a run in a folder that is removed afterwards.

    Parameters
    ----------
    path : Path
        A finished run of ``train`` or ``kfold``.
    on_progress : callable, optional
        Called with a `dlcli.training.progress.Progress` as the training goes on.
    download_bar : bool
        Whether a download shows a bar on standard error.

    Raises
    ------
    DlcliError
        If there is no such run, or it has not finished.
    """
    run = find_run(path)
    if run is None:
        raise DlcliError(f"no run {str(path)!r}", hint="`dlcli runs` lists them")
    record = read_record(run)
    if record.kind == "baseline":
        raise DlcliError(f"{run} is a run of `dlcli baseline`, which cannot be reproduced")
    if record.status != "finished":
        hint = f"`dlcli {record.kind} --resume {run}` resumes it"
        raise DlcliError(
            f"{run} has not finished: its status is {record.status}",
            hint=hint if record.status == "interrupted" else None,
        )
    with tempfile.TemporaryDirectory(prefix="dlcli-") as folder:
        try:
            again = _repeat(run, record, Path(folder), on_progress, download_bar=download_bar)
        except Interrupted as interrupted:
            # Without the path: the folder of the repetition is removed.
            raise Interrupted(interrupted.signum) from None
        found = tuple(_differences(run, again, record.kind))
        environment = environment_differences(record, read_record(again))
    compared: tuple[str, ...] = ("predictions", "metrics")
    if record.kind == "train":
        compared = ("history", "weights", "metrics")
    forced = [f"forced: {line}" for line in record.forced]
    return Reproduction(run, compared, found, (*environment, *forced))


def _repeat(
    run: Path,
    record: RunRecord,
    folder: Path,
    on_progress: OnProgress | None,
    *,
    download_bar: bool,
) -> Path:
    """Repeat a run below a folder; return the new one."""
    config = run_config(run)
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


def _differences(run: Path, again: Path, kind: Kind) -> Iterator[str]:
    """Say in what two runs differ."""
    if kind == "train":
        yield from _first_row(run / "history.csv", again / "history.csv", "epoch")
        first, second = (_weights(path) for path in (run, again))
        if first != second:
            yield "the weights differ"
    else:
        yield from _first_row(run / "out_of_fold.csv", again / "out_of_fold.csv", "row")
    before, after = (json.loads((path / "metrics.json").read_text()) for path in (run, again))
    found = list(differences(before, after))
    yield from found[:SHOWN]
    if len(found) > SHOWN:
        yield f"{len(found) - SHOWN} more metrics differ"


def _weights(run: Path) -> str:
    path = next(run / name for name in ("model.keras", "model.h5") if (run / name).is_file())
    metadata = read_model_file(path).metadata
    return metadata.weights_sha256 if metadata else ""


def _first_row(before: Path, after: Path, what: str) -> Iterator[str]:
    """Say where two tables differ first."""
    tables = []
    for path in (before, after):
        with path.open(encoding="utf-8", newline="") as file:
            tables.append(list(csv.DictReader(file)))
    for one, other in zip(*tables, strict=False):
        names = [name for name in one if one[name] != other.get(name)]
        if names:
            values = ", ".join(f"{name} {one[name]}, now {other.get(name)}" for name in names)
            yield f"{what} {one[what]} is the first that differs: {values}"
            return
    if len(tables[0]) != len(tables[1]):
        yield f"{len(tables[0])} {what}s, now {len(tables[1])}"
