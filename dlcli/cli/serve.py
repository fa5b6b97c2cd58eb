"""``dlcli serve``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlcli.cli import confinement
from dlcli.cli.names import model_or_run
from dlcli.cli.options import MaxSize
from dlcli.errors import DlcliError

if TYPE_CHECKING:
    from dlcli.serving.models import ServedModel

MAX_BODY = "16MB"


def serve(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL",
            help="A .keras or .h5 file, or a run; NAME=MODEL gives it a name in addresses. The "
            "first is that of /predict.",
            show_default=False,
        ),
    ],
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="Port; 0: any free one.")
    ] = 8000,
    token: Annotated[
        str,
        typer.Option(
            "--token",
            envvar="DLCLI_TOKEN",
            help="Token that clients have to send: Authorization: Bearer TOKEN.",
            show_default="none",
        ),
    ] = "",
    no_auth: Annotated[
        bool,
        typer.Option("--no-auth", help="Listen on an address that others reach, without a token."),
    ] = False,
    cors: Annotated[
        list[str] | None,
        typer.Option(
            "--cors",
            metavar="ORIGIN",
            help="Origin of pages that may use the server, as in https://example.org; repeatable.",
        ),
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allowed-host",
            metavar="NAME",
            help="Name of the server in requests, as that of a proxy before it; repeatable. On "
            "this machine and without a token, requests for other names are refused.",
            show_default="names of this machine",
        ),
    ] = None,
    max_body: Annotated[
        str, typer.Option("--max-body", metavar="SIZE", help="Largest body of a request.")
    ] = MAX_BODY,
    max_rows: Annotated[
        int, typer.Option("--max-rows", min=1, help="Most rows of a request.")
    ] = 100_000,
    timeout: Annotated[
        float,
        typer.Option(
            "--timeout", min=0.1, help="Seconds to receive a request, and again to answer it."
        ),
    ] = 30.0,
    concurrent: Annotated[
        int, typer.Option("--concurrent", min=1, help="Requests that are computed at a time.")
    ] = 4,
    queue: Annotated[
        int, typer.Option("--queue", min=1, help="Requests that may wait; more get status 503.")
    ] = 64,
    connections: Annotated[
        int, typer.Option("--connections", min=1, help="Most open connections.")
    ] = 512,
    max_size: MaxSize = "",
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Do not write a line for each request.")
    ] = False,
) -> None:
    """Answer requests with the predictions of models, over HTTP.

    Speaks the Open Inference Protocol (V2), MLflow's /invocations, TensorFlow Serving's :predict,
    and takes files at /predict. Ctrl-C ends it.

    \b
    dlcli serve sonar
    dlcli serve runs/sonar/latest runs/iris/latest --port 9000
    dlcli serve old=runs/sonar/1 new=runs/sonar/2
    dlcli serve model.keras --host 0.0.0.0 --token "$(openssl rand -hex 16)"
    """
    named = [_named(text) for text in models]
    first = named[0][1]
    confinement.confine(first)
    from dlcli.cli import terminal
    from dlcli.cli.serve_example import example
    from dlcli.models.limits import parse_size
    from dlcli.serving import server
    from dlcli.serving.limits import ServerLimits
    from dlcli.serving.models import ServedModels
    from dlcli.serving.origins import is_loopback

    server.check_packages()
    if not (token or no_auth or is_loopback(host)):
        raise DlcliError(
            f"others reach {host}, and there is no token",
            hint="set one with --token or DLCLI_TOKEN, or allow everyone with --no-auth",
        )
    limits = ServerLimits(parse_size(max_body), max_rows, timeout, concurrent, queue, connections)
    with server.open_socket(host, port) as bound:
        served = ServedModels([_load(name, path, max_size) for name, path in named])
        address = server.address_of(bound)

        def say_where(_: object) -> None:
            for model in served:
                terminal.print_notes(model.loaded.notices)
                terminal.print_status(f"dlcli: serving {model.name} ({model.loaded.path})")
            terminal.print_status(f"dlcli: at {address}; Ctrl-C ends it")
            terminal.print_status(f"dlcli: try  {example(served.default, address, bool(token))}")

        server.serve(
            served, bound, limits=limits, token=token, cors=cors or (), hosts=allowed_host or (),
            on_start=say_where, log=not quiet,
        )  # fmt: skip
    terminal.print_status("dlcli: stopped; all requests are answered")


def _named(text: str) -> tuple[str, Path]:
    """Return the name in ``NAME=MODEL``, if there is one, and the path of the model."""
    name, sign, path = text.partition("=")
    if not sign or Path(text).exists():
        return "", model_or_run(Path(text))
    if not name or "/" in name:
        raise DlcliError(f"{text!r}: expected NAME=MODEL, with a name without /")
    return name, model_or_run(Path(path))


def _load(name: str, path: Path, max_size: str) -> ServedModel:
    """Load a model; one without an ONNX graph is converted first, as the first prediction does."""
    from dlcli.cli import terminal
    from dlcli.models.limits import limits_of
    from dlcli.models.loading import NoGraphError, find_model
    from dlcli.serving.models import served_model

    try:
        return served_model(confinement.load_within_limits(path, "onnx", max_size), name)
    except NoGraphError:
        from dlcli.models.onnx_conversion import convert_in_child

        terminal.print_status(f"dlcli: converting the network of {path} for ONNX Runtime, once")
        convert_in_child(find_model(path), limits_of(max_size))
    try:
        return served_model(confinement.load_within_limits(path, "onnx", max_size), name)
    except NoGraphError as error:
        hint = f"`dlcli predict {path} INPUT` computes it with Keras"
        raise DlcliError(str(error), hint=hint) from None
