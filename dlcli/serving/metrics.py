"""Measurements of a server, in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from dlcli.serving.answers import Answer

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
BATCHES = (1, 2, 4, 8, 16, 32)


class Metrics:
    """Counts and times of the requests of one server.

    Parameters
    ----------
    waiting : callable
        Returns the number of requests that wait.
    """

    def __init__(self, waiting: Callable[[], int]) -> None:
        registry = self.registry = CollectorRegistry()
        self.requests = Counter(
            "dlcli_requests", "Answered requests.", ("path", "status"), registry=registry
        )
        self.seconds = Histogram(
            "dlcli_request_seconds",
            "Seconds from the headers of a request to the end of its answer.",
            ("path",),
            registry=registry,
            buckets=SECONDS,
        )
        self.rows = Counter("dlcli_rows", "Predicted rows.", ("model",), registry=registry)
        self.noted = Counter(
            "dlcli_noted_answers",
            "Answers with notes, such as categories that training had not.",
            ("model",),
            registry=registry,
        )
        self.batches = Histogram(
            "dlcli_batch_requests",
            "Requests that were computed together.",
            registry=registry,
            buckets=BATCHES,
        )
        queue = Gauge("dlcli_waiting_requests", "Requests that wait.", registry=registry)
        queue.set_function(waiting)

    def count_answer(self, model: str, answer: Answer) -> None:
        """Count the rows of an answer."""
        self.rows.labels(model).inc(answer.rows)
        if answer.notes:
            self.noted.labels(model).inc()

    def count_request(self, path: str, status: int, seconds: float) -> None:
        """Count a request by the address of its route, of which there are few."""
        self.requests.labels(path, str(status)).inc()
        self.seconds.labels(path).observe(seconds)

    def text(self) -> bytes:
        """Return all measurements."""
        return generate_latest(self.registry)
