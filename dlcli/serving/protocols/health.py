"""Whether the server lives, and its measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from dlcli.serving.openapi import TEXT_ANSWER
from dlcli.serving.problems import busy
from dlcli.serving.routing import Router

if TYPE_CHECKING:
    from dlcli.serving.service import Service

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def routes(service: Service) -> Router:
    """Return the routes."""
    router = Router("health")

    @router.get("/metrics", responses=TEXT_ANSWER)
    async def metrics(_: Request) -> Response:
        """Return the measurements in the text format of Prometheus."""
        return Response(service.metrics.text(), media_type=PROMETHEUS)

    @router.get("/v2/health/live")
    async def live(_: Request) -> dict[str, bool]:
        """Tell that the process answers."""
        return {"live": True}

    @router.get("/v2/health/ready")
    async def ready(_: Request) -> dict[str, bool]:
        """Tell whether further requests are welcome."""
        check_ready(service)
        return {"ready": True}

    @router.get("/ping", responses=TEXT_ANSWER)
    @router.get("/health", responses=TEXT_ANSWER)
    async def ping(_: Request) -> Response:
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
