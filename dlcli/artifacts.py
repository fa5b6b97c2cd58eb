"""What a run leaves behind; every file appears whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
import platform
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.backend import versions
from dlcli.config import Config
from dlcli.config.document import dump
from dlcli.errors import DlcliError


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that replaces it when the block ends well.

    Parameters
    ----------
    path : Path
        What readers see: the old file, then the new one, never a part of it.
    """
    path = path.resolve()  # a symbolic link keeps pointing where it does
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp-", suffix=path.suffix)
    except OSError as error:
        raise DlcliError(f"cannot write {path}: {error.strerror}") from error
    os.close(handle)
    temporary = Path(name)
    try:
        temporary.chmod(0o666 & ~_umask())
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise DlcliError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text, whole or not at all."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write a JSON document, whole or not at all; NaN becomes null."""
    write_text(path, json.dumps(finite(value), indent=2, ensure_ascii=False) + "\n")


def finite(value: Any) -> Any:
    """Replace what JSON has no word for by null."""
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV file, whole or not at all."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, text.getvalue())


class RunDirectory:
    """A numbered directory that belongs to one run.

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

    def __init__(self, root: Path, config: Config, kind: str, about: Mapping[str, Any]) -> None:
        self.path = _claim(root / _folder_name(config.name))
        self.started = time.monotonic()
        self.record: dict[str, Any] = {
            "kind": kind,
            "status": "running",
            "config": config.name,
            "seed": config.seed,
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
            "versions": versions(),
            "machine": {
                "platform": platform.platform(),
                "cpus": os.cpu_count(),
                "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS"),
            },
            **about,
        }
        write_text(self.path / "config.yaml", dump(config.plain()))
        self._write()

    def finish(self, status: str, **more: Any) -> None:
        """Record how the run ended: finished, interrupted or failed."""
        self.record |= {
            "status": status,
            "seconds": round(time.monotonic() - self.started, 3),
            **more,
        }
        self._write()
        # Cross-validation and comparison leave no model, and `predict runs/x/latest` wants one.
        if self.record["kind"] == "train" and status != "failed":
            _point_latest(self.path)

    def discard(self) -> None:
        """Remove a run that left nothing."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _write(self) -> None:
        write_json(self.path / "run.json", self.record)


def _folder_name(name: str) -> str:
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


def find_run(path: Path) -> Path | None:
    """Return the run directory that a path means.

    Parameters
    ----------
    path : Path
        A run, the folder above its numbered runs, or ``…/latest``.
    """
    if (path / "run.json").is_file():
        return path
    folder = path.parent if path.name == "latest" else path
    if not folder.is_dir():
        return None
    runs = sorted(
        (p for p in folder.iterdir() if p.name.isdigit() and (p / "run.json").is_file()),
        key=lambda p: int(p.name),
    )
    linked = folder / "latest"
    return linked.resolve() if (linked / "run.json").is_file() else (runs[-1] if runs else None)
