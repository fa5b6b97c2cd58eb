"""What the routes of all protocols share: models, limits, bodies and the threads that compute."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dlcli.prediction.predictions import Predictions
from dlcli.serving.answers import Answer
from dlcli.serving.batching import Batching
from dlcli.serving.body import Bodies
from dlcli.serving.limits import ServerLimits
from dlcli.serving.memory import LARGE_BODY, release_memory
from dlcli.serving.metrics import Metrics
from dlcli.serving.models import ServedModel, ServedModels

if TYPE_CHECKING:
    from starlette.requests import Request

# Bytes of a body that is read in a fraction of a millisecond.
SMALL_BODY = 16 << 10


class Service:
    """The models of a server, and how requests are computed.

    Parameters
    ----------
    models : ServedModels
    limits : ServerLimits

    Attributes
    ----------
    is_draining : bool
        Whether the server ends when the requests that it has are answered.
    """

    def __init__(self, models: ServedModels, limits: ServerLimits) -> None:
        self.models, self.limits = models, limits
        self.is_draining = False
        self._has_leftovers = False
        self.bodies = Bodies(limits)
        self.metrics = Metrics(lambda: len(self.batching))
        self.batching = Batching(limits, self.metrics.batches.observe)

    async def answer(
        self,
        request: Request,
        model: ServedModel,
        open_predictions: Callable[[bytes], Predictions],
        render: Callable[[Answer], Any],
        *,
        may_be_slow: bool = False,
    ) -> Any:
        """Receive a request, compute it, and return what `render` returns.

        Parameters
        ----------
        request : Request
        model : ServedModel
        open_predictions : callable
            Reads the body and starts its predictions; called in a thread.
        render : callable
            Called in a thread too.
        may_be_slow : bool
            Whether a small body can take long, as a compressed image does.
        """

        def counted(answer: Answer) -> Any:
            self.metrics.count_answer(model.name, answer)
            request.state.model, request.state.rows = model.name, answer.rows
            return render(answer)

        async with self.bodies.receive(request) as body:
            try:
                return await self.batching.compute(
                    model,
                    lambda: open_predictions(body),
                    counted,
                    is_small=len(body) <= SMALL_BODY and not may_be_slow,
                )
            finally:
                self._has_leftovers |= len(body) >= LARGE_BODY

    async def release_memory(self) -> None:
        """Give the memory of large requests back, once their answers are sent."""
        if self._has_leftovers:
            self._has_leftovers = False
            await asyncio.to_thread(release_memory)
