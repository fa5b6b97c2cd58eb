"""The state of a training on disk: whole or not at all, and the one before it kept."""

from __future__ import annotations

import hashlib
import json
import time
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.errors import DlcliError, ModelFileError
from dlcli.files import atomic
from dlcli.models.limits import DEFAULT
from dlcli.models.npz import inspect_npz
from dlcli.types import Array

SCHEMA = 1
LATEST, PREVIOUS = "latest.npz", "previous.npz"
DOCUMENT = "document"
# A checkpoint may cost this share of the training; one more often than that is left out.
SHARE = 0.02
# Losing less is not worth a write.
LEAST_SECONDS = 1.0
MOST_ARRAYS = 1_000_000
# What a file that was cut off or changed makes NumPy, zipfile and json raise.
DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, TypeError, IndexError,
           NotImplementedError, RuntimeError, ModelFileError)  # fmt: skip


@dataclass(frozen=True)
class State:
    """What a training needs to go on.

    Parameters
    ----------
    values : mapping
        Plain values, as JSON knows them; NaN and the infinities too.
    arrays : mapping
        Lists of arrays, by name.
    """

    values: Mapping[str, Any]
    arrays: Mapping[str, Sequence[Array]] = field(default_factory=dict)


@dataclass(frozen=True)
class Checkpoint:
    """Where and how often the state of a training is kept.

    Parameters
    ----------
    folder : Path
    every : float
        Seconds at most between two within an epoch.
    state : State, optional
        Where to go on.
    """

    folder: Path
    every: float = 300.0
    state: State | None = None


class SaveSchedule:
    """When a state is worth keeping: what it costs stays a small share of the training."""

    def __init__(self) -> None:
        self._kept = time.monotonic()
        self._cost = 0.0

    def is_due(self, seconds: float | None = None) -> bool:
        """Tell whether the last one is long enough ago; by itself, or so many seconds too."""
        least = LEAST_SECONDS if seconds is None else seconds
        return time.monotonic() - self._kept > max(least, self._cost / SHARE)

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Measure what keeping a state costs."""
        started = time.monotonic()
        yield
        self._kept = time.monotonic()
        self._cost = self._kept - started


def write_state(folder: Path, state: State) -> None:
    """Write a state; what was the latest becomes the previous one.

    Arrays that are equal, as the best weights of two callbacks, are written once.

    Raises
    ------
    WriteError
        If the disk is full; the latest state stays readable, be it as the previous one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    members: dict[str, Array] = {}
    names: dict[str, list[str]] = {}
    for name, arrays in state.arrays.items():
        names[name] = [_member(array, members) for array in arrays]
    document = {"schema": SCHEMA, "values": state.values, "arrays": names}
    text = np.frombuffer(json.dumps(document).encode(), np.uint8)
    latest = folder / LATEST
    with atomic(latest) as temporary:
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **{DOCUMENT: text, **members})
        if latest.exists():
            latest.replace(folder / PREVIOUS)


def _member(array: Array, members: dict[str, Array]) -> str:
    """Add an array under a name made of its content, and return that."""
    plain = np.ascontiguousarray(array)
    digest = hashlib.sha256(f"{plain.dtype.str}{plain.shape}".encode())
    digest.update(plain.tobytes())
    name = digest.hexdigest()[:32]
    # `savez` would make an array of one dimension of a contiguous scalar.
    members[name] = plain.reshape(np.shape(array))
    return name


def read_state(folder: Path) -> tuple[State | None, list[str]]:
    """Read the latest state that is whole.

    Returns
    -------
    tuple of State or None, and list of str
        None if there is none; what was wrong with newer ones.
    """
    found: list[str] = []
    for name in (LATEST, PREVIOUS):
        path = folder / name
        if not path.exists():
            continue
        path.open("rb").close()  # what cannot be read just now is not damaged
        try:
            return _read(path), found
        except DAMAGES as error:
            found.append(f"{path} is damaged ({error or type(error).__name__})")
    return None, found


def _read(path: Path) -> State:
    inspect_npz(path, replace(DEFAULT, size=path.stat().st_size, members=MOST_ARRAYS))
    with zipfile.ZipFile(path) as archive:  # every checksum, before anything is made of the bytes
        if damaged := archive.testzip():
            raise ValueError(f"{damaged} has another checksum")
    with np.load(path, allow_pickle=False) as members:
        document = json.loads(members[DOCUMENT].tobytes())
        if document["schema"] != SCHEMA:
            raise DlcliError(
                f"{path} was written by a newer dlcli: schema {document['schema']}, not {SCHEMA}",
                hint="upgrade dlcli",
            )
        loaded = {name: members[name] for name in members.files}  # once, however often named
        arrays = {
            str(name): [loaded[member] for member in names]
            for name, names in document["arrays"].items()
        }
        return State(dict(document["values"]), arrays)
