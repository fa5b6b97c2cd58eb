"""The directory of a run: numbered, owned by one process at a time, and described by run.json."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dlcli.config import Config
from dlcli.config.document import dump
from dlcli.errors import DlcliError, Interrupted
from dlcli.files import FolderLock, remove_temporary, write_json, write_text
from dlcli.network.environment import cpu_count, processor, versions
from dlcli.runs.records import RECORD, read_record

CONFIG, CHECKPOINT = "config.yaml", "checkpoint"
# What a run records at its end.
ENDINGS = ("error", "epochs", "fit_seconds", "best_epoch")


class RunDirectory:
    """A numbered directory that belongs to one run.

    Parameters
    ----------
    path : Path
    record : dict
        What ``run.json`` says.

    Raises
    ------
    DlcliError
        If another process works in it.
    """

    def __init__(self, path: Path, record: dict[str, Any]) -> None:
        self.path, self.record = path, record
        self.started = time.monotonic()
        self.before = 0.0  # seconds of earlier processes
        self._lock = FolderLock(path)
        if not self._lock.acquire():
            raise DlcliError(f"{path} is in use by process {read_record(path).get('pid', '?')}")

    @classmethod
    def create(
        cls, root: Path, config: Config, kind: str, about: Mapping[str, Any]
    ) -> RunDirectory:
        """Make the next numbered directory of a config.

        Parameters
        ----------
        root : Path
            ``runs``, as a rule.
        config : Config
            Resolved.
        kind : {"train", "kfold", "baseline"}
        about : mapping
            More of what ``run.json`` says from the start.
        """
        run = cls(_claim(root / folder_name(config.name)), {})
        run.record = {
            "kind": kind,
            "status": "running",
            "config": config.name,
            "config_sha256": fingerprint(config.plain()),
            "seed": config.seed,
            "started": now(),
            "pid": os.getpid(),
            "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
            "versions": versions(),
            "machine": machine(),
            **about,
        }
        run.write_config(config)
        run._write()
        return run

    @classmethod
    def reopen(cls, path: Path) -> RunDirectory:
        """Take a run up again that another process has left.

        Raises
        ------
        DlcliError
            If a process still works in it.
        """
        linked = [item for item in path.rglob("*") if item.is_symlink()]
        if linked:
            raise DlcliError(
                f"{linked[0]} is a link; dlcli writes no further than the run directory"
            )
        run = cls(path, {})
        run.record = read_record(path)  # nobody writes it any more
        run.before = float(run.record.get("seconds") or 0.0)
        remove_temporary(path)
        return run

    @property
    def checkpoint(self) -> Path:
        """Where the state of the training is kept."""
        return self.path / CHECKPOINT

    def go_on(self, **more: Any) -> None:
        """Record that the run has been taken up again."""
        for name in ENDINGS:
            self.record.pop(name, None)
        self.record |= {"status": "running", "pid": os.getpid(), **more}
        self._write()

    def finish(self, status: str, **more: Any) -> None:
        """Record how the run ended: finished, interrupted or failed."""
        seconds = self.before + time.monotonic() - self.started
        self.record |= {"status": status, "seconds": round(seconds, 3), **more}
        self.record.pop("pid", None)
        self._write()
        # Cross-validation and comparison leave no model, and `predict runs/x/latest` wants one.
        if self.record["kind"] == "train" and status != "failed":
            _point_latest(self.path)
        self._lock.release()

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Record it if the block fails or is interrupted, and that it can go on from here."""
        try:
            yield
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt | Interrupted)
            if isinstance(error, Interrupted):
                error.path = self.path
            what = {} if stopped else {"error": f"{type(error).__name__}: {error}"}
            with suppress(DlcliError):  # a full disk: what went wrong first is told
                self.finish("interrupted" if stopped else "failed", **what)
            self.release()
            raise

    def forget_checkpoint(self) -> None:
        """Remove the states of a run that needs them no more."""
        shutil.rmtree(self.checkpoint, ignore_errors=True)

    def discard(self) -> None:
        """Remove a run that left nothing."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.release()

    def write_config(self, config: Config) -> None:
        """Keep the config that the run is by now."""
        write_text(self.path / CONFIG, dump(config.plain()))

    def release(self) -> None:
        """Leave the run to other processes."""
        self._lock.release()

    def _write(self) -> None:
        write_json(self.path / RECORD, self.record)


def fingerprint(plain: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a resolved config but for its epochs: a run may be extended."""
    fit = {name: value for name, value in plain["fit"].items() if name != "epochs"}
    return hashlib.sha256(dump({**plain, "fit": fit}).encode()).hexdigest()


def now() -> str:
    """Return the present time as ``run.json`` writes it: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def machine() -> dict[str, Any]:
    """Return what of the machine shows in the last bits of a result."""
    return {
        "platform": platform.platform(),
        "processor": processor(),
        "cpus": cpu_count(),
        "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS"),
    }


def folder_name(name: str) -> str:
    """Return what the folder of a config's runs is called."""
    return re.sub(r"[^\w.-]+", "_", name).lstrip(".") or "run"


def _claim(folder: Path) -> Path:
    """Make the next numbered directory; of two at once, each gets its own."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = max((int(p.name) for p in folder.iterdir() if p.name.isdigit()), default=0) + 1
        while True:
            path = folder / str(number)
            try:
                path.mkdir()
            except FileExistsError:
                number += 1
            else:
                return path
    except OSError as error:
        raise DlcliError(
            f"cannot make a run directory in {folder}: {error.strerror}",
            hint="name another folder with --out",
        ) from None


def _point_latest(path: Path) -> None:
    link = path.parent / "latest"
    temporary = path.parent / f".latest-{os.getpid()}"
    try:
        temporary.symlink_to(path.name)
        temporary.replace(link)
    except OSError:  # no symbolic links here; `find_run` takes the highest number then
        temporary.unlink(missing_ok=True)
