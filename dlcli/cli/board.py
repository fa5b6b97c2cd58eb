"""``dlcli board``: TensorBoard in a process of its own."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from dlcli.cli.options import RunsFolder
from dlcli.errors import DlcliError, TrainingError

HOST = "127.0.0.1"  # reachable from this machine only
EVENT_FILES = "events.out.tfevents.*"
SECONDS_TO_TERMINATE = 10.0
SECONDS_BETWEEN_LOOKS = 5.0  # as TensorBoard's own


def board(
    folder: RunsFolder = Path("runs"),
    port: Annotated[
        int,
        typer.Option("--port", min=0, max=65535, help="Port on this machine; 0: any free port."),
    ] = 6006,
) -> None:
    """Serve TensorBoard for the runs of a folder.

    It is reachable from this machine only. Press Ctrl-C to stop it.

    \b
    dlcli board
    dlcli board experiments --port 6007
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise DlcliError("TensorBoard is not installed", hint='`pip install "dlcli[tensorboard]"`')
    if not folder.is_dir():
        raise DlcliError(f"no folder {folder}", hint="`dlcli train` saves runs in the folder runs")
    if next(folder.rglob(EVENT_FILES), None) is None:
        raise DlcliError(
            f"no run in {folder} has event files for TensorBoard",
            hint="add `callbacks: [TensorBoard: logs]` to the config and train again",
        )
    with _linked(folder) as links:
        code = _serve(
            [sys.executable, "-m", "tensorboard.main", "--logdir", str(links), "--host", HOST,
             "--port", str(port)]
        )  # fmt: skip
    if code:
        raise TrainingError(
            f"TensorBoard ended with exit code {code}",
            hint="if the port is in use, choose another one with --port",
        )


@contextmanager
def _linked(folder: Path) -> Iterator[Path]:
    """Yield a folder of links to the event files, which new runs join.

    TensorBoard would follow the link ``latest``, and list the newest run twice.
    """
    with TemporaryDirectory(prefix="dlcli-board-") as name:
        links, ended = Path(name), threading.Event()
        try:
            _link_files(folder, links)
        except OSError:  # Windows allows links to administrators alone, and then has no `latest`
            yield folder
            return

        def keep_linking() -> None:
            while not ended.wait(SECONDS_BETWEEN_LOOKS):
                with suppress(OSError):  # a run that was deleted meanwhile
                    _link_files(folder, links)

        thread = threading.Thread(target=keep_linking, daemon=True)
        thread.start()
        try:
            yield links
        finally:
            ended.set()
            thread.join()


def _link_files(folder: Path, links: Path) -> None:
    for file in folder.rglob(EVENT_FILES):  # which follows no links
        link = links / file.relative_to(folder)
        if not link.is_symlink():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file.resolve())


def _serve(command: list[str]) -> int:
    """Run a server and return its exit code, or 0 after an interrupt."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}
    server = subprocess.Popen(command, env=environment)  # noqa: S603 (this Python, no shell)
    # SIGTERM also raises KeyboardInterrupt, so that the server is stopped in both cases.
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return server.wait()
    except KeyboardInterrupt:
        # Ctrl-C in a terminal reaches both processes; other signals reach only this one.
        server.terminate()
        try:
            server.wait(SECONDS_TO_TERMINATE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        return 0
    finally:
        signal.signal(signal.SIGTERM, previous)
