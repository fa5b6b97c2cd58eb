"""The application: routes of all protocols behind one gate."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dlcli.errors import DlcliError
from dlcli.serving.gate import Gate
from dlcli.serving.json_text import json_bytes
from dlcli.serving.openapi import openapi_document
from dlcli.serving.origins import Origins
from dlcli.serving.problems import RequestError, document_of, status_of
from dlcli.serving.protocols import (
    health,
    influence,
    mlflow,
    models,
    page,
    plain,
    tensorflow,
    v2,
)
from dlcli.serving.routing import Operation
from dlcli.serving.service import Service

if TYPE_CHECKING:
    from starlette.types import ASGIApp

PROTOCOLS = (page, plain, models, influence, v2, mlflow, tensorflow, health)
LOCAL = Origins()


def make_app(service: Service, token: str = "", origins: Origins = LOCAL) -> ASGIApp:
    """Return the application of a server.

    Parameters
    ----------
    service : Service
    token : str
        That clients have to send; empty: none.
    origins : Origins
        Of requests that are answered.
    """
    routers = [protocol.routes(service) for protocol in PROTOCOLS]
    operations = [operation for router in routers for operation in router.operations]

    @cache
    def document() -> bytes:
        return json_bytes(openapi_document(operations))

    async def describe(_: Request) -> Response:
        """Describe all addresses."""
        return Response(document(), media_type="application/json")

    operations.append(Operation("GET", "/openapi.json", describe, "", is_described=False))
    app = Starlette(
        routes=[operation.route() for operation in operations],
        exception_handlers={
            DlcliError: _say_what_is_wrong, HTTPException: _say_in_json, Exception: _say_nothing,
        },
    )  # fmt: skip
    gate = Gate(app, service, origins, token)
    if not origins.pages:
        return gate
    return CORSMiddleware(
        gate,
        [*origins.pages],
        allow_methods=["GET", "POST"],
        allow_headers=["*"],
        expose_headers=["Dlcli-Notes"],
    )


async def _say_what_is_wrong(_: Request, error: Exception) -> Response:
    assert isinstance(error, DlcliError)  # noqa: S101 (for mypy)
    headers = error.headers if isinstance(error, RequestError) else None
    body = json_bytes(document_of(error))
    return Response(body, status_of(error), headers, "application/json")


async def _say_in_json(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 (for mypy)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def _say_nothing(_: Request, error: Exception) -> Response:  # the gate logs it
    status = 503 if isinstance(error, MemoryError) else 500
    return JSONResponse({"error": "the server failed"}, status)
