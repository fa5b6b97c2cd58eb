"""List runs with their results."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dlcli.errors import DlcliError
from dlcli.runs.finding import RECORD
from dlcli.runs.metrics import headline
from dlcli.runs.records import read_record


@dataclass(frozen=True)
class RunSummary:
    """One line of `dlcli runs`.

    Parameters
    ----------
    path : Path
    kind : str
        ``train``, ``kfold``, ``baseline``, ``learning-curve``, or ``?`` if ``run.json`` is damaged.
    status : str
    started : str
        ISO 8601, UTC.
    seconds : float
        NaN while the run is in progress.
    headline : str
        The first metric on the rows that were held out.
    """

    path: Path
    kind: str
    status: str
    started: str
    seconds: float
    headline: str

    def to_json(self) -> dict[str, Any]:
        """Return the summary as plain data."""
        return {**asdict(self), "path": str(self.path)}


def read_runs(folder: Path) -> list[RunSummary]:
    """Summarise all runs below a folder, in the order of their start.

    Parameters
    ----------
    folder : Path
        Folder of all runs, of the runs of one config, or a run.
    """
    patterns = (f"*/*/{RECORD}", f"*/{RECORD}", RECORD)
    paths = [file.parent for pattern in patterns for file in folder.glob(pattern)]
    runs = [_summary(path) for path in paths if not path.is_symlink()]
    return sorted(runs, key=lambda run: (run.started, str(run.path)))


def _summary(path: Path) -> RunSummary:
    try:
        record = read_record(path)
    except DlcliError:
        return RunSummary(path, "?", "damaged", "", float("nan"), "")
    seconds = record.seconds or float("nan")
    return RunSummary(
        path, record.kind, record.status, record.started, seconds, headline(path, record.kind)
    )
