"""The architecture in a model file: Keras's own layers with plain arguments, and nothing else.

What a config may name and what a file may hold is one list, Keras's catalogue; of it, what runs
code or opens files is refused here and there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dlcli.config.components import parameter_kind
from dlcli.errors import ModelFileError, unknown
from dlcli.models.inspection.allowed import (
    COMMON,
    DTYPES,
    FIXED,
    FREE,
    HELD,
    INNER,
    KEYS,
    MODEL_KEYS,
    MODELS,
    MODULES,
    REFUSED_NAMES,
    SPELLED,
    find_entry,
)  # fmt: skip
from dlcli.models.limits import RAISE, Limits

DEEPEST = 64
LARGEST_INT = 1 << 64
PLAIN_TYPES = {int, float, bool, type(None), str}


@dataclass(frozen=True)
class Layer:
    """A layer as it stands in the file.

    Parameters
    ----------
    name : str
    kind : str
        Its class.
    arguments : mapping
        Plain data.
    """

    name: str
    kind: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Architecture:
    """A network as it stands in the file.

    Parameters
    ----------
    kind : str
        The class of the model.
    layers : tuple of Layer
        From the outer ones to those inside of them, in their order.
    """

    kind: str
    layers: tuple[Layer, ...]


def inspect_architecture(document: Any, where: str, limits: Limits, largest: int) -> Architecture:
    """Look through Keras's description of a network.

    Parameters
    ----------
    document : object
        The parsed JSON.
    where : str
        The file, for messages.
    limits : Limits
    largest : int
        The largest dimension that a weight in the file has, or can have.

    Raises
    ------
    ModelFileError
        If it names anything but Keras's own layers with plain arguments.
    """
    reader = _Reader(where, limits, max(limits.number, largest))
    if not isinstance(document, dict) or document.get("class_name") not in list(MODELS):
        name = document.get("class_name") if isinstance(document, dict) else None
        raise reader.refused(f"its model is a {_shown(name)}, not a Sequential or Functional one")
    reader.component(document, ("models",), 0)
    return Architecture(document["class_name"], tuple(reader.layers))


def _shown(value: Any) -> str:
    return repr(value)[:80]


@dataclass
class _Reader:
    """Walk through components and their arguments."""

    where: str
    limits: Limits
    largest: int
    layers: list[Layer] = field(default_factory=list)

    def refused(self, what: str, hint: str | None = None) -> ModelFileError:
        return ModelFileError(f"{self.where} is refused: {what}", hint=hint)

    def component(self, value: Any, kinds: tuple[str, ...], depth: int) -> None:
        """Check one thing that Keras would build."""
        if not isinstance(value, dict):
            raise self.refused(f"{_shown(value)} stands where a component belongs")
        name, config = value.get("class_name"), value.get("config")
        kind = self._kind(name, value, kinds)
        if value.get("registered_name") not in (None, name):
            raise self.refused(f"{name} is registered as {_shown(value['registered_name'])}")
        if extra := value.keys() - KEYS:
            raise self.refused(f"{name} comes with {_shown(min(extra))}")
        if not isinstance(config, dict) and config is not None:
            raise self.refused(f"{name} has {_shown(config)} for its arguments")
        for key in ("build_config", "inbound_nodes", "name", "shared_object_id"):
            self._plain(value.get(key), key, depth + 1)
        self._compiled(value.get("compile_config"), depth + 1)
        self._configured(kind, str(name), config or {}, depth + 1)

    def _kind(self, name: Any, value: Mapping[str, Any], kinds: tuple[str, ...]) -> str:
        """Return the kind of a component, which has to be one of `kinds`."""
        if not isinstance(name, str):
            raise self.refused(f"{_shown(name)} stands where the name of a class belongs")
        reason = REFUSED_NAMES.get(name)
        if reason:
            raise self.refused(f"it contains a {name}, which {reason}")
        module = value.get("module")
        places = kinds if module is None else MODULES.get(module) if _is_text(module) else None
        if places is None:
            raise self.refused(f"{name} comes from {_shown(module)}, not from Keras")
        for kind in kinds:
            if kind in places and (name in FIXED.get(kind, ()) or find_entry(kind, name)):
                return kind
        raise self.refused(f"{unknown(kinds[0].removesuffix('s'), name, ())} Keras has none there")

    def _configured(self, kind: str, name: str, config: dict[str, Any], depth: int) -> None:
        if depth > DEEPEST:
            raise self.refused(f"its layers are nested more than {DEEPEST} deep")
        if kind == "models":
            self._model(config, depth)
            return
        entry = find_entry(kind, name)
        if kind == "layers" and entry is not None:
            self._count(name, config)
            if extra := config.keys() - {*entry.parameters, *COMMON}:
                raise self.refused(f"{name} has no argument {_shown(min(extra))}")
        for key, value in config.items():
            self._argument(kind, key, value, depth + 1)

    def _model(self, config: dict[str, Any], depth: int) -> None:
        if extra := config.keys() - MODEL_KEYS:
            raise self.refused(f"a model has no argument {_shown(min(extra))}")
        layers = config.get("layers")
        if not isinstance(layers, list):
            raise self.refused("a model without layers")
        for layer in layers:
            self.component(layer, INNER, depth + 1)
        names = [layer["name"] for layer in layers if "name" in layer]
        if any(not isinstance(name, str) for name in names) or len(set(names)) < len(names):
            raise self.refused("two layers have one name")
        for key in config.keys() - {"layers"}:
            self._argument("models", key, config[key], depth + 1)

    def _count(self, name: str, config: dict[str, Any]) -> None:
        if len(self.layers) >= self.limits.layers:
            raise self.refused(f"it has more than {self.limits.layers:,} layers", RAISE)
        called = config.get("name")
        self.layers.append(Layer(called if isinstance(called, str) else "", name, config))

    def _argument(self, kind: str, key: str, value: Any, depth: int) -> None:
        inner = parameter_kind("layers", key)
        if kind == "layers" and key in HELD:
            for item in value if isinstance(value, list) else [value]:
                if item is not None:
                    self.component(item, INNER, depth)
        elif inner in ("activations", "initializers", "regularizers", "constraints"):
            self._named(inner, key, value, depth)
        elif key == "dtype":
            self._dtype(value, depth)
        elif key == "vocabulary" and isinstance(value, str):
            raise self.refused("its vocabulary is a file to open, not a list")
        elif key == "unroll" and value:
            raise self.refused("it unrolls a loop, which takes no end of memory")
        elif isinstance(value, dict) and "class_name" in value:
            self._special(value, key, depth)
        else:
            self._plain(value, key, depth)

    def _named(self, kind: str, key: str, value: Any, depth: int) -> None:
        """Check what may be the name of a component, or the component."""
        if isinstance(value, dict):
            kinds = ("activations", "layers") if kind == "activations" else (kind,)
            self.component(value, kinds, depth)
        elif value is not None and not (
            isinstance(value, str) and (value in SPELLED or find_entry(kind, value))
        ):
            raise self.refused(f"its {key} is {_shown(value)}, which Keras does not have")

    def _dtype(self, value: Any, depth: int) -> None:
        if isinstance(value, dict):
            self.component(value, ("dtypes",), depth)
            value = (value.get("config") or {}).get("name")
        if value is not None and not (isinstance(value, str) and value in DTYPES):
            raise self.refused(f"its type of numbers is {_shown(value)}")

    def _special(self, value: dict[str, Any], key: str, depth: int) -> None:
        """Check what Keras writes for values that JSON has no word for."""
        name = value["class_name"]
        if name == "__numpy__":
            config = value.get("config")
            if not isinstance(config, dict) or config.get("dtype") not in list(DTYPES):
                raise self.refused("an array of no plain type")
            self._plain(config.get("value"), "mean", depth)
        elif name == "__keras_tensor__":
            self._plain(value.get("config"), key, depth)
        else:
            self.component(value, ("generators",), depth)

    def _plain(self, value: Any, key: str, depth: int) -> None:
        """Check data: bounded numbers, no code, no end of nesting."""
        if depth > DEEPEST:
            raise self.refused(f"its arguments are nested more than {DEEPEST} deep")
        if isinstance(value, dict):
            if "class_name" in value and value["class_name"] != "__keras_tensor__":
                self._special(value, key, depth + 1)
                return
            for name, item in value.items():
                self._plain(item, name, depth + 1)
        elif isinstance(value, list):
            if set(map(type, value)) <= PLAIN_TYPES:
                self._numbers(value, key)
            else:
                for item in value:
                    self._plain(item, key, depth + 1)
        elif isinstance(value, int | float):
            self._numbers([value], key)

    def _numbers(self, values: list[Any], key: str) -> None:
        most = LARGEST_INT if key in FREE else self.largest
        for value in values:
            if isinstance(value, int):
                if not -most <= value <= most:
                    raise self.refused(f"its {key[:40]} is {_number(value)}", RAISE)
            elif isinstance(value, float) and not math.isfinite(value):
                raise self.refused(f"its {key[:40]} is {value}")

    def _compiled(self, value: Any, depth: int) -> None:
        """Look for code in what Keras is told to leave alone: the settings of a training."""
        if depth > DEEPEST:
            raise self.refused(f"its arguments are nested more than {DEEPEST} deep")
        if isinstance(value, dict):
            name = value.get("class_name")
            # A loss of one's own is named here too, and nobody looks for it.
            if isinstance(name, str) and name in REFUSED_NAMES and name != "function":
                raise self.refused(f"it contains a {name}, which {REFUSED_NAMES[name]}")
        items = value.values() if isinstance(value, dict) else value
        for item in items if isinstance(value, dict | list) else ():
            self._compiled(item, depth + 1)


def _number(value: int) -> str:
    return f"{value:,}" if abs(value) < 10**15 else "a number of more than 15 digits"


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
