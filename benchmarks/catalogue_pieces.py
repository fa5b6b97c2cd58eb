"""Measure the runs of the catalogue as pieces of `dlcli.work`: here, in processes, or on Ray."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from catalogue_runs import Run

from dlcli.errors import DlcliError
from dlcli.work.executor import Executor, Function, Inline, Job, Report
from dlcli.work.processes import Processes


def measured(
    runs: Sequence[Run], *, jobs: int, ray: bool, only_spread: bool
) -> Iterator[tuple[Run, dict[str, Any]]]:
    """Yield runs and their results as they are complete; with `only_spread` only that of each."""
    with closing(_executor(Job(prepare, open_runs, only_spread), jobs, ray=ray)) as executor:
        for number, result in executor.run(runs):
            yield runs[number], result


def prepare() -> None:
    """Do nothing: each run is a process of its own."""


def open_runs(only_spread: bool) -> Function:
    """Return the function that measures a run."""
    from catalogue import measure, spread

    def measure_piece(run: Run, _: Report) -> dict[str, Any]:
        try:
            result = {} if only_spread else measure(run)
            return {**result, "spread": spread(run)} if run.seeds else result
        except SystemExit as error:  # it would end the process that measures
            raise DlcliError(str(error)) from None

    return measure_piece


def _executor(job: Job, jobs: int, *, ray: bool) -> Executor:
    if ray:
        from dlcli.work.ray_cluster import LOCAL, RayCluster

        return RayCluster(job, os.environ.get("RAY_ADDRESS", LOCAL), 1)
    return Processes(job, jobs) if jobs > 1 else Inline(job.open(job.data))
