"""``GET /``: the page of the server, from files that are part of the package."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from dlcli.serving.problems import RequestError
from dlcli.serving.routing import Router

if TYPE_CHECKING:
    from dlcli.serving.service import Service

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Nothing from other servers, no scripts or styles in the HTML, no frames around the page.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' blob:; media-src 'self' blob:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # Kept by browsers, who ask each time whether it has changed.
    "Cache-Control": "no-cache",
}


def routes(service: Service) -> Router:  # noqa: ARG001 (all protocols have this signature)
    """Return the routes."""
    router = Router("page")
    contents = {
        item.name: item.read_bytes()
        for item in files("dlcli.serving").joinpath("page").iterdir()
        if item.name.endswith(tuple(MEDIA_TYPES))
    }
    tags = {name: f'"{hashlib.sha256(data).hexdigest()[:32]}"' for name, data in contents.items()}

    @router.get("/", is_described=False)
    async def page(request: Request) -> Response:
        return answer(request, "index.html")

    @router.get("/page/{name}", is_described=False)
    async def page_file(request: Request, name: str) -> Response:
        if name not in contents or name == "index.html":
            raise RequestError(404, f"the page has no file {name[:100]!r}")
        return answer(request, name)

    def answer(request: Request, name: str) -> Response:
        headers = {**HEADERS, "ETag": tags[name]}
        if tags[name] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        kind = next(kind for suffix, kind in MEDIA_TYPES.items() if name.endswith(suffix))
        return Response(contents[name], media_type=kind, headers=headers)

    return router
