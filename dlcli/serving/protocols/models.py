"""The models of the server, and what they take and return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from dlcli.serving.description import description_of
from dlcli.serving.openapi import PROBLEMS

if TYPE_CHECKING:
    from dlcli.serving.service import Service


def routes(service: Service) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["models"])

    @router.get("/models")
    async def list_models() -> dict[str, Any]:
        """Name the models; the first is that of ``/predict``."""
        return {"models": [model.name for model in service.models]}

    @router.get("/models/{name}", responses={404: PROBLEMS[404]})
    async def describe(name: str) -> dict[str, Any]:
        """Describe the inputs and outputs of a model."""
        return description_of(service.models.get(name))

    return router
