"""The addresses of a protocol: who answers, and what the OpenAPI document says of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dlcli.serving.json_text import json_bytes

Handler = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Operation:
    """A method of an address.

    Parameters
    ----------
    method : str
    path : str
        With the names of its parameters, as in ``/models/{name}``.
    handler : callable
        Gets the request, and the parameters of the path by name; returns a response, or a value
        that is answered as JSON.
    tag : str
        The protocol.
    responses : mapping
        What the OpenAPI document says of answers, by status.
    extra : mapping
        Further keys for that document, such as ``requestBody``.
    is_described : bool
        Whether it is in that document.
    """

    method: str
    path: str
    handler: Handler
    tag: str
    responses: Mapping[int, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    is_described: bool = True

    def route(self) -> Route:
        """Return the route of Starlette."""

        async def endpoint(request: Request) -> Response:
            request.scope["route"] = self  # for the log and the counts
            answer = await self.handler(request, **request.path_params)
            if isinstance(answer, Response):
                return answer
            return Response(json_bytes(answer), media_type="application/json")

        return Route(self.path, endpoint, methods=[self.method])


class Router:
    """The operations of a protocol.

    Parameters
    ----------
    tag : str
    prefix : str
        Of all paths.
    """

    def __init__(self, tag: str, prefix: str = "") -> None:
        self.tag, self.prefix = tag, prefix
        self.operations: list[Operation] = []

    def get(self, path: str, **described: Any) -> Callable[[Handler], Handler]:
        """Return a decorator for what answers GET; the keywords are those of `Operation`."""
        return self._adding("GET", path, described)

    def post(self, path: str, **described: Any) -> Callable[[Handler], Handler]:
        """Return a decorator for what answers POST."""
        return self._adding("POST", path, described)

    def _adding(
        self, method: str, path: str, described: dict[str, Any]
    ) -> Callable[[Handler], Handler]:
        def add(handler: Handler) -> Handler:
            path_here = self.prefix + path
            self.operations.append(Operation(method, path_here, handler, self.tag, **described))
            return handler

        return add
