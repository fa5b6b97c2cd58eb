"""One row group of the table, and how its figures are read from the runs."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from measure import Run, alternate


@dataclass
class Line:
    """One measured thing of both sides.

    Parameters
    ----------
    what : str
    unit : {"s", "MB", "×"}
    dlcli : list of float
        One entry per repeat.
    script : list of float
        Empty where there is no script.
    least : float, optional
        What the script's median must be, divided by that of dlcli.
    most : float, optional
        What dlcli's median must stay below.
    """

    what: str
    unit: str
    dlcli: list[float]
    script: list[float] = field(default_factory=list)
    least: float | None = None
    most: float | None = None


@dataclass
class Comparison:
    """The lines of one row group, and what both sides computed."""

    title: str
    lines: list[Line]
    results: str = ""


@dataclass(frozen=True)
class Bench:
    """Where and how often is measured.

    Parameters
    ----------
    folder : Path
        A temporary one; runs and generated rows go there.
    repeats : int
    full : bool
        Whether the scripts train all folds where that takes minutes.
    """

    folder: Path
    repeats: int
    full: bool = False

    @property
    def data(self) -> Path:
        """The folder of the published data sets."""
        return Path(os.environ.get("DLCLI_DATA", "data").split(os.pathsep)[0]).resolve()

    def by_turns(self, **commands: Sequence[str]) -> dict[str, list[Run]]:
        """Run the commands by turns."""
        return alternate(commands, self.folder, self.repeats)


def seconds_of(runs: Sequence[Run]) -> list[float]:
    """Return the seconds of whole processes."""
    return [each.seconds for each in runs]


def peaks_of(runs: Sequence[Run]) -> list[float]:
    """Return the peak memory of processes, in MB."""
    return [each.peak for each in runs]


def printed(runs: Sequence[Run]) -> list[float]:
    """Return the seconds that a script prints in its last line."""
    return [float(each.output.split()[-1]) for each in runs]


def trainings(runs: Sequence[Run]) -> list[float]:
    """Return the seconds of all folds' trainings, tracing included."""
    totals = []
    for each in runs:
        with (Path(json.loads(each.output)["run"]) / "folds.csv").open(encoding="utf-8") as file:
            totals.append(sum(float(row["seconds"]) for row in csv.DictReader(file)))
    return totals
