"""Components of one's own: layers, losses, callbacks … that the program has registered.

A class or function gets here by `dlcli.register` alone: in the program that uses dlcli, or in a
file that the user names on the command line (``--code``). No config and no model file can add one.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.config.catalogue import (
    ENSEMBLE_LAYERS,
    KINDS,
    Entry,
    add_own_entry,
    find_own_entry,
    installed_catalogue,
)
from dlcli.config.components import Component, parameter_kind
from dlcli.config.signatures import describe
from dlcli.errors import DlcliError

if TYPE_CHECKING:
    from dlcli.config.sections import Config

# Kinds of which Keras takes a plain function, with what it is called.
FUNCTION_KINDS = {
    "losses": "(y_true, y_pred)",
    "metrics": "(y_true, y_pred)",
    "activations": "(x)",
    "initializers": "(shape, dtype=None)",
    "regularizers": "(weights)",
    "constraints": "(weights)",
}


@dataclass(frozen=True)
class OwnComponent:
    """A class or function that was registered.

    Parameters
    ----------
    kind : str
        A key of `KINDS`.
    name : str
        Its name in configs.
    target : type or function
    file : str
        The Python file that registers it; empty if there is none, as in a notebook.
    """

    kind: str
    name: str
    target: Any
    file: str = ""


_registered: dict[tuple[str, str], OwnComponent] = {}


def add_own(component: OwnComponent) -> None:
    """Make a component known to configs.

    The same class may be registered again, as a notebook does when a cell runs twice.

    Raises
    ------
    DlcliError
        If Keras or another component has its name, or a config cannot use it.
    """
    kind, name, target = component.kind, component.name, component.target
    noun = KINDS[kind]
    if kind == "layers" and name in ENSEMBLE_LAYERS:
        raise DlcliError(f"dlcli has a layer {name!r} already", hint="rename yours")
    for taken in {name, target.__name__}:
        if installed_catalogue().find(kind, taken) is not None:
            hint = "choose another name, as in `class MyDense`" if taken != name else None
            raise DlcliError(f"Keras has a {noun} {taken!r} already", hint=hint or "rename yours")
    earlier = _registered.get((kind, name))
    if earlier is not None and _identity(earlier) != _identity(component):
        raise DlcliError(f"another {noun} is registered as {name!r} already", hint="rename one")
    entry = _entry(kind, name, target)
    _registered[kind, name] = component
    add_own_entry(kind, entry)


def add_own_function(component: OwnComponent, noun: str) -> None:
    """Make a function of a kind that Keras does not have known to configs.

    Raises
    ------
    DlcliError
        If another one has its name.
    """
    key = (component.kind, component.name)
    earlier = _registered.get(key)
    if earlier is not None and _identity(earlier) != _identity(component):
        message = f"another {noun} is registered as {component.name!r} already"
        raise DlcliError(message, hint="rename one")
    _registered[key] = component


def _identity(component: OwnComponent) -> tuple[str, str, str]:
    return component.target.__module__, component.target.__qualname__, component.file


def _entry(kind: str, name: str, target: Any) -> Entry:
    """Return the catalogue's entry of a component; its parameters are those of the signature."""
    if not inspect.isclass(target):
        return Entry(name, (), {"name": name} if kind == "metrics" else {}, is_own=True)
    try:
        description = describe(kind, target)
    except (TypeError, ValueError) as error:
        raise DlcliError(f"the arguments of {name} cannot be read: {error}") from None
    required = tuple(description.get("required", ()))
    entry = Entry(
        name,
        required,
        description.get("optional", {}),
        description.get("sequential", True),
        is_own=True,
    )
    if kind == "metrics" and "name" not in entry.parameters:
        hint = "def __init__(self, name='…', **kwargs): super().__init__(name=name, **kwargs)"
        raise DlcliError(f"the metric {name} needs an argument 'name'", hint=hint)
    return entry


def find_own(kind: str, name: str) -> OwnComponent | None:
    """Return the registered component of a kind with this name in configs, or None."""
    return _registered.get((kind, name))


def own_components() -> tuple[OwnComponent, ...]:
    """Return all registered components."""
    return tuple(_registered.values())


def is_own(kind: str, name: str) -> bool:
    """Return whether a component is one's own."""
    return find_own_entry(kind, name) is not None


def is_own_object(kind: str, instance: Any) -> bool:
    """Return whether an object of a kind is one of a registered class."""
    return any(item.kind == kind and item.target is type(instance) for item in own_components())


def used_own(config: Config) -> tuple[OwnComponent, ...]:
    """Return the components of one's own that a config uses, each once."""
    groups = {
        "layers": config.model,
        "losses": [config.loss],
        "optimizers": [config.optimizer],
        "metrics": config.metrics,
        "callbacks": config.callbacks,
    }
    names = [item for kind, components in groups.items() for item in _named(kind, components)]
    if not config.dataset.known:
        names.append(("loaders", config.dataset.name))
    found = (find_own(kind, name) for kind, name in dict.fromkeys(names))
    return tuple(component for component in found if component is not None)


def _named(kind: str, components: Iterable[Component]) -> Iterator[tuple[str, str]]:
    """Yield kind and name of components and of those in their arguments."""
    for component in components:
        yield kind, component.name
        for parameter, value in component.arguments.items():
            inner = parameter_kind(kind, parameter)
            if inner == "activations" and isinstance(value, str):
                yield inner, value
            elif inner is not None:
                items = value if isinstance(value, tuple) else [value]
                yield from _named(inner, [item for item in items if isinstance(item, Component)])
