"""TensorBoard on the runs of a folder, as a process of its own."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

from dlcli.errors import DlcliError, TrainingError

HOST = "127.0.0.1"  # the runs are nobody else's business
EVENTS = "events.out.tfevents.*"
PATIENCE = 10.0


def board(folder: Path, port: int) -> None:
    """Serve TensorBoard until it is interrupted.

    Parameters
    ----------
    folder : Path
        ``runs``, as a rule.
    port : int
        Of this machine alone; 0 takes any that is free.

    Raises
    ------
    DlcliError
        If TensorBoard is not installed, or no run has event files.
    TrainingError
        If TensorBoard itself fails, as when the port is taken.
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise DlcliError("TensorBoard is not installed", hint='`pip install "dlcli[tensorboard]"`')
    if not folder.is_dir():
        raise DlcliError(f"no folder {folder}", hint="`dlcli train` writes runs into runs")
    if next(folder.rglob(EVENTS), None) is None:
        raise DlcliError(
            f"no run in {folder} has written event files for TensorBoard",
            hint="add `callbacks: [TensorBoard: logs]` to the config, and train again",
        )
    code = _serve(
        [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--host", HOST,
         "--port", str(port)]
    )  # fmt: skip
    if code:
        raise TrainingError(
            f"TensorBoard ended with exit code {code}",
            hint="if its port is taken, name another with --port",
        )


def _serve(command: list[str]) -> int:
    """Run a server; an interrupt is how it ends well, and returns 0."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}
    server = subprocess.Popen(command, env=environment)  # noqa: S603 (our own Python, no shell)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # leaves no server behind
    try:
        return server.wait()
    except KeyboardInterrupt:
        # A terminal sends Ctrl-C to both; a signal to this process alone has to be handed on.
        server.terminate()
        try:
            server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        return 0
    finally:
        signal.signal(signal.SIGTERM, before)
