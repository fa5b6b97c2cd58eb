"""The application: routes of all protocols behind one gate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dlcli.errors import DlcliError
from dlcli.serving.gate import Gate
from dlcli.serving.json_text import json_bytes
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
from dlcli.serving.service import Service
from dlcli.version import __version__

if TYPE_CHECKING:
    from starlette.types import ASGIApp

PROTOCOLS = (page, plain, models, influence, v2, mlflow, tensorflow, health)


def make_app(service: Service, token: str = "", cors: Sequence[str] = ()) -> ASGIApp:
    """Return the application of a server.

    Parameters
    ----------
    service : Service
    token : str
        That clients have to send; empty: none.
    cors : sequence of str
        Origins of other pages that may use the server.
    """
    # Its pages of documentation load scripts from other servers.
    app = FastAPI(title="dlcli serve", version=__version__, docs_url=None, redoc_url=None)
    for protocol in PROTOCOLS:
        app.include_router(protocol.routes(service))

    @app.exception_handler(DlcliError)
    async def say_what_is_wrong(_: Request, error: DlcliError) -> Response:
        headers = error.headers if isinstance(error, RequestError) else None
        body = json_bytes(document_of(error))
        return Response(body, status_of(error), headers, "application/json")

    @app.exception_handler(Exception)
    async def say_nothing(_: Request, error: Exception) -> JSONResponse:  # the gate logs it
        status = 503 if isinstance(error, MemoryError) else 500
        return JSONResponse({"error": "the server failed"}, status)

    @app.exception_handler(HTTPException)
    async def say_in_json(_: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": error.detail}, error.status_code, error.headers)

    gate = Gate(app, service, token)
    if not cors:
        return gate
    return CORSMiddleware(gate, cors, allow_methods=["GET", "POST"], allow_headers=["*"],
                          expose_headers=["Dlcli-Notes"])  # fmt: skip
