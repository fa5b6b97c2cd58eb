"""Compute requests in threads, those of single rows together.

A thread takes all small requests that wait, up to `MAX_BATCH`, as one batch. On an idle server a
batch is one request, which waits for nothing; under load, batches grow by themselves.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from dlcli.prediction.blocks import PredictionBlock
from dlcli.prediction.predictions import Predictions
from dlcli.prediction.rows import RawBlock
from dlcli.serving.answers import Answer
from dlcli.serving.limits import ServerLimits
from dlcli.serving.models import ServedModel
from dlcli.serving.problems import RequestError, busy, too_large
from dlcli.types import Array

MAX_BATCH = 32  # requests


@dataclass(eq=False)
class Job:
    """A request to compute.

    Parameters
    ----------
    model : ServedModel
    open_predictions : callable
        Reads the request and starts its predictions.
    render : callable
        Returns what the client gets.
    is_small : bool
        Whether it may share a batch: to read it takes about as long as the others.
    deadline : float
        Of ``time.monotonic``.
    future : Future
        Gets the result of `render`.
    """

    model: ServedModel
    open_predictions: Callable[[], Predictions]
    render: Callable[[Answer], Any]
    is_small: bool
    deadline: float
    future: asyncio.Future[Any]
    predictions: Predictions | None = None
    blocks: list[PredictionBlock] = field(default_factory=list)
    result: Any = None
    error: BaseException | None = None

    @property
    def is_late(self) -> bool:
        """Whether the client has its answer already: that it took too long."""
        return time.monotonic() > self.deadline or self.future.cancelled()

    def attempt(self, step: Callable[..., Any], *arguments: Any) -> Any:
        """Return what a step returns; after an error None, and all further steps are left out."""
        if self.error is not None:
            return None
        try:
            return step(*arguments)
        except BaseException as error:  # noqa: BLE001 (raised for the client)
            self.error = error
            return None


class Batching:
    """Threads that compute requests.

    Parameters
    ----------
    limits : ServerLimits
    on_batch : callable
        Is told the number of requests of each batch.
    """

    def __init__(self, limits: ServerLimits, on_batch: Callable[[int], None]) -> None:
        self.limits, self._on_batch = limits, on_batch
        self._waiting: deque[Job] = deque()
        self._condition = threading.Condition()
        self._is_closed = False
        for number in range(limits.concurrent):
            threading.Thread(target=self._work, name=f"predict-{number}", daemon=True).start()

    def __len__(self) -> int:
        """Return the number of requests that wait."""
        return len(self._waiting)

    async def compute(
        self,
        model: ServedModel,
        open_predictions: Callable[[], Predictions],
        render: Callable[[Answer], Any],
        *,
        is_small: bool,
    ) -> Any:
        """Compute a request, and return what `render` returns.

        Raises
        ------
        RequestError
            503 if too many requests wait, 504 if it takes too long, 413 for too many rows.
        DlcliError
            If the model cannot use the data.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        deadline = time.monotonic() + self.limits.seconds
        job = Job(model, open_predictions, render, is_small, deadline, future)
        with self._condition:
            if len(self._waiting) >= self.limits.queue:
                raise busy(f"{len(self._waiting)} requests wait already")
            self._waiting.append(job)
            self._condition.notify()
        try:
            async with asyncio.timeout(self.limits.seconds):
                return await future
        except TimeoutError:
            raise _too_slow(self.limits) from None

    def close(self) -> None:
        """End the threads when nothing waits."""
        with self._condition:
            self._is_closed = True
            self._condition.notify_all()

    def _work(self) -> None:
        while self._compute_next():
            pass

    def _compute_next(self) -> bool:
        """Wait for requests and compute them; return False once the threads shall end.

        A function of its own, so that a thread that waits does not hold the requests before.
        """
        with self._condition:
            while not self._waiting and not self._is_closed:
                self._condition.wait()
            if not self._waiting:
                return False
            batch = self._take()
        self._on_batch(len(batch))
        try:
            self._compute(batch)
        except BaseException as error:  # noqa: BLE001 (raised for the clients)
            for job in batch:
                job.error = job.error or error
        loop = batch[0].future.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(_hand_over, batch)
        return True

    def _take(self) -> list[Job]:
        """Return the next request, and the small ones behind it if it is small."""
        batch = [self._waiting.popleft()]
        while (
            batch[0].is_small
            and self._waiting
            and self._waiting[0].is_small
            and len(batch) < MAX_BATCH
        ):
            batch.append(self._waiting.popleft())
        return batch

    def _compute(self, batch: Sequence[Job]) -> None:
        rows: dict[ServedModel, list[tuple[Job, RawBlock, Any]]] = {}
        for job in batch:
            if job.is_late:
                job.error = _too_slow(self.limits)
            single = job.attempt(self._single_row, job)
            if single is not None:
                rows.setdefault(job.model, []).append((job, *single))
        for model, singles in rows.items():
            self._compute_singles(model, singles)
        for job in batch:
            job.result = job.attempt(_render, job)

    def _single_row(self, job: Job) -> tuple[RawBlock, Any] | None:
        """Return the only row of a request, preprocessed; compute requests of more rows."""
        job.predictions = predictions = job.open_predictions()
        blocks = predictions.raw_blocks()
        head = list(islice(blocks, 2))
        if sum(map(len, head)) == 1:
            return head[0], predictions.inputs_of(head[0])
        self._compute_rows(job, chain(head, blocks))
        return None

    def _compute_rows(self, job: Job, blocks: Iterator[RawBlock]) -> None:
        predictions, limit = job.predictions, self.limits.rows
        assert predictions is not None  # noqa: S101 (for mypy)
        rows = 0
        for raw in blocks:
            rows += len(raw)
            if rows > limit:
                raise too_large("the request has more rows", f"{limit:,}")
            if job.is_late:
                raise _too_slow(self.limits)
            outputs = job.model.loaded.network(predictions.inputs_of(raw))
            job.blocks.append(predictions.predictions_of(raw, outputs))

    @staticmethod
    def _compute_singles(model: ServedModel, singles: list[tuple[Job, RawBlock, Any]]) -> None:
        try:
            outputs = model.outputs_of_rows([x for _, _, x in singles])
        except BaseException as error:  # noqa: BLE001 (raised for the clients)
            for job, _, _ in singles:
                job.error = error
            return
        for (job, raw, _), output in zip(singles, outputs, strict=True):
            job.attempt(_add_predictions, job, raw, output)


def _add_predictions(job: Job, raw: RawBlock, outputs: Array) -> None:
    assert job.predictions is not None  # noqa: S101 (for mypy)
    job.blocks.append(job.predictions.predictions_of(raw, outputs))


def _render(job: Job) -> Any:
    assert job.predictions is not None  # noqa: S101 (for mypy)
    return job.render(Answer(job.predictions, job.blocks))


def _too_slow(limits: ServerLimits) -> RequestError:
    seconds = f"{limits.seconds:g} seconds"
    return RequestError(504, f"the answer took longer than {seconds}", hint="send fewer rows")


def _hand_over(batch: Sequence[Job]) -> None:
    """Give the results to the requests, in the thread of the event loop."""
    for job in batch:
        if job.future.done():
            continue
        if job.error is None:
            job.future.set_result(job.result)
        else:
            job.future.set_exception(job.error)
