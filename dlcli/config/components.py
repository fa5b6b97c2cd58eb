"""Keras components as a config spells them: a name, one argument, or named arguments."""

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
    keras_catalogue,
)
from dlcli.config.document import Document, Path
from dlcli.config.parameter_values import complaint, is_number
from dlcli.errors import Problem, unknown

CODE = "holds Python code, not data"
FILES = "opens files by itself"
CELL = "is a part of RNN layers, not a layer of its own; name LSTM, GRU or SimpleRNN"
# Layers that neither a config nor a model file may hold.
UNSAFE_LAYERS = {
    **dict.fromkeys(("Lambda", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"), CODE),
    "TFSMLayer": FILES,
}
REFUSED: dict[tuple[str, str], str] = {
    **{("layers", name): reason for name, reason in UNSAFE_LAYERS.items()},
    ("layers", "InputLayer"): "is left out: the input shape comes from the data set",
    **{("layers", f"{name}Cell"): CELL for name in ("LSTM", "GRU", "SimpleRNN")},
    ("layers", "StackedRNNCells"): CELL,
    ("layers", "RNN"): "takes cells, which a config cannot name; name LSTM, GRU or SimpleRNN",
    ("layers", "RandomCrop"): "crops in training alone; name CenterCrop or Resizing",
    ("losses", "CTC"): "is for sequences of labels, which no data set here has",
    ("losses", "Circle"): "compares embeddings, which no data set here has",
    ("callbacks", "LambdaCallback"): CODE,
    ("callbacks", "RemoteMonitor"): "sends data over the network",
    ("callbacks", "OrbaxCheckpoint"): "is not for model files; name ModelCheckpoint",
    (
        "callbacks",
        "BackupAndRestore",
    ): "has nothing to restore: every run has a directory of its own",
    ("callbacks", "History"): "is always there: the run directory has history.csv",
    ("callbacks", "ProgbarLogger"): "is always there: the terminal shows the progress",
    **{("metrics", name): "measures values, not predictions" for name in ("Mean", "Sum")},
    ("optimizers", "MultiOptimizer"): "needs a mapping from variables, which a config cannot name",
}
# A callback writes into the run directory and nowhere else.
PATH_ARGUMENTS = {
    "ModelCheckpoint": "filepath",
    "CSVLogger": "filename",
    "TensorBoard": "log_dir",
}
# What a run writes there itself, and the keys of its metrics.
OWN_FILES = {"config.yaml", "history.csv", "metrics.json", "run.json", "model.keras", "model.h5"}
OWN_KEYS = {"loss", "epoch", "confusion", "predicted"}


@dataclass(frozen=True)
class Component:
    """One named thing with its arguments.

    Parameters
    ----------
    name : str
        Keras's own name of it.
    arguments : mapping
        Plain values, or components where Keras takes objects.
    spelled : str
        The name as the config has it, an alias perhaps.
    path : tuple
        Where it stands in the config.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    spelled: str = ""
    path: Path = ()

    def plain(self) -> Any:
        """Return the component as a config spells it."""
        name = self.spelled or self.name
        if not self.arguments:
            return name
        return {name: {key: _plain(value) for key, value in self.arguments.items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.plain() if isinstance(value, Component) else value


def parameter_kind(owner: str, parameter: str) -> str | None:
    """Return the catalogue kind that a parameter takes, if it takes a component."""
    if parameter == "activation" or parameter.endswith("_activation"):
        return "activations"
    for suffix in ("initializer", "regularizer", "constraint"):
        if parameter.endswith(f"_{suffix}"):
            return f"{suffix}s"
    return {
        ("layers", "layer"): "layers",
        ("layers", "backward_layer"): "layers",
        ("layers", "layers"): "layers",
        ("optimizers", "learning_rate"): "schedules",
        ("optimizers", "inner_optimizer"): "optimizers",
        ("callbacks", "schedule"): "schedules",
    }.get((owner, parameter))


def split_spelling(value: Any) -> tuple[str, Any] | str:
    """Take a spelling apart into name and argument; say what is wrong if it is none."""
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
    """Turn spellings into components, collecting every problem.

    Parameters
    ----------
    document : Document
        The config, for locations.
    problems : list of Problem
        Where problems are added.
    """

    def __init__(self, document: Document, problems: list[Problem]) -> None:
        self.document = document
        self.problems = problems

    @property
    def catalogue(self) -> Catalogue:
        """What Keras has."""
        return keras_catalogue()

    def complain(self, path: Path, message: str) -> None:
        """Note a problem."""
        self.problems.append(self.document.problem(path, message))

    def read(self, kind: str, value: Any, path: Path) -> Component | None:
        """Read one component of a catalogue kind; None if it is wrong beyond use."""
        spelling = split_spelling(value)
        if isinstance(spelling, str):
            self.complain(path, spelling)
            return None
        name, given = spelling
        if isinstance(value, dict):
            path = (*path, name)
        if kind == "metrics" and name in CHOSEN_BY_KERAS:
            if given is not None:
                self.complain(path, f"{name!r} takes no argument; name the metric's class for that")
            return Component(name, {}, name, path)
        entry = self.catalogue.find(kind, name)
        if entry is None:
            self.complain(path, self._unknown(kind, name))
            return None
        if self._refused(kind, entry, path):
            return None
        arguments = self._arguments(kind, entry, given, path)
        return Component(entry.name, arguments, name, path)

    def _unknown(self, kind: str, name: str) -> str:
        if "." in name:
            return f"{KINDS[kind]} names are Keras's own, not import paths: {name!r}"
        for other in KINDS:
            if other != kind and self.catalogue.find(other, name):
                return f"{name!r} is no {KINDS[kind]}; Keras has it among the {other}."
        return unknown(KINDS[kind], name, self.catalogue.names(kind))

    def _refused(self, kind: str, entry: Entry, path: Path) -> bool:
        reason = REFUSED.get((kind, entry.name))
        if reason:
            self.complain(path, f"{entry.name} {reason}.")
        elif not entry.sequential:
            self.complain(path, f"{entry.name} needs several inputs; a Sequential model has one.")
        return bool(reason) or not entry.sequential

    def _arguments(self, kind: str, entry: Entry, given: Any, path: Path) -> dict[str, Any]:
        named = self._by_name(kind, entry, given, path)
        arguments: dict[str, Any] = {}
        for parameter, value in named.items():
            where = (*path, parameter) if isinstance(given, dict) and parameter in given else path
            if parameter not in entry.parameters:
                self.complain(where, f"{entry.name} has no {self._no_parameter(entry, parameter)}")
                continue
            arguments[parameter] = self._argument(kind, entry, parameter, value, where)
        missing = [name for name in entry.required if name not in named]
        # The size of the last layer may come from the data set; whoever checks the model knows.
        if kind == "layers" and entry.name == "Dense":
            missing = [name for name in missing if name != "units"]
        misspelt = any(parameter not in entry.parameters for parameter in named)
        if missing and not misspelt:
            self.complain(path, f"{entry.name} needs {', '.join(map(repr, missing))}")
        return arguments

    def _by_name(self, kind: str, entry: Entry, given: Any, path: Path) -> dict[str, Any]:
        """Give a single argument the name of the first parameter."""
        if given is None:
            return {}
        first = next(iter(entry.parameters), None)
        if isinstance(given, dict):
            inner = parameter_kind(kind, first) if first else None
            key = next(iter(given), "")
            if first and inner and key not in entry.parameters and self.catalogue.find(inner, key):
                return {first: given}
            return given
        if first is None:
            self.complain(path, f"{entry.name} takes no argument, got {given!r}")
            return {}
        return {first: given}

    @staticmethod
    def _no_parameter(entry: Entry, parameter: str) -> str:
        if parameter in ("input_shape", "input_dim", "batch_input_shape"):
            return f"{parameter!r} here: the input shape comes from the data set."
        return unknown("argument", parameter, entry.parameters).removeprefix("unknown ")

    def _argument(self, kind: str, entry: Entry, parameter: str, value: Any, path: Path) -> Any:
        inner = parameter_kind(kind, parameter)
        if inner and (isinstance(value, str | dict)):
            component = self.read(inner, value, path)
            return component.name if component and inner == "activations" else component
        if inner == "layers" and isinstance(value, list):
            read = [self.read(inner, item, (*path, index)) for index, item in enumerate(value)]
            return tuple(item for item in read if item is not None)
        if parameter == "vocabulary" and isinstance(value, str):
            self.complain(path, f"a vocabulary is a list; {entry.name} {FILES}.")
        if inner and is_number(value) and inner != "schedules":
            self.complain(path, f"expected the name of a {KINDS[inner]}, got {value!r}")
        if kind == "callbacks" and inner and not isinstance(value, str | dict):
            self.complain(path, f"expected a {KINDS[inner]}, got {value!r}")
        if PATH_ARGUMENTS.get(entry.name) == parameter:
            self._check_path(value, path)
        if kind == "metrics" and parameter == "name" and not _is_key(value):
            self.complain(path, f"{value!r} cannot name a metric; use other letters and digits")
        wrong = complaint(kind, parameter, value, entry.optional.get(parameter))
        if wrong:
            self.complain(path, wrong)
        return value

    def _check_path(self, value: Any, path: Path) -> None:
        if not _stays_inside(value):
            self.complain(path, f"expected a path inside the run directory, got {value!r}")
        elif posixpath.normpath(value.replace("\\", "/")) in OWN_FILES:
            self.complain(path, f"{value} is the run's own file; choose another name")


def _is_key(value: Any) -> bool:
    """Tell whether a metric can be logged, and drawn into a file, under a name."""
    if value is None:
        return True
    usable = isinstance(value, str) and re.fullmatch(r"\w+", value, re.ASCII) is not None
    return usable and not value.startswith("val_") and value not in OWN_KEYS


def _stays_inside(value: Any) -> bool:
    if not isinstance(value, str) or not value:
        return False
    parts = value.replace("\\", "/").split("/")
    absolute = parts[0] == "" or parts[0].startswith("~") or parts[0][1:2] == ":"
    return not absolute and ".." not in parts
