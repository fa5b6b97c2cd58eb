"""Reports of pieces from the processes of a Ray cluster to the driver."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

# Least time between two reports of a piece, and between two questions of the driver.
REPORT_SECONDS = 1.0

PieceKey = tuple[int, int]  # of the call of `run`, and of the piece in it


class LatestReports:
    """Keeps the latest report of each piece until the driver takes it; an actor of the cluster."""

    def __init__(self) -> None:
        self._reports: dict[PieceKey, Any] = {}

    def put(self, key: PieceKey, value: Any) -> None:
        """Keep a report in place of the earlier ones of the piece."""
        self._reports[key] = value

    def take(self) -> dict[PieceKey, Any]:
        """Return the reports since the last time."""
        reports, self._reports = self._reports, {}
        return reports


class ReportReader:
    """Asks for the reports of pieces; without the actor there are none, and nothing else changes.

    Parameters
    ----------
    ray : module
    """

    def __init__(self, ray: Any) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._ray = ray
        # Where the driver is, so that no other machine takes it along when it is lost.
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
        actor = ray.remote(num_cpus=0, scheduling_strategy=here)(LatestReports)
        self.actor: Any = actor.remote()
        self._answer: Any = None
        self._asked = 0.0

    def read(self) -> Mapping[PieceKey, Any]:
        """Return new reports by piece, without waiting for them."""
        reports: Mapping[PieceKey, Any] = {}
        with suppress(self._ray.exceptions.RayError):
            if self._answer is not None:
                answers, _ = self._ray.wait([self._answer], timeout=0)
                if not answers:
                    return {}
                self._answer = None
                reports = self._ray.get(answers[0])
        if time.monotonic() - self._asked >= REPORT_SECONDS:
            self._asked = time.monotonic()
            self._answer = self.actor.take.remote()
        return reports


def reporter(actor: Any, key: PieceKey) -> Callable[[Any], None]:
    """Return the function that sends the reports of a piece, not more than one a second.

    A piece that takes less than a second sends none.

    Parameters
    ----------
    actor : actor or None
        None if the driver shows no reports.
    key : tuple of int
    """
    latest = time.monotonic()

    def report(value: Any) -> None:
        nonlocal latest
        if actor is not None and time.monotonic() - latest >= REPORT_SECONDS:
            latest = time.monotonic()
            actor.put.remote(key, value)

    return report
