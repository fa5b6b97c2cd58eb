"""List runs with their results, and with what differs between them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dlcli.errors import DlcliError
from dlcli.runs.changed_keys import changed_keys, read_plain_config
from dlcli.runs.directions import Direction, metric_direction
from dlcli.runs.finding import RECORD, folder_name, is_numbered
from dlcli.runs.metrics import RunMetrics, Score, read_metrics
from dlcli.runs.notes import Notes, read_notes
from dlcli.runs.records import RunRecord, read_record

UNKNOWN = "?"
# Files by which a numbered folder is a run although it has no ``run.json``.
RUN_FILES = ("config.yaml", "metrics.json", "history.csv", "model.keras", "model.h5")


@dataclass(frozen=True)
class RunSummary:
    """One line of `dlcli runs`.

    Parameters
    ----------
    path : Path
    kind : str
        As in ``run.json``; ``?`` if that is damaged.
    status : str
        ``damaged`` if there is no ``run.json`` that can be read.
    started : str
        ISO 8601, UTC.
    seconds : float
        NaN while the run is in progress.
    headline : str
        The first metric on the rows that were held out, as a text.
    name : str
        Of the config.
    seed : int or None
    score : Score or None
        The first metric on the rows that were held out.
    metrics : mapping
        Loss and metrics of these rows; the means over the folds.
    config : mapping or None
        The resolved config, unchecked; None if it cannot be read.
    changed : mapping
        Values of the keys in which the listed runs of one name differ.
    note : str
    tags : tuple of str
    problems : tuple of str
        What is damaged or was moved.
    """

    path: Path
    kind: str = UNKNOWN
    status: str = "damaged"
    started: str = ""
    seconds: float = math.nan
    headline: str = ""
    name: str = ""
    seed: int | None = None
    score: Score | None = None
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    config: Mapping[str, Any] | None = field(default=None, repr=False)
    changed: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    tags: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def direction(self) -> Direction | None:
        """Whether the first metric is better the smaller or the larger it is, if known."""
        return None if self.score is None else metric_direction(self.score.name, self.config)

    def to_json(self) -> dict[str, Any]:
        """Return the summary as plain data."""
        score, better = self.score, self.direction
        metric = score and {**vars(score), "better": better and f"{better}imum"}
        return {
            "run": str(self.path), "kind": self.kind, "status": self.status,
            "started": self.started, "seconds": self.seconds, "headline": self.headline,
            "name": self.name, "seed": self.seed, "loss": self.metrics.get("loss"),
            "metric": metric, "metrics": dict(self.metrics), "changed": dict(self.changed),
            "note": self.note, "tags": list(self.tags), "problems": list(self.problems),
        }  # fmt: skip


def read_runs(folder: Path) -> list[RunSummary]:
    """Summarise all runs below a folder, in the order of their start.

    Parameters
    ----------
    folder : Path
        Folder of all runs, of the runs of one config, or a run.
    """
    paths = [path for path in _candidates(folder) if path.name != "latest"]
    runs = [read_summary(path) for path in dict.fromkeys(paths)]
    return with_changed_keys(sorted(runs, key=lambda run: (run.started, _natural(run.path))))


def with_changed_keys(runs: Sequence[RunSummary]) -> list[RunSummary]:
    """Return the runs with the keys in which those of one name differ."""
    groups: dict[str, list[int]] = defaultdict(list)
    for at, run in enumerate(runs):
        if run.config is not None:
            groups[run.name].append(at)
    result = [replace(run, changed={}) for run in runs]
    for places in groups.values():
        changes = changed_keys([runs[at].config or {} for at in places])
        for index, at in enumerate(places):
            changed = {key: values[index] for key, values in changes.items()}
            result[at] = replace(runs[at], changed=changed)
    return result


def read_summary(path: Path) -> RunSummary:
    """Summarise a run; what cannot be read is among its problems."""
    problems: list[str] = []
    record = _read(lambda: read_record(path), problems)
    if record is None:
        notes = _read(lambda: read_notes(path), []) or Notes()
        problem = problems[0] if (path / RECORD).exists() else f"{RECORD} is missing"
        problems = [problem.removeprefix(f"{path}/")]
        return RunSummary(path, note=notes.note, tags=tuple(notes.tags), problems=tuple(problems))
    config = _read(lambda: read_plain_config(path), problems)
    metrics = _read(lambda: read_metrics(path, record.kind), problems)
    notes = _read(lambda: read_notes(path), problems) or Notes()
    if metrics is None and record.status == "finished" and not problems:
        problems.append("metrics.json is missing")
    problems += _moves(path, record)
    score = metrics.score() if metrics is not None else None
    return RunSummary(
        path,
        record.kind,
        record.status,
        record.started,
        record.seconds or math.nan,
        _headline(metrics),
        record.config,
        record.seed,
        score,
        metrics.values() if metrics is not None else {},
        config,
        note=notes.note,
        tags=tuple(notes.tags),
        problems=tuple(problem.removeprefix(f"{path}/") for problem in problems),
    )


def _read(read: Any, problems: list[str]) -> Any:
    """Return what a function reads; None if it fails, and the reason is a problem."""
    try:
        return read()
    except DlcliError as error:
        problems.append(str(error).partition("\n")[0])
        return None


def _headline(metrics: RunMetrics | None) -> str:
    text = metrics.headline() if metrics is not None else ""
    return f"{text} (sample)" if text and metrics is not None and metrics.sample else text


def _moves(path: Path, record: RunRecord) -> Iterator[str]:
    """Yield what was moved: the run, or its data."""
    folder = path.absolute().parent.name
    expected = folder_name(record.config)
    # A trial of a search is deeper down, below a run of the name.
    if is_numbered(path) and folder != expected and folder != "trials":
        yield f"was moved: it is a run of {record.config!r} in the folder {folder!r}"
    if record.data_path is not None and not Path(record.data_path).exists():
        yield f"its data are no longer in {record.data_path}"


def _candidates(folder: Path) -> Iterator[Path]:
    """Yield runs, and numbered folders that look as if they had been one.

    Trials inside the run of a search are listed with that run as the folder only.
    """
    for pattern in ("*/*", "*", ""):
        for path in folder.glob(pattern) if pattern else (folder,):
            is_inside = path.parent not in (folder, folder.parent)
            if is_inside and (path.parent / RECORD).exists():
                continue
            if (path / RECORD).is_file() or (is_numbered(path) and _was_run(path)):
                yield path


def _was_run(path: Path) -> bool:
    return any((path / name).is_file() for name in RUN_FILES)


def _natural(path: Path) -> tuple[Any, ...]:
    """Return a key that sorts ``net/10`` after ``net/9``."""
    return tuple((int(part) if part.isdecimal() else 0, part) for part in path.parts)


def grouped_problems(runs: Iterable[RunSummary], most: int = 2) -> list[str]:
    """Return a line for each problem, with the first runs that have it."""
    groups: dict[str, list[Path]] = defaultdict(list)
    for run in runs:
        for problem in run.problems:
            groups[problem].append(run.path)
    lines = []
    for problem, paths in groups.items():
        more = f" and {len(paths) - most} more" if len(paths) > most else ""
        lines.append(f"{', '.join(map(str, paths[:most]))}{more}: {problem}")
    return lines
