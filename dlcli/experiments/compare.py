"""Compare runs: what differs, their metrics, and whether the differences are significant."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.errors import DlcliError
from dlcli.experiments.baseline.comparison import Verdict, verdict
from dlcli.experiments.scored_predictions import ScoredPredictions, read_predictions
from dlcli.experiments.statistics import corrected_t_test, mcnemar_test, paired_t_test
from dlcli.runs.changed_keys import changed_keys, value_at
from dlcli.runs.directions import metric_direction
from dlcli.runs.finding import existing_run, named_run
from dlcli.runs.labels import run_labels
from dlcli.runs.listing import RunSummary, grouped_problems, read_summary
from dlcli.runs.metrics import KfoldMetrics, read_metrics
from dlcli.runs.records import read_record

MAX_RUNS = 100
SIGNIFICANCE = {
    "mcnemar": "McNemar's exact test", "paired-t": "paired t-test of the errors",
    "corrected-t": "corrected resampled t-test",
}  # fmt: skip


@dataclass(frozen=True)
class PairedTest:
    """A run compared with the first one, on the same rows.

    Parameters
    ----------
    metric : str
        ``accuracy``, ``mae`` or ``mse`` of the rows; of folds the first metric that both have.
    difference : float
        That of the run minus that of the first run.
    p : float
        Two-sided p-value; NaN without a test.
    test : str
        ``mcnemar``, ``paired-t``, ``corrected-t``; empty without a test.
    run_is : {"better", "worse", "chance", "untested"}
        At the 5 % level.
    reason : str
        Why there is no test.
    """

    metric: str = ""
    difference: float = math.nan
    p: float = math.nan
    test: str = ""
    run_is: Verdict = "untested"
    reason: str = ""


@dataclass(frozen=True)
class RunComparison:
    """The result of `compare`.

    Parameters
    ----------
    runs : tuple of RunSummary
    labels : tuple of str
        What differs, in short.
    changed : mapping
        Values of each key that differs, in the order of the runs.
    tests : tuple of PairedTest
        Of each run but the first, against the first.
    notices : tuple of str
    """

    runs: tuple[RunSummary, ...]
    labels: tuple[str, ...]
    changed: Mapping[str, Sequence[Any]]
    tests: tuple[PairedTest, ...]
    notices: tuple[str, ...] = ()

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics that any run has, those of the first run first."""
        return list(dict.fromkeys(name for run in self.runs for name in run.metrics))


def compare(runs: Sequence[str | os.PathLike[str]]) -> RunComparison:
    """Compare runs: the keys in which they differ, their metrics, and the significance.

    Parameters
    ----------
    runs : sequence of path
        Two or more run directories, or names of runs in ``./runs``, whose latest is meant. Each is
        compared with the first.

    Returns
    -------
    RunComparison

    Raises
    ------
    DlcliError
        If a path is no run, a run is damaged, or there are fewer than two runs.
    """
    paths = [named_run(run) or existing_run(Path(run)) for run in runs]
    places = [path.resolve() for path in paths]
    paths = [path for at, path in enumerate(paths) if places[at] not in places[:at]]
    if len(paths) < 2:
        raise DlcliError("a comparison needs two runs", hint="`dlcli runs` lists them")
    if len(paths) > MAX_RUNS:
        raise DlcliError(f"{len(paths)} runs; a comparison has at most {MAX_RUNS}")
    for path in paths:
        read_record(path)  # raises if it is damaged
    summaries = [read_summary(path) for path in paths]
    first = _Scored(summaries[0])
    return RunComparison(
        tuple(summaries),
        tuple(run_labels([(run.path, run.name) for run in summaries])),
        changed_keys([run.config or {} for run in summaries]),
        tuple(_test(_Scored(run), first) for run in summaries[1:]),
        tuple(grouped_problems(summaries)),
    )


