"""Open untrusted model files with bounded memory and CPU time.

The inspection refuses most harmful files. The limits here stop what it misses: a file that crashes
a library, or makes it loop or allocate without end.

The command line runs a whole command in a child process under these limits
(`dlcli.cli.confinement`). A program that uses dlcli as a library cannot continue in a fork, because
it may have threads. For such a program `check_in_child` opens the file in a separate process
first, and the program opens it only if that succeeds.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from dlcli.errors import ModelFileError
from dlcli.files import cache_folder, file_sha256
from dlcli.models.inspection.source import open_source
from dlcli.models.limits import Limits

Purpose = Literal["inspect", "auto", "onnx", "keras"]

# Bytes of memory: a base, which covers TensorFlow, and a multiple of the file's size.
BASE_MEMORY, MEMORY_PER_BYTE = 4 << 30, 8
# Seconds of CPU time: a base, and one more for so many bytes of the file.
BASE_SECONDS, BYTES_PER_SECOND = 60.0, 20e6
# A child that waits uses no CPU time; it is stopped after so many times its limit.
WAIT_FACTOR = 10
# The parent's `sys.path` makes the child import the same packages; `-I` ignores the rest.
CHILD_CODE = """
import json, sys
request = json.load(sys.stdin)
sys.path[:] = request.pop("sys_path")
from dlcli.models.guarded_child import serve
serve(**request)
"""
# The child needs no GPU, whose drivers reserve far more address space than the limit.
CHILD_ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1", "HIP_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3",
}  # fmt: skip

_confined = False
_trusted: set[str] = set()


def declare_confined() -> None:
    """Note that this process is limited itself, so that it opens files without `check_in_child`."""
    global _confined  # noqa: PLW0603 (a property of the process)
    _confined = True


def limit_memory(size: int, *, with_data: bool = True) -> None:
    """Limit the memory of this process; on Linux alone, since others do not enforce the limit.

    Parameters
    ----------
    size : int
        Bytes of the model file.
    with_data : bool
        Whether the process also holds data sets, for which three quarters of the machine's
        memory are allowed.
    """
    if sys.platform != "linux":
        return
    import resource

    # RLIMIT_DATA counts private writable memory. RLIMIT_AS would count address space that is only
    # reserved, and mapped files.
    limit, (_, hard) = memory_limit_for(size, with_data), resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    # A crash must not write the memory to disk.
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def memory_limit_for(size: int, with_data: bool) -> int:
    """Return the bytes of memory allowed for a file of `size` bytes, at most those there are."""
    from dlcli.machine import memory_limit

    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    total = min(total, memory_limit() or total)
    limit = BASE_MEMORY + MEMORY_PER_BYTE * size
    return min(max(limit, total * 3 // 4) if with_data else limit, total)


def seconds_for(size: int) -> float:
    """Return the CPU seconds in which a file of `size` bytes has to be open."""
    return BASE_SECONDS + size / BYTES_PER_SECOND


@contextmanager
def opening(path: Path, seconds: float) -> Iterator[None]:
    """End this process when the block uses more CPU time than `seconds`.

    The signal's default action ends the process, since a Python handler would have to wait for
    a library that loops.

    Raises
    ------
    ModelFileError
        If the memory is exhausted.
    """
    # CPU time, since a slow disk is no fault of the file.
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    except MemoryError:
        raise _stopped(path, "it needs more memory than is allowed") from None
    finally:
        if sys.platform != "win32":
            signal.setitimer(signal.ITIMER_PROF, 0)


def killed(path: Path, signum: int) -> ModelFileError:
    """Return the error for a process that a signal ended while it had a model file open."""
    limit = "CPU time" if signum == signal.SIGPROF else "memory"
    name = signal.Signals(signum).name
    return _stopped(path, f"it is damaged or needs more {limit} than is allowed ({name})")


def _stopped(path: Path, reason: str) -> ModelFileError:
    hint = "`dlcli inspect` shows what the file contains"
    return ModelFileError(f"{path} stopped the process that opened it: {reason}", hint=hint)


def trust(path: Path) -> None:
    """Note that dlcli wrote a file here, which therefore needs no check."""
    digest = file_sha256(path)
    _trusted.add(digest)
    _touch(_marker(digest, "saved"))


def is_trusted(digest: str) -> bool:
    """Return whether dlcli wrote a file with this SHA-256 here."""
    return digest in _trusted or _marker(digest, "saved").exists()


def check_in_child(path: Path, purpose: Purpose, limits: Limits) -> None:
    """Open a model file in a child process with limited memory and CPU time.

    A file that passes is remembered by its SHA-256 in the user's cache. Nothing is done for a
    file that passed before or that dlcli wrote here, in a confined process, and where there is no
    Python interpreter to start.

    Parameters
    ----------
    path : Path
    purpose : {"inspect", "auto", "onnx", "keras"}
        What the child does with the file: inspect it, or load it with this engine and compute
        one row.
    limits : Limits

    Raises
    ------
    ModelFileError
        If the child refuses the file, crashes, or exceeds a limit.
    """
    if _confined or not sys.executable or getattr(sys, "frozen", False):
        return
    with open_source(path, limits) as (source, _):
        digest = file_sha256(path)
    marker = _marker(digest, purpose)
    if is_trusted(digest) or marker.exists():
        return
    seconds = seconds_for(source.size)
    code = _loaded_code()
    if code is None:  # the child cannot have what this program has defined
        purpose = "inspect"
    request = {
        "sys_path": list(map(str, sys.path)),
        "path": str(path),
        "purpose": purpose,
        "code": code or [],
        "limits": asdict(limits),
        "seconds": seconds,
    }
    answer = _run_child(path, request, seconds * WAIT_FACTOR)
    if answer:
        raise ModelFileError(answer["message"], hint=answer["hint"])
    _touch(marker)


def _loaded_code() -> list[str] | None:
    """Return the files of ``--code``; None if components are registered that are in none."""
    if "dlcli.network.code_files" not in sys.modules:
        return []
    from dlcli.network.code_files import loaded_files

    return loaded_files()


def _touch(marker: Path) -> None:
    with suppress(OSError):  # without the marker, the next process checks the file again
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()


def _marker(digest: str, reason: Purpose | Literal["saved"]) -> Path:
    """Return the empty file that records why a file needs no check, for the installed versions."""
    # Another version of a library may crash on a file that this one opened.
    packages = [f"{name} {version(name)}" for name in ("keras", "onnxruntime", "h5py")]
    return cache_folder() / "checked" / ", ".join(packages) / f"{digest}.{reason}"


def _run_child(path: Path, request: Mapping[str, Any], timeout: float) -> Mapping[str, str]:
    """Return why the child refuses a file; empty if it opened it."""
    try:
        child = subprocess.run(  # noqa: S603 (this interpreter, with code from this module)
            [sys.executable, "-I", "-c", CHILD_CODE],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=timeout,
            check=False,
            env={**os.environ, **CHILD_ENVIRONMENT},
        )
    except subprocess.TimeoutExpired:
        raise _stopped(path, f"it was not open after {timeout:.0f} seconds") from None
    except OSError as error:
        raise _stopped(path, f"the process could not be started ({error})") from None
    if child.returncode < 0:
        raise killed(path, -child.returncode)
    try:
        answer: Mapping[str, str] = json.loads(child.stdout)
    except ValueError:
        lines = child.stderr.decode(errors="replace").strip().splitlines() or [""]
        reason = f"it ended with exit code {child.returncode}: {lines[-1][:200]}"
        raise _stopped(path, reason) from None
    return answer
