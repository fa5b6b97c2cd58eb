"""Measure whole processes: seconds, processor seconds and peak memory, by turns.

Import nothing large here: a process that is started counts its starter's memory as its own first
peak.
"""

from __future__ import annotations

import compileall
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLAIN = ROOT / "benchmarks" / "plain_keras"
PACKAGES = ("keras", "tensorflow", "numpy", "pandas", "scikit-learn")
DLCLI = (sys.executable, "-m", "dlcli")


@dataclass(frozen=True)
class Run:
    """What one process took.

    Parameters
    ----------
    seconds : float
        From start to end.
    cpu : float
        Processor seconds of it and its children.
    peak : float
        The most memory that it or one of its children held, in MB.
    output, errors : str
        What it wrote.
    """

    seconds: float
    cpu: float
    peak: float
    output: str
    errors: str


class BenchmarkError(Exception):
    """A process failed, or its answer is wrong."""


def plain(script: str, *arguments: object) -> list[str]:
    """Return the command of a hand-written script."""
    return [sys.executable, str(PLAIN / script), *map(str, arguments)]


def dlcli(*arguments: object) -> list[str]:
    """Return a command of dlcli."""
    return [*DLCLI, *map(str, arguments)]


def as_installed(**variables: str) -> dict[str, str]:
    """Return the environment of a program, with the modules of dlcli compiled as pip does it."""
    compileall.compile_dir(ROOT / "dlcli", quiet=1)  # what is compiled already is left as it is
    return {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", **variables}


def run(command: Sequence[str], folder: Path, *, exit_code: int = 0) -> Run:
    """Run a command in a folder and wait for its end.

    Raises
    ------
    BenchmarkError
        If it ends with another exit code.
    """
    environment = as_installed()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.monotonic()
        process = subprocess.Popen(
            command, stdout=output, stderr=errors, cwd=folder, env=environment
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (output, errors):
            file.seek(0)
            texts.append(file.read().decode())
    if process.returncode != exit_code:
        raise BenchmarkError(f"{' '.join(command)}: {process.returncode}\n{texts[1]}")
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit, *texts)


def alternate(
    commands: Mapping[str, Sequence[str]], folder: Path, repeats: int, *, exit_code: int = 0
) -> dict[str, list[Run]]:
    """Run some commands by turns, so that what else the machine does hits all alike."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for repeat in range(repeats):
        for name, command in commands.items():
            runs[name].append(run(command, folder, exit_code=exit_code))
            last = runs[name][-1]
            print(
                f"  {repeat + 1}/{repeats} {name}: {last.seconds:.2f} s, {last.peak:.0f} MB",
                flush=True,
            )
    return runs


def median(values: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def here() -> dict[str, object]:
    """Return date, versions and machine, as they go below a table."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version()} | {n: _version(n) for n in PACKAGES},
        "machine": f"{os.cpu_count()} cores, {_processor()}, no GPU",
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return metadata.version(f"{name}-cpu")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
