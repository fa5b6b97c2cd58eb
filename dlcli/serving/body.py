"""Bodies of requests: received, unpacked and parsed within limits."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from dlcli.parser_messages import json_problem
from dlcli.serving.limits import ServerLimits
from dlcli.serving.problems import RequestError, busy, too_large

if TYPE_CHECKING:
    from starlette.requests import Request

# Bodies that the server holds at a time, in the largest ones.
MAX_HELD = 16
MAX_MEMBERS = 10_000  # of a gzip file, which are read one after the other in Python


class Bodies:
    """The bodies that a server holds; their size together is limited.

    Parameters
    ----------
    limits : ServerLimits
    """

    def __init__(self, limits: ServerLimits) -> None:
        self.limits = limits
        self.held = 0

    @asynccontextmanager
    async def receive(self, request: Request) -> AsyncIterator[bytes]:
        """Receive the body of a request and unpack it; it is held until the context ends.

        Raises
        ------
        RequestError
            413 if it is too large, 408 if it does not arrive in time, 415 for an unknown packing,
            400 if it is damaged, and 503 if the server holds too many.
        """
        limit = self.limits.body
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length[:20]) > limit:
            raise too_large(f"the body has {int(length[:20]):,} bytes", f"{limit:,}")
        unpack = _unpacker(request.headers.get("content-encoding", ""), limit)
        held = _Held(self)
        try:
            body = await self._receive(request, held)
            if unpack is not None:
                # In a thread, since the event loop would stand still meanwhile.
                body = await asyncio.to_thread(unpack, body)
                held.add(len(body))
            yield body
        finally:
            self.held -= held.size

    async def _receive(self, request: Request, held: _Held) -> bytes:
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self.limits.seconds):
                async for chunk in request.stream():
                    parts.append(chunk)
                    size += len(chunk)
                    held.add(len(chunk))
                    if size > self.limits.body:
                        raise too_large("the body is larger", f"{self.limits.body:,} bytes")
        except TimeoutError:
            seconds = f"{self.limits.seconds:g} seconds"
            raise RequestError(408, f"the body did not arrive in {seconds}") from None
        return b"".join(parts)


class _Held:
    """The bytes of one request among those that the server holds."""

    def __init__(self, bodies: Bodies) -> None:
        self.bodies, self.size = bodies, 0

    def add(self, size: int) -> None:
        """Count bytes, and refuse the request that has too many."""
        self.size += size
        self.bodies.held += size
        if self.bodies.held > MAX_HELD * self.bodies.limits.body:
            raise busy("the server holds too many large requests")


def _unpacker(encoding: str, limit: int) -> Callable[[bytes], bytes] | None:
    """Return the function that unpacks a body; None for one that is not packed."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return None
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise RequestError(
            415, f"the body has the Content-Encoding {encoding[:40]!r}", hint="use gzip or none"
        )

    def unpack(body: bytes) -> bytes:
        # Its format, gzip's or zlib's, is that of the content, whatever the header says.
        read = _read_gzip if body.startswith(b"\x1f\x8b") else _read_zlib
        try:
            content = read(body, limit + 1)
        except EOFError:
            raise RequestError(400, f"the {encoding} body is not complete") from None
        except (zlib.error, OSError) as error:
            raise RequestError(400, f"the body is not valid {encoding}: {error}") from None
        if len(content) > limit:
            raise too_large("the unpacked body is larger", f"{limit:,} bytes")
        return content

    return unpack


def _read_gzip(body: bytes, size: int) -> bytes:
    """Return the first bytes of all members of a gzip file."""
    # Millions of empty members take seconds. Compressed data have these bytes by chance only.
    if body.count(b"\x1f\x8b\x08") > MAX_MEMBERS:
        raise OSError("it has too many members")
    return gzip.GzipFile(fileobj=io.BytesIO(body)).read(size)


def _read_zlib(body: bytes, size: int) -> bytes:
    stream = zlib.decompressobj()
    content = stream.decompress(body, size)
    if len(content) < size and not stream.eof:
        raise EOFError
    if stream.unused_data:
        raise zlib.error("there is more behind its end")
    return content


def parse_json(body: bytes) -> dict[str, Any]:
    """Return a JSON object.

    Raises
    ------
    RequestError
        400 if it is no JSON, has a key twice, is nested too deep, or is something else.
    """
    try:
        document = json.loads(body, object_pairs_hook=_with_unique_keys)
    except RecursionError:
        raise RequestError(400, "the JSON is nested too deep") from None
    except _RepeatedKeyError as error:
        raise RequestError(400, str(error)) from None
    except ValueError as error:
        raise RequestError(400, f"the body is not valid JSON: {json_problem(error)}") from None
    if not isinstance(document, dict):
        kind = {list: "list", str: "string", type(None): "null", bool: "boolean"}
        found = kind.get(type(document), "number")
        raise RequestError(400, f"the body is a JSON {found}; expected an object")
    return document


class _RepeatedKeyError(ValueError):
    """An object has a key twice."""


def _with_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _RepeatedKeyError(f"the key {key[:100]!r} appears twice")
            seen.add(key)
    return document
