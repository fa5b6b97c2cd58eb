"""Whether the server lives, and its measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response

from dlcli.serving.problems import busy

if TYPE_CHECKING:
    from dlcli.serving.service import Service

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def routes(service: Service) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["health"])

    @router.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Return the measurements in the text format of Prometheus."""
        return Response(service.metrics.text(), media_type=PROMETHEUS)

    @router.get("/v2/health/live")
    async def live() -> dict[str, bool]:
        """Tell that the process answers."""
        return {"live": True}

    @router.get("/v2/health/ready")
    async def ready() -> dict[str, bool]:
        """Tell whether further requests are welcome."""
        check_ready(service)
        return {"ready": True}

    @router.get("/ping", response_class=PlainTextResponse)
    @router.get("/health", response_class=PlainTextResponse)
    async def ping() -> Response:
        """Tell the same to clients of MLflow."""
        check_ready(service)
        return PlainTextResponse("\n")

    return router


def check_ready(service: Service) -> None:
    """Refuse further requests while the server ends.

    Raises
    ------
    RequestError
        503.
    """
    if service.is_draining:
        raise busy("the server is stopping")
