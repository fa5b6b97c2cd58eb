"""Inspect the architecture in a model file, which may hold only Keras's own layers with plain data.

Configs and model files share one list of allowed names, Keras's catalogue without the layers that
run code or open files.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from dlcli.config.components import parameter_kind
from dlcli.errors import ModelFileError, unknown
from dlcli.models.inspection.allowed import (
    ACTIVATION_ALIASES,
    COMPONENT_KEYS,
    DTYPES,
    EXTRA_ARGUMENTS,
    LAYER_ARGUMENTS,
    LAYER_KINDS,
    MODEL_ARGUMENTS,
    MODELS,
    MODULES,
    NAMES_BY_KIND,
    REFUSED_NAMES,
    UNLIMITED_ARGUMENTS,
    find_entry,
)  # fmt: skip
from dlcli.models.inspection.own import CODE_HINT, OWN_PARTS, own_key, own_problem
from dlcli.models.limits import RAISE_HINT, Limits

MAX_DEPTH = 64
MAX_INT = 1 << 64
SCALAR_TYPES = {int, float, bool, type(None), str}


def inspect_architecture(
    document: Any, where: str, limits: Limits, largest: int, foreign: Collection[str] = ()
) -> None:
    """Check every name and argument in Keras's description of a network.

    Parameters
    ----------
    document : object
        Parsed JSON.
    where : str
        Name of the file, for messages.
    limits : Limits
    largest : int
        Upper bound of the dimensions of the weights in the file.
    foreign : collection of str
        Names of components that Keras does not have and that need not be registered, because
        Keras will not build the network.

    Raises
    ------
    ModelFileError
        If there is anything but Keras's own layers and registered ones, with plain arguments.
    """
    inspection = _Inspection(where, limits, max(limits.number, largest), frozenset(foreign))
    if not isinstance(document, dict) or document.get("class_name") not in list(MODELS):
        name = document.get("class_name") if isinstance(document, dict) else None
        raise inspection.refused(
            f"its model is a {_short(name)}, not a Sequential or Functional model"
        )
    inspection.check_component(document, ("models",), 0)


def _short(value: Any) -> str:
    return repr(value)[:80]


@dataclass
class _Inspection:
    """Check components and their arguments recursively.

    Parameters
    ----------
    where : str
    limits : Limits
    largest : int
        Largest integer that may be an argument.
    foreign : frozenset of str
        Names of unregistered components that are accepted.
    layer_count : int
        Number of layers so far.
    """

    where: str
    limits: Limits
    largest: int
    foreign: frozenset[str] = frozenset()
    layer_count: int = 0

    def refused(self, reason: str, hint: str | None = None) -> ModelFileError:
        return ModelFileError(f"{self.where} is refused: {reason}", hint=hint)

    def check_component(self, value: Any, kinds: tuple[str, ...], depth: int) -> None:
        """Check the description of an object of one of the `kinds` that Keras would build."""
        if not isinstance(value, dict):
            raise self.refused(f"expected a component, found {_short(value)}")
        name, config = value.get("class_name"), value.get("config")
        if own_key(value):
            self._check_own(value, kinds, depth)
            return
        kind = self._kind_of(name, value, kinds)
        # Keras looks this name up before the class, among the objects that the program registered.
        if value.get("registered_name") not in (None, name):
            raise self.refused(f"{name} is registered as {_short(value['registered_name'])}")
        if extra := value.keys() - COMPONENT_KEYS:
            raise self.refused(f"{name} has the unknown key {_short(min(extra))}")
        if not isinstance(config, dict) and config is not None:
            raise self.refused(f"the arguments of {name} are {_short(config)}")
        for key in ("build_config", "inbound_nodes", "name", "shared_object_id"):
            self._check_plain(value.get(key), key, depth + 1)
        self._check_compile_config(value.get("compile_config"), depth + 1)
        self._check_config(kind, str(name), config or {}, depth + 1)

    def _check_own(self, value: dict[str, Any], kinds: tuple[str, ...], depth: int) -> None:
        """Check a component that Keras will look up among the registered ones, and nowhere else."""
        problem = own_problem(value, kinds, self.foreign)
        if problem:
            raise self.refused(problem, CODE_HINT)
        self._count_layer()
        if depth > MAX_DEPTH:
            raise self.refused(f"its layers are nested more than {MAX_DEPTH} deep")
        for key in ("build_config", "inbound_nodes", "name", "shared_object_id"):
            self._check_plain(value.get(key), key, depth + 1)
        config = value["config"]
        for key, item in config.items() if isinstance(config, dict) else ():
            if key != "dtype" and isinstance(item, dict) and "class_name" in item:
                self.check_component(item, OWN_PARTS, depth + 1)
            else:
                self._check_argument("layers", key, item, depth + 1)

    def _count_layer(self) -> None:
        self.layer_count += 1
        if self.layer_count > self.limits.layers:
            raise self.refused(f"it has more than {self.limits.layers:,} layers", RAISE_HINT)

    def _kind_of(self, name: Any, value: Mapping[str, Any], kinds: tuple[str, ...]) -> str:
        """Return the one of the `kinds` that has a component with this name and module."""
        if not isinstance(name, str):
            raise self.refused(f"expected the name of a class, found {_short(name)}")
        if reason := REFUSED_NAMES.get(name):
            raise self.refused(f"it contains a {name}, which {reason}")
        module = value.get("module")
        in_module = kinds
        if module is not None:
            in_module = MODULES.get(module, ()) if isinstance(module, str) else ()
        # Keras imports the module that a file names, which runs code.
        if not in_module:
            raise self.refused(f"{name} comes from {_short(module)}, not from Keras")
        for kind in kinds:
            is_known = name in NAMES_BY_KIND.get(kind, ()) or find_entry(kind, name)
            if kind in in_module and is_known:
                return kind
        raise self.refused(unknown(kinds[0].removesuffix("s"), name, ()))

    def _check_config(self, kind: str, name: str, config: dict[str, Any], depth: int) -> None:
        if depth > MAX_DEPTH:
            raise self.refused(f"its layers are nested more than {MAX_DEPTH} deep")
        if kind == "models":
            self._check_model(config, depth)
            return
        entry = find_entry(kind, name)
        if kind == "layers" and entry is not None:
            self._count_layer()
            if extra := config.keys() - {*entry.parameters, *EXTRA_ARGUMENTS}:
                raise self.refused(f"{name} has no argument {_short(min(extra))}")
        for key, value in config.items():
            self._check_argument(kind, key, value, depth + 1)

    def _check_model(self, config: dict[str, Any], depth: int) -> None:
        if extra := config.keys() - MODEL_ARGUMENTS:
            raise self.refused(f"a model has no argument {_short(min(extra))}")
        layers = config.get("layers")
        if not isinstance(layers, list):
            raise self.refused("a model has no layers")
        for layer in layers:
            self.check_component(layer, LAYER_KINDS, depth + 1)
        names = [layer["name"] for layer in layers if "name" in layer]
        # Calls refer to layers by name: it must be clear which layer's cost was computed.
        if any(not isinstance(name, str) for name in names) or len(set(names)) < len(names):
            raise self.refused("duplicate layer name")
        for key in config.keys() - {"layers"}:
            self._check_argument("models", key, config[key], depth + 1)

    def _check_argument(self, kind: str, key: str, value: Any, depth: int) -> None:
        argument_kind = parameter_kind("layers", key)
        if kind == "layers" and key in LAYER_ARGUMENTS:
            for item in value if isinstance(value, list) else [value]:
                if item is not None:
                    self.check_component(item, LAYER_KINDS, depth)
        elif argument_kind in ("activations", "initializers", "regularizers", "constraints"):
            self._check_named(argument_kind, key, value, depth)
        elif key == "dtype":
            self._check_dtype(value, depth)
        # Keras would open the path, and the outputs would reveal what any readable file contains.
        elif key == "vocabulary" and isinstance(value, str):
            raise self.refused("its vocabulary is the path of a file, not a list")
        elif key == "unroll" and value:
            raise self.refused("unroll=true is refused: memory grows with the sequence length")
        elif isinstance(value, dict) and "class_name" in value:
            self._check_special(value, key, depth)
        else:
            self._check_plain(value, key, depth)

    def _check_named(self, kind: str, key: str, value: Any, depth: int) -> None:
        """Check an argument that is a component or the name of one."""
        if isinstance(value, dict):
            kinds = ("activations", "layers") if kind == "activations" else (kind,)
            self.check_component(value, kinds, depth)
        elif isinstance(value, str) and ">" in value:
            function = {"class_name": "function", "config": value}
            self.check_component(function, (kind,), depth)
        elif value is not None and not (
            isinstance(value, str) and (value in ACTIVATION_ALIASES or find_entry(kind, value))
        ):
            raise self.refused(f"its {key} is {_short(value)}, which Keras does not have")

    def _check_dtype(self, value: Any, depth: int) -> None:
        if isinstance(value, dict):
            self.check_component(value, ("dtypes",), depth)
            value = (value.get("config") or {}).get("name")
        if value is not None and not (isinstance(value, str) and value in DTYPES):
            raise self.refused(f"its dtype is {_short(value)}")

    def _check_special(self, value: dict[str, Any], key: str, depth: int) -> None:
        """Check the objects by which Keras writes arrays, tensors and random generators."""
        name = value["class_name"]
        if name == "__numpy__":
            config = value.get("config")
            if not isinstance(config, dict) or config.get("dtype") not in list(DTYPES):
                raise self.refused("it contains an array of an unknown dtype")
            self._check_plain(config.get("value"), "mean", depth)
        elif name == "__keras_tensor__":
            self._check_plain(value.get("config"), key, depth)
        else:
            self.check_component(value, ("generators",), depth)

    def _check_plain(self, value: Any, key: str, depth: int) -> None:
        """Check that data has bounded numbers and depth, and no components."""
        if depth > MAX_DEPTH:
            raise self.refused(f"its arguments are nested more than {MAX_DEPTH} deep")
        if isinstance(value, dict):
            if "class_name" in value and value["class_name"] != "__keras_tensor__":
                self._check_special(value, key, depth + 1)
                return
            for name, item in value.items():
                self._check_plain(item, name, depth + 1)
        elif isinstance(value, list):
            if set(map(type, value)) <= SCALAR_TYPES:
                self._check_numbers(value, key)
            else:
                for item in value:
                    self._check_plain(item, key, depth + 1)
        elif isinstance(value, int | float):
            self._check_numbers([value], key)

    def _check_numbers(self, values: list[Any], key: str) -> None:
        # Sizes are bounded, since Keras allocates the weights before it reads any from the file.
        limit = MAX_INT if key in UNLIMITED_ARGUMENTS else self.largest
        for value in values:
            if isinstance(value, int):
                if not -limit <= value <= limit:
                    number = (
                        f"{value:,}" if abs(value) < 10**15 else "a number of more than 15 digits"
                    )
                    raise self.refused(f"its {key[:40]} is {number}", RAISE_HINT)
            elif isinstance(value, float) and not math.isfinite(value):
                raise self.refused(f"its {key[:40]} is {value}")

    def _check_compile_config(self, value: Any, depth: int) -> None:
        """Check the training settings for code, although Keras is called with ``compile=False``."""
        if depth > MAX_DEPTH:
            raise self.refused(f"its arguments are nested more than {MAX_DEPTH} deep")
        if isinstance(value, dict):
            name = value.get("class_name")
            # Custom losses are functions here too; nothing looks them up.
            if isinstance(name, str) and name in REFUSED_NAMES and name != "function":
                raise self.refused(f"it contains a {name}, which {REFUSED_NAMES[name]}")
        items = value.values() if isinstance(value, dict) else value
        for item in items if isinstance(value, dict | list) else ():
            self._check_compile_config(item, depth + 1)
