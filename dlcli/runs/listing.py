"""The runs of a folder, as their own files tell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dlcli.runs.records import read_record


@dataclass(frozen=True)
class RunSummary:
    """One run in a line.

    Parameters
    ----------
    path : Path
    kind : str
        ``train``, ``kfold`` or ``baseline``.
    status : str
    started : str
        ISO 8601, UTC.
    seconds : float
        NaN while it runs.
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
    """Read all runs below a folder, in the order of their start.

    Parameters
    ----------
    folder : Path
        ``runs``, as a rule. A directory whose ``run.json`` cannot be read is passed over.
    """
    found = []
    for path in folder.glob("*/*/run.json"):
        record = read_record(path.parent)
        if not record or path.parent.is_symlink():
            continue
        found.append(
            RunSummary(
                path.parent,
                str(record.get("kind", "?")),
                str(record.get("status", "?")),
                str(record.get("started", "")),
                float(record.get("seconds") or float("nan")),
                _headline(_read(path.with_name("metrics.json")) or {}),
            )
        )
    return sorted(found, key=lambda run: (run.started, str(run.path)))


def _read(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _headline(metrics: Mapping[str, Any]) -> str:
    """Say the first metric beside the loss: of the test rows, or as mean over the folds."""
    mark = " (sample)" if metrics.get("sample") else ""
    if "network" in metrics:
        return _beside(metrics) + mark
    if "summary" in metrics:
        values = {name: item["mean"] for name, item in metrics["summary"].items()}
        part = "mean"
    else:
        part = next((name for name in ("test", "validation", "train") if name in metrics), "")
        values = metrics[part]["metrics"] if part else {}
    name = next((name for name in values if name != "loss"), next(iter(values), None))
    if name is None or values[name] is None:
        return ""
    return f"{part} {name} {values[name]:.4g}{mark}"


def _beside(metrics: Mapping[str, Any]) -> str:
    """Say the score of the network and of the best other model."""
    part = "mean" if metrics["folds"] > 1 else "test"
    text = f"{part} {metrics['metric']} {metrics['network']['mean']:.4g}"
    best = metrics["models"][0]
    return text if best["mean"] is None else f"{text}, {best['model']} {best['mean']:.4g}"
