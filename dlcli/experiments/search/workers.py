"""Where the trainings of a search run: in this process, in several, or on a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from dlcli.errors import DlcliError
from dlcli.machine import cpu_count
from dlcli.network.backend import limit_threads
from dlcli.runs.directory import CHECKPOINT
from dlcli.runs.records import SearchRecord
from dlcli.training.trials.trainers import TrialTrainers
from dlcli.training.trials.transport import format_of
from dlcli.work.executor import Executor, Function, Inline, Job
from dlcli.work.processes import Processes, most_workers
from dlcli.work.shared_folder import SharedFolder

RAY_ADDRESS = "RAY_ADDRESS"
MOST_JOBS = 1024
# In the folder of checkpoints: the pieces that several processes share.
PIECES = "pieces"


@dataclass(frozen=True)
class Workers:
    """Where trainings run.

    Parameters
    ----------
    executor : {"inline", "processes", "ray", "shared"}
    jobs : int or None
        Largest number of trainings, or groups of them, at a time; None for as many as a cluster
        takes.
    threads : int or None
        Of each process that trains; the last bits depend on it. None for all processors.
    address : str
        Of the cluster; ``"local"`` starts one on this machine.
    """

    executor: Literal["inline", "processes", "ray", "shared"] = "inline"
    jobs: int | None = None
    threads: int | None = None
    address: str = "local"

    @classmethod
    def of(
        cls,
        jobs: int | None,
        threads: int | None,
        ray: bool | str,
        recorded: SearchRecord | None = None,
        *,
        shared: bool = False,
    ) -> Workers:
        """Return what is requested.

        Parameters
        ----------
        jobs, threads : int, optional
        ray : bool or str
            An address, or whether to take that in ``RAY_ADDRESS`` or start a cluster here.
        shared : bool
            Whether other processes train too, which resume the same run.
        recorded : SearchRecord, optional
            Of the search that is resumed. Its `threads` count, and its `jobs` unless others are
            requested.

        Raises
        ------
        DlcliError
            If a number is too small or large, or the threads differ from those recorded.
        """
        if shared and (ray or jobs is not None):
            raise DlcliError("shared cannot be combined with jobs and ray")
        for name, value in (("jobs", jobs), ("threads", threads)):
            if value is not None and not 1 <= value <= MOST_JOBS:
                raise DlcliError(f"{name}: expected 1 to {MOST_JOBS}, got {value}")
        if recorded is not None:
            if threads is not None and threads != recorded.threads:
                own = "all processors" if recorded.threads is None else f"{recorded.threads}"
                raise DlcliError(
                    f"threads: the search began with {own}, and would end with other bits"
                )
            threads = recorded.threads
            if jobs is None and not ray and recorded.executor == "processes":
                jobs = recorded.jobs
        if shared:
            return cls("shared", None, cls._threads(threads, recorded, cpu_count()))
        if ray:
            from dlcli.work.ray_cluster import import_ray

            import_ray()  # before anything is written
            address = ray if isinstance(ray, str) else os.environ.get(RAY_ADDRESS, "local")
            return cls("ray", jobs, cls._threads(threads, recorded, 1), address)
        if jobs is not None and jobs > 1:
            share = max(1, cpu_count() // jobs)
            return cls("processes", jobs, cls._threads(threads, recorded, share))
        return cls(threads=threads)

    @staticmethod
    def _threads(threads: int | None, recorded: SearchRecord | None, default: int) -> int:
        if threads is not None:
            return threads
        return default if recorded is None else cpu_count()

    def limit_threads(self) -> None:
        """Have this process compute with the same threads as those that train.

        Raises
        ------
        DlcliError
            If it computes with others already, and would train itself.
        """
        if self.threads is None:
            return
        try:
            limit_threads(self.threads)
        except DlcliError:
            if self.executor in ("inline", "shared"):
                raise

    def record(self) -> dict[str, Any]:
        """Return the fields of `SearchRecord`."""
        return {"executor": self.executor, "jobs": self.jobs, "threads": self.threads}

    @contextmanager
    def open(self, trainers: TrialTrainers, run: Path) -> Iterator[Executor]:
        """Open an executor that trains the pieces of trainers, for a run directory."""
        executor = self._executor(trainers, run)
        try:
            yield executor
        finally:
            executor.close()

    def shared_folder(self, trainers: TrialTrainers, run: Path) -> SharedFolder:
        """Return the executor that shares its pieces through a run directory."""
        return SharedFolder(
            trainers.train, run / CHECKPOINT / PIECES, format_of(trainers.prepared.config)
        )

    def _executor(self, trainers: TrialTrainers, run: Path) -> Executor:
        if self.executor == "shared":
            return self.shared_folder(trainers, run)
        return self.executor_of(trainers.prepared.dataset.x, trainers.train, trainers.job)

    def executor_of(self, x: Any, function: Function, job: Callable[[int], Job]) -> Executor:
        """Return an executor of pieces that no other command shares.

        Parameters
        ----------
        x : ndarray or DataFrame
            Rows of which each process has a copy.
        function : callable
            Computes a piece in this process.
        job : callable
            Takes the threads of a process, and returns what computes pieces in it.
        """
        if self.executor == "inline":
            return Inline(function)
        row_bytes = x.nbytes if isinstance(x, np.ndarray) else int(x.memory_usage(deep=True).sum())
        threads = cpu_count() if self.threads is None else self.threads
        most = most_workers(row_bytes)
        if self.executor == "processes" and self.jobs is not None:
            return Processes(job(threads), min(self.jobs, most))
        from dlcli.work.ray_cluster import RayCluster

        jobs = self.jobs
        if self.address == "local":
            jobs = min(jobs or max(1, cpu_count() // threads), most)
        return RayCluster(job(threads), self.address, threads, jobs)
