"""List the names and parameters of the installed Keras.

The list that ships with dlcli is generated and never edited by hand::

    python -m dlcli.network.keras_names > dlcli/config/keras_names.json

`dlcli.config.catalogue` runs this module in a child process if another version is installed.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from typing import Any

from dlcli.config.catalogue import CHOSEN_BY_KERAS, KINDS
from dlcli.config.signatures import describe
from dlcli.network.backend import import_keras
from dlcli.network.internals import spellings

# Public classes that are not components by themselves.
ABSTRACT = {
    "Layer", "Wrapper", "InputSpec", "Loss", "Metric", "Optimizer", "OptimizerMap",
    "LearningRateSchedule", "Callback", "CallbackList", "Initializer", "Regularizer",
    "Constraint", "MeanMetricWrapper",
}  # fmt: skip
# Functions that every namespace has for its own use.
HELPERS = {"get", "serialize", "deserialize"}


def list_names() -> dict[str, Any]:
    """Return everything in the installed Keras that a config can name.

    Returns
    -------
    dict
        The contents of ``keras_names.json``: the version, the aliases, and per kind the
        parameters of each name, without those that are empty.
    """
    keras = import_keras()
    document: dict[str, Any] = {"version": keras.__version__, "aliases": {}}
    for kind in KINDS:
        namespace = keras.optimizers.schedules if kind == "schedules" else getattr(keras, kind)
        if kind == "activations":
            document[kind] = {name: {} for name in _functions(namespace)}
            document["aliases"][kind] = {}
            continue
        classes = _classes(namespace)
        document[kind] = {name: describe(kind, cls) for name, cls in classes.items()}
        document["aliases"][kind] = _aliases(kind, namespace, classes)
    return document


def _functions(namespace: Any) -> list[str]:
    return sorted(
        name
        for name, member in vars(namespace).items()
        if inspect.isfunction(member) and name not in HELPERS
    )


def _classes(namespace: Any) -> dict[str, type]:
    """Return the concrete public classes by their own names."""
    return {
        member.__name__: member
        for _, member in sorted(vars(namespace).items())
        if inspect.isclass(member) and member.__name__ not in ABSTRACT
    }


def _aliases(kind: str, namespace: Any, classes: Mapping[str, type]) -> dict[str, str]:
    """Map the other spellings that Keras accepts to class names."""
    by_snake_case = {_snake_case(name): name for name in classes}
    aliases = {
        name: member.__name__
        for name, member in vars(namespace).items()
        if inspect.isclass(member) and member.__name__ in classes and name != member.__name__
    }
    if kind != "layers":  # there, the functions in lower case merge tensors
        functions = _functions(namespace)
        aliases |= {name: by_snake_case[name] for name in functions if name in by_snake_case}
    if kind == "optimizers":
        aliases |= {name.lower(): name for name in classes}
    elif kind not in ("layers", "callbacks", "schedules"):
        for name, member in spellings(kind).items():
            class_name = getattr(member, "__name__", "")
            if class_name not in classes:
                class_name = by_snake_case.get(class_name, "")
            if class_name and name != class_name and name not in CHOSEN_BY_KERAS:
                aliases[name] = class_name
    return dict(sorted(aliases.items()))


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


if __name__ == "__main__":
    print(json.dumps(list_names(), indent=1))  # noqa: T201 (the output is the file)
