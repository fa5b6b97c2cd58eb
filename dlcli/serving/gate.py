"""What every request passes: the token, counting, a line in the log, and errors as JSON."""

from __future__ import annotations

import hmac
import logging
import time
from typing import TYPE_CHECKING, Any

from dlcli.errors import DlcliError
from dlcli.serving.json_text import json_bytes
from dlcli.serving.problems import RequestError, document_of, status_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from dlcli.serving.origins import Origins
    from dlcli.serving.service import Service

LOG = logging.getLogger("dlcli.serving")
# Orchestrators ask without a token whether the server lives.
# The files of the page are the same on all servers; it asks for the token itself.
OPEN_PATHS = ("/", "/v2/health/live", "/v2/health/ready", "/ping", "/health")
OPEN_FOLDER = "/page/"


class Gate:
    """Middleware around the application.

    Parameters
    ----------
    app : callable
    service : Service
    origins : Origins
    token : str
        Empty: none is needed.
    """

    def __init__(self, app: ASGIApp, service: Service, origins: Origins, token: str = "") -> None:
        self.app, self.service, self.origins = app, service, origins
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] == "HEAD":  # as GET; the connection leaves the body out
            scope = {**scope, "method": "GET"}
        start, status, has_started = time.perf_counter(), 500, False

        async def send_counted(message: Message) -> None:
            nonlocal status, has_started
            if message["type"] == "http.response.start":
                status, has_started = message["status"], True
                if self.service.is_draining:  # so that the client does not send the next one here
                    message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        try:
            self._check(scope)
            await self.app(scope, receive, send_counted)
        except DlcliError as error:
            if not has_started:
                await send_error(error, send_counted)
        except Exception:
            LOG.exception("a request failed")
            if not has_started:
                await send_error(RequestError(500, "the server failed"), send_counted)
        finally:
            self._note(scope, status, time.perf_counter() - start)
            await self.service.release_memory()

    def _check(self, scope: Scope) -> None:
        """Refuse requests without the token, and those that a page of another site sends."""
        self.origins.check(scope["method"], _header(scope, b"host"), _header(scope, b"origin"))
        path = scope["path"]
        if not self._token or path in OPEN_PATHS or path.startswith(OPEN_FOLDER):
            return
        scheme, _, token = _header(scope, b"authorization").partition(" ")
        is_right = hmac.compare_digest(token.encode("latin-1"), self._token)
        if scheme.lower() != "bearer" or not is_right:
            raise RequestError(
                401,
                "this server needs a token",
                hint="send the header Authorization: Bearer TOKEN",
                headers={"WWW-Authenticate": "Bearer"},
            )

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        """Count the request, and write a line without its data."""
        path = getattr(scope.get("route"), "path", "other")
        self.service.metrics.count_request(path, status, seconds)
        if not LOG.isEnabledFor(logging.INFO):
            return
        state = scope.get("state", {})
        entry: dict[str, Any] = {"method": scope["method"], "path": path, "status": status}
        entry |= {key: state[key] for key in ("model", "rows") if key in state}
        LOG.info("request", extra={"entry": {**entry, "ms": round(seconds * 1000, 2)}})


def _header(scope: Scope, name: bytes) -> str:
    """Return the value of a header of a request; empty if it is not there."""
    value: bytes = next((value for key, value in scope["headers"] if key == name), b"")
    return value.decode("latin-1")


async def send_error(error: DlcliError, send: Send) -> None:
    """Answer with an error as JSON."""
    body = json_bytes(document_of(error))
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    if isinstance(error, RequestError):
        headers |= error.headers
    await send(
        {
            "type": "http.response.start",
            "status": status_of(error),
            "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})
