"""Checkpoint files: written atomically, checked when read, with the previous one kept."""

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
# Saving may take this share of the training time; checkpoints that would take more are skipped.
MAX_COST = 0.02
# A shorter time is cheaper to repeat than to save.
MIN_SECONDS = 1.0
MAX_ARRAYS = 1_000_000
# What NumPy, zipfile and json raise for a truncated or changed file.
DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, TypeError, IndexError,
           AttributeError, NotImplementedError, RuntimeError, ModelFileError)  # fmt: skip


@dataclass(frozen=True)
class State:
    """Content of a checkpoint file.

    Parameters
    ----------
    values : mapping
        Plain values as in JSON, with NaN and infinities.
    arrays : mapping
        Lists of arrays, by name.
    """

    values: Mapping[str, Any]
    arrays: Mapping[str, Sequence[Array]] = field(default_factory=dict)


def arrays_below(arrays: Mapping[str, Sequence[Array]], prefix: str) -> dict[str, list[Array]]:
    """Return the lists of arrays whose names start with `prefix`, by the rest of the name."""
    names = [name for name in arrays if name.startswith(prefix)]
    return {name.removeprefix(prefix): list(arrays[name]) for name in names}


class SaveSchedule:
    """Decides when to save, so that saving takes a small share of the training time."""

    def __init__(self) -> None:
        self._saved = time.monotonic()
        self._cost = 0.0

    def is_due(self, seconds: float | None = None) -> bool:
        """Return whether the last save is long enough ago, and at least `seconds`."""
        interval = MIN_SECONDS if seconds is None else seconds
        return time.monotonic() - self._saved > max(interval, self._cost / MAX_COST)

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Measure how long saving takes."""
        started = time.monotonic()
        yield
        self._saved = time.monotonic()
        self._cost = self._saved - started


def write_state(folder: Path, state: State) -> None:
    """Write a checkpoint; the latest one becomes the previous one.

    Equal arrays, such as the best weights of two callbacks, are written once.

    Raises
    ------
    WriteError
        If the disk is full; the latest checkpoint stays readable, perhaps as the previous one.
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
    """Add an array under the hash of its content, and return that name."""
    contiguous = np.ascontiguousarray(array)
    # The shape of the array itself: `ascontiguousarray` gives a scalar one dimension.
    digest = hashlib.sha256(f"{contiguous.dtype.str}{np.shape(array)}".encode())
    digest.update(contiguous.tobytes())
    name = digest.hexdigest()[:32]
    # `ascontiguousarray` has given a scalar one dimension.
    members[name] = contiguous.reshape(np.shape(array))
    return name


def read_state(folder: Path) -> tuple[State | None, list[str]]:
    """Read the latest intact checkpoint of a folder.

    Returns
    -------
    state : State or None
        None if there is no intact one.
    damages : list of str
        Damages of newer ones.

    Raises
    ------
    DlcliError
        If a newer dlcli has written it.
    """
    damages: list[str] = []
    for name in (LATEST, PREVIOUS):
        path = folder / name
        if not path.exists():
            continue
        path.open("rb").close()  # a file that cannot be opened now is not damaged
        try:
            return _read(path), damages
        except DAMAGES as error:
            damages.append(f"{path} is damaged ({error or type(error).__name__})")
    return None, damages


def _read(path: Path) -> State:
    inspect_npz(path, replace(DEFAULT, size=path.stat().st_size, members=MAX_ARRAYS))
    with zipfile.ZipFile(path) as archive:  # all checksums, before any content is parsed
        if damaged := archive.testzip():
            raise ValueError(f"wrong checksum of {damaged}")
    with np.load(path, allow_pickle=False) as members:
        document = json.loads(members[DOCUMENT].tobytes())
        if document["schema"] != SCHEMA:
            raise DlcliError(
                f"{path} was written by a newer dlcli: schema {document['schema']}, not {SCHEMA}",
                hint="upgrade dlcli",
            )
        loaded = {name: members[name] for name in members.files}  # equal arrays are stored once
        arrays = {
            str(name): [loaded[member] for member in names]
            for name, names in document["arrays"].items()
        }
        return State(dict(document["values"]), arrays)
