"""Sort runs, and choose the best ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from dlcli.errors import DlcliError, unknown
from dlcli.runs.changed_keys import value_at
from dlcli.runs.listing import RunSummary


def sort_runs(
    runs: Sequence[RunSummary], key: str, *, descending: bool = False
) -> list[RunSummary]:
    """Sort runs by a column, a metric, or a key of their configs; runs without it come last.

    Parameters
    ----------
    runs : sequence of RunSummary
    key : str
        As in ``metric``, ``loss``, ``val_loss``, ``duration`` or ``optimizer.learning_rate``; with
        a minus before it, the largest value comes first.
    descending : bool
        Whether the largest value comes first.

    Raises
    ------
    DlcliError
        If no run has the key.
    """
    descending ^= key.startswith("-")
    key = key.removeprefix("-")
    values = [_value(run, key) for run in runs]
    if runs and all(value is None for value in values):
        keys = {name for run in runs for name in (*_columns(run), *run.metrics, *run.changed)}
        if key not in keys:
            raise DlcliError(
                unknown("key", key, keys), hint="`--sort metric`, or a dotted key as in --set"
            )
    order = [at for at, value in enumerate(values) if value is not None]
    order.sort(key=lambda at: _sortable(values[at]), reverse=descending)
    absent = [at for at, value in enumerate(values) if value is None]
    return [runs[at] for at in (*order, *absent)]


def best_runs(runs: Sequence[RunSummary], count: int) -> list[RunSummary]:
    """Return the runs with the best first metric, the best first.

    Parameters
    ----------
    runs : sequence of RunSummary
    count : int
        How many.

    Raises
    ------
    DlcliError
        If no run has a metric, or they cannot be compared.
    """
    scored = [run for run in runs if run.score is not None and run.score.value is not None]
    names = list(dict.fromkeys(_metric_name(run) for run in scored))
    if not names:
        raise DlcliError("no run has a metric", hint="leave out --best")
    if len(names) > 1:
        raise DlcliError(
            f"the runs have several metrics: {', '.join(names)}",
            hint="name the runs of one config, as in `dlcli runs sonar --best 3`",
        )
    directions = {run.direction for run in scored}
    if len(directions) > 1 or None in directions:
        raise DlcliError(
            f"it is not known whether {names[0]} is better the smaller or the larger it is",
            hint="use --sort metric, or --sort=-metric",
        )
    return sort_runs(scored, "metric", descending=directions == {"max"})[:count]


def choice_notices(runs: Sequence[RunSummary], count: int) -> list[str]:
    """Say that the best of several scores is too good to be published.

    Parameters
    ----------
    runs : sequence of RunSummary
        All from which the best were chosen.
    count : int
        How many were chosen.
    """
    scored = [run for run in runs if run.score is not None and run.score.value is not None]
    parts = {run.score.part for run in scored if run.score is not None}
    if len(scored) <= max(2, count) or not parts & {"test", "mean"}:
        return []
    return [f"the best of {len(scored)} scores is too good a score: its rows helped to choose"]


def _metric_name(run: RunSummary) -> str:
    return run.score.name if run.score is not None else ""


def _columns(run: RunSummary) -> dict[str, Any]:
    """Return the values of the columns that all runs have."""
    return {
        "run": str(run.path), "kind": run.kind, "status": run.status,
        "started": run.started or None,
        "duration": None if math.isnan(run.seconds) else run.seconds, "name": run.name or None,
        "metric": run.score.value if run.score is not None else None,
        "seed": run.seed, "note": run.note or None, "tags": ", ".join(run.tags) or None,
    }  # fmt: skip


def _value(run: RunSummary, key: str) -> Any:
    """Return the value of a key for a run: a column, a metric, or a key of the config."""
    columns = _columns(run)
    if key == "run":
        return [int(part) if part.isdecimal() else part for part in run.path.parts]
    if key in columns:
        return columns[key]
    if key in run.metrics:
        return run.metrics[key]
    if key in run.changed:
        return run.changed[key]
    value = value_at(run.config or {}, key)
    if value is None:
        # A short name is enough where one key ends with it.
        keys = [name for name in run.changed if name.rpartition(".")[2] == key]
        value = run.changed[keys[0]] if len(keys) == 1 else None
    return value


def _sortable(value: Any) -> tuple[Any, ...]:
    """Return a key that sorts numbers as numbers, and before texts."""
    if isinstance(value, bool | int | float) and not math.isnan(value):
        return (0, float(value), "")
    if isinstance(value, list):
        return (1, 0.0, [_sortable(item) for item in value])
    if isinstance(value, Mapping):
        return (3, 0.0, str(value))
    return (2, 0.0, str(value))