class _Scored:
    """A run with the predictions by which it was scored."""

    def __init__(self, run: RunSummary) -> None:
        self.run, self.record = run, read_record(run.path)
        self.part = run.score.part if run.score is not None else ""
        self.predictions: ScoredPredictions | None = read_predictions(run.path)

    @property
    def is_series(self) -> bool:
        return bool(value_at(self.run.config or {}, "dataset.window"))


def _test(one: _Scored, first: _Scored) -> PairedTest:
    """Test a run against the first one."""
    reason = _obstacle(one, first)
    if reason:
        return PairedTest(reason=reason)
    if one.record.kind == "kfold":
        return _test_folds(one, first)
    ours, theirs = one.predictions, first.predictions
    if ours is None or theirs is None:
        return PairedTest(reason="without predictions")
    if not ours.is_numeric:
        right, other_right = ours.right(), theirs.right()
        difference = float(right.mean() - other_right.mean())
        return _judged("accuracy", difference, mcnemar_test(right, other_right), "mcnemar", "max")
    score = first.run.score
    power = 1 if score is not None and score.name in ("mae", "mean_absolute_error") else 2
    errors, other_errors = ours.errors(power), theirs.errors(power)
    p = paired_t_test(errors, other_errors)
    difference = float(errors.mean() - other_errors.mean())
    return _judged("mae" if power == 1 else "mse", difference, p, "paired-t", "min")


def _obstacle(one: _Scored, first: _Scored) -> str:
    """Return why two runs cannot be tested; empty if they were scored on the same rows."""
    if {one.record.kind, first.record.kind} not in ({"train"}, {"kfold"}):
        return "only two trainings or two cross-validations have a test"
    if one.record.sample or first.record.sample:
        return "scores of a sample say nothing"
    fingerprint = one.record.data.fingerprint
    if not fingerprint or fingerprint != first.record.data.fingerprint:
        return "the runs were scored on other data"
    for scored in (one, first):
        if scored.predictions is None:
            return f"{scored.run.path} has no predictions of held-out rows"
    if one.part != first.part or not one.predictions or not first.predictions:
        return "the runs were scored on other rows"
    if not one.predictions.has_rows_of(first.predictions):
        return "the runs were scored on other rows: another seed or split; see `split.seed`"
    if one.is_series:
        return "errors of neighbouring rows of a series depend on each other"
    return ""


def _test_folds(one: _Scored, first: _Scored) -> PairedTest:
    """Test two cross-validations with the same folds."""
    ours, theirs = (read_metrics(scored.run.path, "kfold") for scored in (one, first))
    if not isinstance(ours, KfoldMetrics) or not isinstance(theirs, KfoldMetrics):
        return PairedTest(reason="a run has no metrics of its folds")
    score = theirs.score()
    name = score.name if score is not None and score.name in ours.summary else "loss"
    pairs = [
        (fold.get(name), other.get(name))
        for fold, other in zip(ours.folds, theirs.folds, strict=False)
    ]
    values = [a - b for a, b in pairs if a is not None and b is not None]
    if len(ours.folds) != len(theirs.folds) or len(values) < max(2, len(pairs)):
        return PairedTest(reason=f"{name} was not measured in every fold")
    rows = sum(fold.get("rows") or 0.0 for fold in ours.folds)
    test_rows = rows / len(values)
    split = (one.run.config or {}).get("split")
    validation = split.get("validation", 0.0) if isinstance(split, dict) else 0.0
    share = validation if isinstance(validation, int | float) and 0 <= validation < 1 else 0.0
    p = corrected_t_test(values, (rows - test_rows) * (1 - share), test_rows)
    direction = metric_direction(name, first.run.config)
    return _judged(name, float(np.mean(values)), p, "corrected-t", direction)


def _judged(
    metric: str, difference: float, p: float, test: str, direction: str | None
) -> PairedTest:
    if direction is None:
        reason = f"it is not known whether {metric} is better the smaller or the larger it is"
        return PairedTest(metric, difference, p, test, "untested", reason)
    reason = "the differences have no variance" if math.isnan(p) else ""
    run_is = verdict(difference, p, direction == "max")
    return PairedTest(metric, difference, p, test, run_is, reason)
