"""Run a server until a signal ends it."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from dlcli.errors import DlcliError
from dlcli.serving.limits import ServerLimits
from dlcli.serving.models import ServedModels
from dlcli.serving.origins import origins_for

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

    from dlcli.serving.service import Service

KEEP_ALIVE_SECONDS = 20
# In which a server that ends still takes requests, and closes each connection after its answer.
DRAIN_SECONDS = 0.5
BACKLOG = 1024


def check_packages() -> None:
    """Check that the packages of the server are installed.

    Raises
    ------
    DlcliError
        If one is not.
    """
    try:
        import httptools  # noqa: F401
        import prometheus_client  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise DlcliError(
            f"the server needs {error.name}, which is not installed",
            hint='`pip install "dlcli[serve]"`',
        ) from None


def open_socket(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address.

    Raises
    ------
    DlcliError
        If another program has the port, or the address is not one of this machine.
    """
    try:
        # With the protocol: asyncio sends at once (TCP_NODELAY) only what it knows to be TCP.
        kind = socket.SOCK_STREAM
        family, _, proto, _, address = socket.getaddrinfo(host, port, type=kind)[0]
        bound = socket.socket(family, kind, proto)
        if sys.platform != "win32":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    except OSError as error:
        raise DlcliError(f"cannot listen on {host}: {error.strerror or error}") from None
    except UnicodeError:  # an empty part between dots, or one of more than 63 characters
        raise DlcliError(f"cannot listen on {host}: it is no name of a host") from None
    try:
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise _cannot_listen(error, host, port) from None
    return bound


def _cannot_listen(error: OSError, host: str, port: int) -> DlcliError:
    if error.errno == errno.EADDRINUSE:
        hint = f"--port {port + 1}, or --port 0 for any free one"
        return DlcliError(f"another program uses port {port} of {host}", hint=hint)
    return DlcliError(f"cannot listen on {host}:{port}: {error.strerror or error}")


def _listen(bound: socket.socket) -> None:
    try:
        bound.listen(BACKLOG)  # two programs may bind a port on which nobody listens yet
    except OSError as error:
        raise _cannot_listen(error, *bound.getsockname()[:2]) from None


def address_of(bound: socket.socket) -> str:
    """Return the address of a server as a URL."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    models: ServedModels,
    bound: socket.socket,
    *,
    limits: ServerLimits,
    token: str = "",
    cors: Sequence[str] = (),
    hosts: Sequence[str] = (),
    on_start: Callable[[uvicorn.Server], None] = lambda _: None,
    log: bool = True,
) -> None:
    """Answer requests until SIGINT or SIGTERM, and then those that the server already has.

    Parameters
    ----------
    models : ServedModels
    bound : socket
        From `open_socket`.
    limits : ServerLimits
    token : str
        That clients have to send; empty: none.
    cors : sequence of str
        Origins of pages on other servers that may use this one.
    hosts : sequence of str
        Names of the server in requests; see `origins_for`.
    on_start : callable
        Called when requests are accepted, with the server; to set its ``should_exit`` ends it.
    log : bool
        Whether to write a line of JSON for each request to standard error.

    Raises
    ------
    DlcliError
        If another program has begun to listen on the port meanwhile.
    """
    from dlcli.serving.app import make_app
    from dlcli.serving.service import Service

    _listen(bound)
    service = Service(models, limits)
    origins = origins_for(bound.getsockname()[0], token, hosts, cors)
    config = _config(make_app(service, token, origins), limits)
    with _log_to_stderr(enabled=log):
        # What is loaded by now stays; the garbage collector need not visit it.
        gc.freeze()
        _server(config, service, on_start).run([bound])
    service.batching.close()


def _config(app: ASGIApp, limits: ServerLimits) -> uvicorn.Config:
    import uvicorn

    from dlcli.serving.connection import Connection

    return uvicorn.Config(
        app,
        http=type("Connection", (Connection,), {"seconds": limits.seconds}),
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        limit_concurrency=limits.connections,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(2 * limits.seconds) + 1,
    )


def _server(
    config: uvicorn.Config, service: Service, on_start: Callable[[uvicorn.Server], None]
) -> uvicorn.Server:
    import uvicorn

    class Server(uvicorn.Server):
        """A server that ends without raising the signal again."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            on_start(self)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            service.is_draining = True
            # Requests that are on their way come to connections that are still open.
            await asyncio.sleep(DRAIN_SECONDS)
            await super().shutdown(sockets)

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            service.is_draining = True
            super().handle_exit(sig, frame)

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            if threading.current_thread() is not threading.main_thread():
                yield
                return
            numbers = (signal.SIGINT, signal.SIGTERM)
            before = {number: signal.signal(number, self.handle_exit) for number in numbers}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    return Server(config)


@contextmanager
def _log_to_stderr(*, enabled: bool) -> Iterator[None]:
    """Write the log of requests, and warnings of uvicorn, as lines of JSON."""
    from dlcli.serving.log import JsonLines

    loggers = [logging.getLogger(name) for name in ("dlcli.serving", "uvicorn")]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    levels = [logger.level for logger in loggers]
    loggers[0].setLevel(logging.INFO if enabled else logging.ERROR)
    loggers[1].setLevel(logging.ERROR)
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)
