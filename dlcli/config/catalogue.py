"""The names and parameters of Keras's components, without importing Keras.

`dlcli.network.keras_names` generates ``keras_names.json`` from an installed Keras.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from dlcli.errors import DlcliError
from dlcli.files import cache_folder, write_text
from dlcli.version import __version__

KINDS = {
    "layers": "layer",
    "losses": "loss",
    "metrics": "metric",
    "optimizers": "optimizer",
    "schedules": "learning-rate schedule",
    "callbacks": "callback",
    "initializers": "initializer",
    "regularizers": "regularizer",
    "constraints": "constraint",
    "activations": "activation",
}
# Metrics whose class Keras chooses by the shapes of target and output.
CHOSEN_BY_KERAS = ("accuracy", "acc", "crossentropy", "ce")
# Layers that take the number of outputs from the data set if they are the last.
DENSE_LAYERS = ("Dense", "EnsembleDense")
# Schedules that end with the training unless they say when.
SCHEDULES_THAT_END = ("CosineDecay", "PolynomialDecay")
PATH = Path(__file__).with_name("keras_names.json")
GENERATOR = "dlcli.network.keras_names"


@dataclass(frozen=True)
class Entry:
    """A component of Keras and its parameters.

    Parameters
    ----------
    name : str
        Its name in the namespace of Keras.
    required : tuple of str
        Parameters without a default, in the order of the signature.
    optional : mapping
        Parameters with their defaults, in the order of the signature. The default is None if it
        is not plain data.
    sequential : bool
        For layers: whether a ``Sequential`` model accepts it (one tensor in, one out).
    is_own : bool
        Whether the program or ``--code`` has registered it; Keras does not have it.
    """

    name: str
    required: tuple[str, ...]
    optional: Mapping[str, Any]
    sequential: bool = True
    is_own: bool = False

    @property
    def parameters(self) -> tuple[str, ...]:
        """All parameters, the required ones first."""
        return (*self.required, *self.optional)


# Layers that dlcli adds, which are saved as layers of Keras: `dlcli.network.ensemble`.
_OF_DENSE = {
    "activation": None, "use_bias": True, "kernel_initializer": "glorot_uniform",
    "bias_initializer": "zeros", "kernel_regularizer": None, "bias_regularizer": None,
}  # fmt: skip
ENSEMBLE_LAYERS = {
    "EnsembleDense": Entry("EnsembleDense", ("members", "units"), _OF_DENSE),
    "EnsembleMean": Entry("EnsembleMean", (), {"activation": None}),
}


def inferred_arguments(kind: str, entry: Entry) -> tuple[str, ...]:
    """Return the required arguments that may follow from the rest of the config."""
    if kind == "layers" and entry.name in DENSE_LAYERS:
        return ("units",)
    if kind == "schedules":
        rate = tuple(name for name in entry.required if name == "initial_learning_rate")
        return (*rate, "decay_steps") if entry.name in SCHEDULES_THAT_END else rate
    return ()


@dataclass(frozen=True)
class Catalogue:
    """All components of one version of Keras, by kind and name."""

    version: str
    entries: Mapping[str, Mapping[str, Entry]]
    aliases: Mapping[str, Mapping[str, str]]

    def names(self, kind: str) -> list[str]:
        """Return the sorted names of a kind, including aliases."""
        chosen = CHOSEN_BY_KERAS if kind == "metrics" else ()
        return sorted({*self.entries[kind], *self.aliases[kind], *chosen})

    def find(self, kind: str, name: str) -> Entry | None:
        """Return the entry of a name or an alias, or None."""
        entries = self.entries[kind]
        return entries.get(name) or entries.get(self.aliases[kind].get(name, ""))


@functools.cache
def stored_catalogue() -> Catalogue:
    """Return the catalogue that ships with dlcli. Another version of Keras may be installed."""
    return _catalogue(json.loads(PATH.read_text(encoding="utf-8")))


@functools.cache
def keras_catalogue() -> Catalogue:
    """Return the catalogue of the installed Keras, with the layers of ensembles and one's own.

    Raises
    ------
    DlcliError
        If the installed Keras cannot be imported.
    """
    keras = installed_catalogue()
    entries = {kind: {**keras.entries[kind], **_own_entries[kind]} for kind in KINDS}
    return replace(keras, entries={**entries, "layers": {**entries["layers"], **ENSEMBLE_LAYERS}})


_own_entries: dict[str, dict[str, Entry]] = {kind: {} for kind in KINDS}


def add_own_entry(kind: str, entry: Entry) -> None:
    """Add a component of one's own to what `keras_catalogue` returns."""
    _own_entries[kind][entry.name] = entry
    keras_catalogue.cache_clear()


def find_own_entry(kind: str, name: str) -> Entry | None:
    """Return a component of one's own by its name, or None."""
    return _own_entries[kind].get(name)


@functools.cache
def installed_catalogue() -> Catalogue:
    """Return the catalogue of the installed Keras alone.

    If its version is not that of the stored catalogue, the catalogue is generated once in a
    child process and cached on disk.

    Raises
    ------
    DlcliError
        If the installed Keras cannot be imported.
    """
    stored = stored_catalogue()
    try:
        installed = metadata.version("keras")
    except metadata.PackageNotFoundError:
        return stored
    return stored if installed == stored.version else _cached_catalogue(installed)


def _cached_catalogue(version: str) -> Catalogue:
    name = f"keras {version}, dlcli {__version__}.json"
    path = cache_folder() / "keras_names" / name
    with suppress(OSError, ValueError):  # no such file, or a damaged one
        return _validated(path.read_text(encoding="utf-8"))
    text = _generate(version)
    with suppress(OSError, DlcliError):  # the cache only saves time
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)
    try:
        return _validated(text)
    except ValueError as error:
        raise DlcliError(f"cannot list the names of Keras {version}: {error}") from None


def _generate(version: str) -> str:
    """Return the JSON text that `GENERATOR` writes; Keras is imported in a child process only."""
    import subprocess

    command = [sys.executable, "-P", "-m", GENERATOR]
    folders = [folder or str(Path.cwd()) for folder in sys.path]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    process = subprocess.run(  # noqa: S603 (our own module, no shell)
        command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    if process.returncode:
        lines = process.stderr.strip().splitlines() or [f"exit code {process.returncode}"]
        raise DlcliError(f"cannot list the names of Keras {version}: {lines[-1]}")
    return process.stdout


@dataclass(frozen=True)
class _Parameters:
    required: tuple[str, ...] = ()
    optional: Mapping[str, Any] = field(default_factory=dict)
    sequential: bool = True


def _validated(text: str) -> Catalogue:
    """Read a catalogue that was generated on this machine.

    Raises
    ------
    ValueError
        If the text is not such a catalogue.
    """
    import pydantic

    kinds: dict[str, Any] = dict.fromkeys(KINDS, (dict[str, _Parameters], ...))
    schema = pydantic.create_model(
        "KerasNames", version=(str, ...), aliases=(dict[str, dict[str, str]], ...), **kinds
    )
    return _catalogue(schema.model_validate_json(text).model_dump())


def _catalogue(document: Mapping[str, Any]) -> Catalogue:
    entries = {
        kind: {
            name: Entry(
                name,
                tuple(item.get("required", ())),
                item.get("optional", {}),
                item.get("sequential", True),
            )
            for name, item in document[kind].items()
        }
        for kind in KINDS
    }
    return Catalogue(
        document["version"], entries, {kind: {} for kind in KINDS} | document["aliases"]
    )
