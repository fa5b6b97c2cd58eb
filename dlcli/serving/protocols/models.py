"""The models of the server, and what they take and return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from dlcli.serving.description import description_of
from dlcli.serving.openapi import PROBLEMS
from dlcli.serving.routing import Router

if TYPE_CHECKING:
    from dlcli.serving.service import Service


def routes(service: Service) -> Router:
    """Return the routes."""
    router = Router("models")

    @router.get("/models")
    async def list_models(_: Request) -> dict[str, Any]:
        """Name the models; the first is that of ``/predict``."""
        return {"models": [model.name for model in service.models]}

    @router.get("/models/{name}", responses={404: PROBLEMS[404]})
    async def describe(_: Request, name: str) -> dict[str, Any]:
        """Describe the inputs and outputs of a model."""
        return description_of(service.models.get(name))

    return router
