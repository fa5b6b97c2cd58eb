"""The names and parameters that Keras knows, without importing Keras.

``keras_names.json`` is generated from the installed Keras and never edited by hand::

    python -m dlcli.config.catalogue > dlcli/keras_names.json
"""

from __future__ import annotations

import functools
import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

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
ROOTS = {"Layer", "Loss", "Metric", "BaseOptimizer", "Callback", "LearningRateSchedule"}
# Metrics whose class Keras picks by the shapes of target and output.
CHOSEN_BY_KERAS = ("accuracy", "acc", "crossentropy", "ce")
PATH = Path(__file__).with_name("keras_names.json")


@dataclass(frozen=True)
class Entry:
    """One thing that Keras has, and the arguments that it takes.

    Parameters
    ----------
    name : str
        The name in Keras's own namespace.
    required : tuple of str
        Parameters without a default, in the order of the signature.
    optional : mapping
        Parameters with a default, in the order of the signature. A default that is not
        plain data stands as None.
    sequential : bool
        For layers: whether a ``Sequential`` model takes it (one tensor in, one out).
    """

    name: str
    required: tuple[str, ...]
    optional: Mapping[str, Any]
    sequential: bool = True

    @property
    def parameters(self) -> tuple[str, ...]:
        """All parameters, the positional ones first."""
        return (*self.required, *self.optional)


@dataclass(frozen=True)
class Catalogue:
    """Everything that one version of Keras has."""

    version: str
    entries: Mapping[str, Mapping[str, Entry]]
    aliases: Mapping[str, Mapping[str, str]]

    def names(self, kind: str) -> list[str]:
        """List the names of a kind, aliases included."""
        chosen = CHOSEN_BY_KERAS if kind == "metrics" else ()
        return sorted({*self.entries[kind], *self.aliases[kind], *chosen})

    def find(self, kind: str, name: str) -> Entry | None:
        """Return the entry of a name or an alias, or None."""
        entries = self.entries[kind]
        return entries.get(name) or entries.get(self.aliases[kind].get(name, ""))


@functools.cache
def stored_catalogue() -> Catalogue:
    """Return the catalogue that comes along, which may be of another version than the installed."""
    return _from_json(json.loads(PATH.read_text(encoding="utf-8")))


@functools.cache
def keras_catalogue() -> Catalogue:
    """Return the catalogue of the installed Keras.

    The stored one serves as long as the version is the same; of another version Keras
    itself is asked, which imports it.
    """
    stored = stored_catalogue()
    try:
        installed = metadata.version("keras")
    except metadata.PackageNotFoundError:
        installed = stored.version
    return stored if installed == stored.version else _from_json(generate())


def _from_json(document: Mapping[str, Any]) -> Catalogue:
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
    return Catalogue(document["version"], entries, document["aliases"])


def generate() -> dict[str, Any]:
    """Ask the installed Keras for everything that a config can name.

    Returns
    -------
    dict
        The contents of ``keras_names.json``.
    """
    import keras

    document: dict[str, Any] = {"version": keras.__version__, "aliases": {}}
    for kind in KINDS:
        namespace = keras.optimizers.schedules if kind == "schedules" else getattr(keras, kind)
        if kind == "activations":
            document[kind] = {name: {} for name in _functions(namespace)}
            document["aliases"][kind] = {}
            continue
        classes = _classes(namespace)
        document[kind] = {name: _describe(kind, item) for name, item in classes.items()}
        document["aliases"][kind] = _aliases(kind, namespace, classes)
    return document


def _functions(namespace: Any) -> list[str]:
    helpers = {"get", "serialize", "deserialize"}
    return sorted(
        name
        for name, item in vars(namespace).items()
        if inspect.isfunction(item) and name not in helpers
    )


def _classes(namespace: Any) -> dict[str, type]:
    """Return the concrete public classes by their own names."""
    bases = {
        "Layer", "Wrapper", "InputSpec", "Loss", "Metric", "Optimizer", "OptimizerMap",
        "LearningRateSchedule", "Callback", "CallbackList", "Initializer", "Regularizer",
        "Constraint", "MeanMetricWrapper",
    }  # fmt: skip
    return {
        item.__name__: item
        for _, item in sorted(vars(namespace).items())
        if inspect.isclass(item) and item.__name__ not in bases
    }


def _describe(kind: str, item: type) -> dict[str, Any]:
    """Describe the parameters of a class: its own, and the optional ones of the base behind."""
    required, optional, forwards = _parameters(item)
    if forwards:
        # What lies between (``RNN`` below ``LSTM``) is given its arguments by the class itself.
        base = next(base for base in reversed(item.__mro__) if base.__name__ in ROOTS)
        optional |= {
            name: default
            for name, default in _parameters(base)[1].items()
            if name not in required and name not in optional
        }
    described: dict[str, Any] = {}
    if required:
        described["required"] = required
    if optional:
        described["optional"] = optional
    if kind == "layers" and not _takes_one_tensor(item):
        described["sequential"] = False
    return described


def _parameters(item: Any) -> tuple[list[str], dict[str, Any], bool]:
    """Return required and optional parameters, and whether there are ``**kwargs``."""
    if item.__init__ is object.__init__:
        return [], {}, False
    required: list[str] = []
    optional: dict[str, Any] = {}
    forwards = False
    for parameter in list(inspect.signature(item.__init__).parameters.values())[1:]:
        if parameter.kind is parameter.VAR_KEYWORD:
            forwards = True
        elif parameter.kind is parameter.VAR_POSITIONAL:
            continue
        elif parameter.default is parameter.empty:
            required.append(parameter.name)
        else:
            optional[parameter.name] = _plain(parameter.default)
    return required, optional, forwards


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int | float | str) else None


def _takes_one_tensor(layer: Any) -> bool:
    if any(base.__name__ in ("Merge", "Attention") for base in layer.__mro__):
        return False
    parameters = list(inspect.signature(layer.call).parameters.values())[1:]
    needed = [
        parameter
        for parameter in parameters
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    return len(needed) == 1


def _aliases(kind: str, namespace: Any, classes: Mapping[str, type]) -> dict[str, str]:
    """Map the other spellings that Keras accepts to class names."""
    by_snake = {_snake(name): name for name in classes}
    aliases = {
        name: item.__name__
        for name, item in vars(namespace).items()
        if inspect.isclass(item) and item.__name__ in classes and name != item.__name__
    }
    if kind != "layers":  # there, the lower-case functions are merges
        aliases |= {name: by_snake[name] for name in _functions(namespace) if name in by_snake}
    if kind == "optimizers":
        aliases |= {name.lower(): name for name in classes}
    elif kind not in ("layers", "callbacks", "schedules"):
        for name, item in _spellings(kind).items():
            target = getattr(item, "__name__", "")
            target = target if target in classes else by_snake.get(target, "")
            if target and name != target and name not in CHOSEN_BY_KERAS:
                aliases[name] = target
    return dict(sorted(aliases.items()))


def _spellings(kind: str) -> dict[str, Any]:
    """Return the table that Keras's own ``get`` looks names up in."""
    import importlib

    module = importlib.import_module(f"keras.src.{kind}")
    return dict(module.ALL_OBJECTS_DICT)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


if __name__ == "__main__":
    print(json.dumps(generate(), indent=1, sort_keys=False))  # noqa: T201 (its output is the file)
