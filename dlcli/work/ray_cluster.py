"""Compute pieces of work on a cluster of Ray."""

from __future__ import annotations

import os
import pickle
import signal
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dlcli.errors import DlcliError, TrainingError, first_line, missing_package
from dlcli.machine import cpu_count
from dlcli.work.executor import Function, Job, OnReport, sendable
from dlcli.work.ray_reports import PieceKey, ReportReader, reporter
from dlcli.work.signals import SignalListener

POLL_SECONDS = 0.2
# How often Ray computes a piece again whose process or machine was lost.
RETRIES = 3
# Pieces that Ray knows of at a time: more than a cluster has processors, so that it can grow.
MOST_PENDING = 1000
# Object store of a Ray that is started here, beside three times the data.
STORE_BYTES = 256 << 20
LOCAL = "local"

_functions: dict[bytes, Function] = {}  # in a process of the cluster: by the identity of the job


def import_ray() -> Any:
    """Import Ray.

    Raises
    ------
    DlcliError
        If it is not installed.
    """
    try:
        import ray
    except ImportError:
        raise missing_package("--ray needs", "Ray", "ray") from None
    return ray


class RayCluster:
    """Processes of a Ray cluster; see `dlcli.work.executor.Executor`.

    The data of the job go through the object store once. Ray computes a piece again if its process
    or machine is lost.

    Parameters
    ----------
    job : Job
    address : str
        Of a cluster; ``"local"`` starts one on this machine, which ends with this process.
    threads : int
        Processors that a piece takes.
    jobs : int, optional
        Largest number of pieces that are computed at a time. Default: what the cluster has.

    Raises
    ------
    DlcliError
        If Ray is not installed, or the cluster cannot be joined.
    """

    def __init__(self, job: Job, address: str, threads: int, jobs: int | None = None) -> None:
        self._ray = ray = import_ray()
        payload = pickle.dumps((job.open, job.data), protocol=pickle.HIGHEST_PROTOCOL)
        self._is_own = not ray.is_initialized()
        if self._is_own:
            with _same_handlers(), _sentences(ray):
                _connect(ray, address, threads, jobs, len(payload))
        with _sentences(ray):
            self._data = ray.put(payload)
        self._prepare = job.prepare
        self._most = MOST_PENDING if jobs is None else jobs
        # Ray keeps processes for further pieces, but in none can TensorFlow change its threads:
        # those of another environment are not taken.
        environment = {"env_vars": {"DLCLI_THREADS": str(threads)}}
        options = {"num_cpus": threads, "max_retries": RETRIES, "runtime_env": environment}
        self._compute = ray.remote(**options)(_compute)
        self._reports: ReportReader | None = None
        self._runs = 0

    def run(
        self, pieces: Sequence[Any], on_report: OnReport | None = None
    ) -> Generator[tuple[int, Any]]:
        """Compute the results of pieces; see `Executor.run`.

        Not every report arrives: of each piece the latest, once a second.
        """
        listener = SignalListener()
        self._runs += 1
        if on_report is not None and self._reports is None:
            with _sentences(self._ray):
                self._reports = ReportReader(self._ray)
        actor = self._reports.actor if self._reports and on_report is not None else None
        waiting = deque(enumerate(pieces))
        pending: dict[Any, int] = {}
        try:
            while waiting or pending:
                while waiting and len(pending) < self._most:
                    number, piece = waiting.popleft()
                    key = self._runs, number
                    reference = self._compute.remote([self._data], self._prepare, piece, actor, key)
                    pending[reference] = number
                with listener.listening():
                    references = self._wait(list(pending), listener, on_report)
                for reference in references:
                    yield pending.pop(reference), self._result(reference)
        finally:
            for reference in pending:
                self._ray.cancel(reference, force=True)

    def close(self) -> None:
        """Leave the cluster, or end it if it was started here."""
        if self._is_own:
            self._ray.shutdown()

    def _wait(
        self, references: list[Any], listener: SignalListener, on_report: OnReport | None
    ) -> list[Any]:
        """Return pieces that are complete; hand on the reports of the others."""
        complete: list[Any] = []
        while not complete:
            listener.check()
            complete, _ = self._ray.wait(references, timeout=POLL_SECONDS)
            if not complete and self._reports is not None and on_report is not None:
                for (run, number), value in self._reports.read().items():
                    if run == self._runs:  # and not of a piece of an earlier call
                        on_report(number, value)
        return complete

    def _result(self, reference: Any) -> Any:
        with _sentences(self._ray):
            kind, value = self._ray.get(reference)
        if kind == "error":
            raise value
        return value


def _connect(ray: Any, address: str, threads: int, jobs: int | None, data_bytes: int) -> None:
    """Join a cluster, or start one."""
    options: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
    if address == LOCAL:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent to anybody
        os.environ.setdefault("RAY_worker_niceness", "0")  # as for other processes; Ray's is 15
        options |= {
            "num_cpus": threads * (max(1, cpu_count() // threads) if jobs is None else jobs),
            "include_dashboard": False,
            "object_store_memory": STORE_BYTES + 3 * data_bytes,
        }
    ray.init(address=address, **options)


@contextmanager
def _same_handlers() -> Iterator[None]:
    """Keep the handlers of signals, which Ray replaces by its own."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    handlers = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            if signal.getsignal(number) is not handler:
                signal.signal(number, handler)


@contextmanager
def _sentences(ray: Any) -> Iterator[None]:
    """Turn Ray's errors into sentences."""
    try:
        yield
    except ray.exceptions.OutOfMemoryError as error:
        raise TrainingError(
            f"a machine of the cluster has too little memory: {first_line(error)}",
            hint="--threads 2 or more gives each training more of a machine",
        ) from None
    except ray.exceptions.WorkerCrashedError:
        raise TrainingError(
            f"a piece of work was lost {RETRIES + 1} times with its process or machine",
            hint="--resume goes on with what is left",
        ) from None
    except ray.exceptions.RayTaskError as error:  # what `_compute` cannot catch: its own import
        raise DlcliError(
            f"a process of the cluster failed: {first_line(error.cause)}",
            hint="every machine needs the same versions of Python and dlcli",
        ) from None
    except (ray.exceptions.RayError, ConnectionError, ValueError, RuntimeError, OSError) as error:
        raise DlcliError(
            f"Ray: {first_line(error)}",
            hint="is the cluster reachable (`ray status`), and its token here, if it asks for one "
            "(RAY_AUTH_MODE=token)? --resume goes on",
        ) from None


def _compute(
    data: list[Any], prepare: Any, piece: Any, actor: Any, key: PieceKey
) -> tuple[str, Any]:
    """Compute a piece, in a process of the cluster."""
    import ray

    SignalListener.is_patient = True
    try:
        identity = data[0].binary()
        if identity not in _functions:
            _functions.clear()  # the data of an earlier job
            prepare()
            open_job, values = pickle.loads(ray.get(data[0]))  # noqa: S301 (sent by the driver)
            _functions[identity] = open_job(values)
        return "done", _functions[identity](piece, reporter(actor, key))
    except ray.exceptions.RayError:
        raise
    except Exception as error:  # noqa: BLE001 (raised again by the driver)
        return "error", sendable(error)
