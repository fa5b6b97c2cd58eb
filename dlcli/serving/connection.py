"""A connection of a client, which must not hang or send endless headers."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 64 << 10  # bytes of the request line and the headers


class Connection(HttpToolsProtocol):
    """A connection that is closed if a request's head, or the reading of an answer, takes too long.

    Attributes
    ----------
    seconds : float
        For each of them.
    """

    seconds = 30.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._head = 0
        self._is_reading_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to wait for a request."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Close the connection if the head is too long."""
        super().data_received(data)
        if self._is_reading_head and not self.transport.is_closing():
            self._head += len(data)
            if self._head > MAX_HEAD:
                self.transport.abort()
            elif self._timer is None:
                self._start_timer()

    def on_message_begin(self) -> None:
        """Start to read a head."""
        self._is_reading_head, self._head = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop the timer; the time of the body is measured where it is read."""
        self._is_reading_head = False
        self._stop_timer()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Expect another request, for which keep-alive has a timer of its own."""
        self._head = 0
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Wait for a client that does not read."""
        self._start_timer()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Stop waiting for it."""
        self._stop_timer()
        super().resume_writing()

    def _start_timer(self) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(self.seconds, self._close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close(self) -> None:
        self._timer = None
        self.transport.abort()
