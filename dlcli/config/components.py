"""Read Keras components: a name, a name with one argument, or a name with named arguments."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dlcli.config.catalogue import (
    CHOSEN_BY_KERAS,
    KINDS,
    Catalogue,
    Entry,
    inferred_arguments,
    keras_catalogue,
)
from dlcli.config.document import Document, Path
from dlcli.config.parameter_values import as_float, is_number, number_text_error, value_error
from dlcli.config.refused import ADVICE, CELLS, FORMER_NAMES, REFUSED_COMPONENTS
from dlcli.errors import Problem, unknown

# In place of the layers: those of `dlcli.config.default_network`.
AUTO = "auto"
# Paths of callbacks, which must be inside the run directory.
PATH_ARGUMENTS = {
    "ModelCheckpoint": "filepath",
    "CSVLogger": "filename",
    "TensorBoard": "log_dir",
}
# Files that every run writes, and keys of its metrics.
RUN_FILES = {"config.yaml", "history.csv", "metrics.json", "run.json", "model.keras", "model.h5"}
RESERVED_KEYS = {"loss", "epoch", "confusion", "predicted"}


@dataclass(frozen=True)
class Component:
    """A layer, loss, metric, optimizer, callback or the like, with its arguments.

    Parameters
    ----------
    name : str
        Name of its class, or of the activation function, in Keras.
    arguments : mapping
        Plain values; components where Keras expects objects.
    spelled : str
        The name in the config, possibly an alias.
    path : tuple
        Path of the component in the config.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    spelled: str = ""
    path: Path = ()

    def plain(self) -> Any:
        """Return the component in the notation of configs."""
        name = self.spelled or self.name
        if not self.arguments:
            return name
        return {name: {key: _plain(value) for key, value in self.arguments.items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.plain() if isinstance(value, Component) else value


def parameter_kind(owner: str, parameter: str) -> str | None:
    """Return the kind of component that a parameter expects, None if it expects a value."""
    if parameter == "activation" or parameter.endswith("_activation"):
        return "activations"
    for suffix in ("initializer", "regularizer", "constraint"):
        if parameter.endswith(f"_{suffix}"):
            return f"{suffix}s"
    return {
        ("layers", "layer"): "layers",
        ("layers", "cell"): "layers",
        ("layers", "backward_layer"): "layers",
        ("layers", "layers"): "layers",
        ("optimizers", "learning_rate"): "schedules",
        ("optimizers", "inner_optimizer"): "optimizers",
        ("callbacks", "schedule"): "schedules",
    }.get((owner, parameter))


def split_spelling(value: Any) -> tuple[str, Any] | str:
    """Split a component into name and arguments; return a message if that is not possible."""
    if isinstance(value, str):
        return value, None
    if not isinstance(value, dict) or not value:
        return f"expected a name, or a name with its arguments, got {value!r}"
    if len(value) == 1:
        return next(iter(value.items()))
    name, *others = value
    if value[name] is None:
        return f"expected one name; indent {', '.join(others)} below '{name}:'"
    return f"expected one name, got {', '.join(value)}"


class ComponentReader:
    """Read components and collect every problem.

    Parameters
    ----------
    document : Document
        The config, for locations.
    problems : list of Problem
        Receives every problem.
    """

    def __init__(self, document: Document, problems: list[Problem]) -> None:
        self.document = document
        self.problems = problems

    @property
    def catalogue(self) -> Catalogue:
        """The components of the installed Keras."""
        return keras_catalogue()

    def complain(self, path: Path, message: str) -> None:
        """Add a problem."""
        self.problems.append(self.document.problem(path, message))

    def read(self, kind: str, value: Any, path: Path, *, is_cell: bool = False) -> Component | None:
        """Read a component of a catalogue kind; None if its name is invalid.

        Parameters
        ----------
        kind : str
            A key of `KINDS`.
        value : object
            The component in the notation of configs.
        path : tuple
            Its path in the config.
        is_cell : bool
            Whether a cell of an RNN is expected.
        """
        spelling = split_spelling(value)
        if isinstance(spelling, str):
            self.complain(path, spelling)
            return None
        name, argument = spelling
        if isinstance(value, dict):
            path = (*path, name)
        if kind == "metrics" and name in CHOSEN_BY_KERAS:
            if argument is not None:
                self.complain(path, f"{name!r} has no arguments; use the class of the metric")
            return Component(name, {}, name, path)
        entry = self.catalogue.find(kind, name)
        if entry is None:
            self.complain(path, self._unknown(kind, name))
            return None
        if is_cell and entry.name not in CELLS:
            self.complain(path, f"expected one of {', '.join(CELLS)}, got {name!r}")
            return None
        if not is_cell and self._refused(kind, entry, path):
            return None
        arguments = self._arguments(kind, entry, argument, path)
        return Component(entry.name, arguments, name, path)

    def _unknown(self, kind: str, name: str) -> str:
        if "." in name:
            return f"use the names of Keras, not import paths: {name!r}"
        if advice := ADVICE.get((kind, name.lower())):
            return f"unknown {KINDS[kind]} {name!r}: {advice}."
        for other in KINDS:
            if other != kind and self.catalogue.find(other, name):
                return f"{name!r} is not {_a(KINDS[kind])}; Keras has it among the {other}."
        message = unknown(KINDS[kind], name, self.catalogue.names(kind))
        if "Did you mean" in message:
            return message
        return f"{message} One of your own needs --code FILE, the Python file that registers it."

    def _refused(self, kind: str, entry: Entry, path: Path) -> bool:
        reason = REFUSED_COMPONENTS.get((kind, entry.name))
        if reason:
            self.complain(path, f"{entry.name} {reason}.")
        elif not entry.sequential:
            self.complain(path, f"{entry.name} needs several inputs, but the model has one.")
        return bool(reason) or not entry.sequential

    def _arguments(self, kind: str, entry: Entry, argument: Any, path: Path) -> dict[str, Any]:
        named = self._by_name(kind, entry, argument, path)
        arguments: dict[str, Any] = {}
        for parameter, value in named.items():
            has_key = isinstance(argument, dict) and parameter in argument
            where = (*path, parameter) if has_key else path
            if parameter not in entry.parameters:
                self.complain(where, f"{entry.name} has no {self._no_parameter(entry, parameter)}")
                continue
            arguments[parameter] = self._argument(kind, entry, parameter, value, where)
        missing = [name for name in entry.required if name not in named]
        # `dlcli.config.layers` checks `units`, which are inferred for the last layer. A schedule in
        # the optimizer counts batches: nothing of it follows from the epochs.
        if kind != "schedules" or path[0] == "callbacks":
            missing = [name for name in missing if name not in inferred_arguments(kind, entry)]
        misspelt = any(parameter not in entry.parameters for parameter in named)
        if missing and not misspelt:
            self.complain(path, f"{entry.name} needs {', '.join(map(repr, missing))}")
        return arguments

    def _by_name(self, kind: str, entry: Entry, argument: Any, path: Path) -> dict[str, Any]:
        """Return arguments by name; a single one is that of the first parameter."""
        if argument is None:
            return {}
        first = next(iter(entry.parameters), None)
        if isinstance(argument, dict):
            # {Bidirectional: {LSTM: 4}}: the mapping is a component, not arguments by name.
            inner = parameter_kind(kind, first) if first else None
            key = next(iter(argument), "")
            is_component = key not in entry.parameters and inner and self.catalogue.find(inner, key)
            return {first: argument} if first and is_component else argument
        if first is None:
            self.complain(path, f"{entry.name} has no arguments, got {argument!r}")
            return {}
        return {first: argument}

    @staticmethod
    def _no_parameter(entry: Entry, parameter: str) -> str:
        if parameter in ("input_shape", "input_dim", "batch_input_shape", "input_length"):
            return f"argument {parameter!r}: the input shape comes from the data set."
        if parameter == "decay" and "learning_rate" in entry.parameters:
            return "argument 'decay'; use a schedule, as in `learning_rate: {ExponentialDecay: …}`"
        renamed = FORMER_NAMES.get(parameter)
        if renamed in entry.parameters:
            return f"argument {parameter!r}. Did you mean {renamed!r}?"
        return unknown("argument", parameter, entry.parameters).removeprefix("unknown ")

    def _argument(self, kind: str, entry: Entry, parameter: str, value: Any, path: Path) -> Any:
        inner = parameter_kind(kind, parameter)
        is_cell = parameter == "cell"
        if inner == "schedules" and (message := number_text_error(value)):
            self.complain(path, message)
            return None
        if inner and (isinstance(value, str | dict)):
            component = self.read(inner, value, path, is_cell=is_cell)
            return component.name if component and inner == "activations" else component
        if inner == "layers" and isinstance(value, list):
            layers = [
                self.read(inner, item, (*path, index), is_cell=is_cell)
                for index, item in enumerate(value)
            ]
            return tuple(layer for layer in layers if layer is not None)
        if parameter == "vocabulary" and isinstance(value, str):
            self.complain(path, f"expected a list, not the name of a file, got {value!r}")
        if inner and is_number(value) and inner != "schedules":
            self.complain(path, f"expected the name of {_a(KINDS[inner])}, got {value!r}")
        if kind == "callbacks" and inner and not isinstance(value, str | dict):
            self.complain(path, f"expected {_a(KINDS[inner])}, got {value!r}")
        if PATH_ARGUMENTS.get(entry.name) == parameter:
            self._check_path(value, path)
        if kind == "metrics" and parameter == "name" and not _is_key(value):
            self.complain(
                path, f"{value!r} cannot name a metric; use another word of letters, digits and _"
            )
        message = value_error(kind, parameter, value, entry.optional.get(parameter))
        if message:
            self.complain(path, message)
            return value
        return as_float(kind, parameter, value, entry.optional.get(parameter))

    def _check_path(self, value: Any, path: Path) -> None:
        if not _is_inside(value):
            self.complain(path, f"expected a path inside the run directory, got {value!r}")
        elif posixpath.normpath(value.replace("\\", "/")) in RUN_FILES:
            self.complain(path, f"every run writes its own {value}; choose another name")


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"


def _is_key(value: Any) -> bool:
    """Return whether a metric can have this name in logs and file names."""
    if value is None:
        return True
    is_word = isinstance(value, str) and re.fullmatch(r"\w+", value, re.ASCII) is not None
    return is_word and not value.startswith("val_") and value not in RESERVED_KEYS


def _is_inside(value: Any) -> bool:
    """Return whether a path is relative and stays inside its folder, on every system."""
    if not isinstance(value, str) or not value:
        return False
    parts = value.replace("\\", "/").split("/")
    absolute = parts[0] == "" or parts[0].startswith("~") or parts[0][1:2] == ":"
    return not absolute and ".." not in parts
