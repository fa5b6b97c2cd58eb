"""Register components of one's own, and create them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, overload

from dlcli.config.catalogue import KINDS
from dlcli.config.own_components import FUNCTION_KINDS, OwnComponent, add_own, own_components
from dlcli.errors import DlcliError, first_line, unknown
from dlcli.network.backend import import_keras

T = TypeVar("T")
# Package under which Keras knows the components, in the notation of model files.
PACKAGE = "dlcli"
# The class from which a component of each kind is derived.
BASES = {
    "layers": "layers.Layer",
    "losses": "losses.Loss",
    "metrics": "metrics.Metric",
    "optimizers": "optimizers.Optimizer",
    "schedules": "optimizers.schedules.LearningRateSchedule",
    "callbacks": "callbacks.Callback",
    "initializers": "initializers.Initializer",
    "regularizers": "regularizers.Regularizer",
    "constraints": "constraints.Constraint",
}
# Kinds that are part of the network in a model file.
SAVED_KINDS = ("layers", "activations", "initializers", "regularizers", "constraints")

_loading: list[str] = []  # the file of --code that is being run


@overload
def register(kind: str, component: T, *, name: str | None = None) -> T: ...
@overload
def register(kind: str, *, name: str | None = None) -> Callable[[T], T]: ...


def register(kind: str, component: Any = None, *, name: str | None = None) -> Any:
    """Make a layer, loss, metric … of one's own known to configs.

    Parameters
    ----------
    kind : str
        ``"layer"``, ``"loss"``, ``"metric"``, ``"optimizer"``, ``"callback"``, ``"activation"``,
        ``"initializer"``, ``"regularizer"``, ``"constraint"``, ``"learning-rate schedule"`` or
        ``"loader"``.
    component : class or function, optional
        A class derived from Keras's base class, or for losses, metrics, activations, initializers,
        regularizers and constraints also a function. A loader is a function that returns the
        arrays ``(x, y)`` or ``(x_train, y_train, x_test, y_test)``, or a DataFrame. Default:
        return a decorator.
    name : str, optional
        Name in configs. Default: that of the class or function.

    Returns
    -------
    class or function
        The component itself, so that this can be a decorator.

    Raises
    ------
    DlcliError
        If the component is not of this kind, or Keras or another component has its name.

    Examples
    --------
    >>> @dlcli.register("loss")
    ... def scaled_error(y_true, y_pred):
    ...     return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)
    """
    if not isinstance(kind, str):
        raise DlcliError(
            f"register takes the kind of component first, got {kind!r}",
            hint='write @dlcli.register("layer") above it, or another kind',
        )
    from dlcli.config import own_loaders  # here, since prediction needs no loaders

    nouns = {**KINDS, own_loaders.KIND: own_loaders.NOUN}
    key = next((key for key, noun in nouns.items() if kind in (noun, key)), None)
    if key is None:
        raise DlcliError(unknown("kind of component", kind, nouns.values()))

    def add(target: Any) -> Any:
        if key in KINDS:
            _check_target(key, target)
        word = str(name or getattr(target, "__name__", ""))
        if not word.isidentifier():
            raise DlcliError(f"the name of a {nouns[key]} has letters, digits and _, got {word!r}")
        file = _loading[-1] if _loading else _file_of(target)
        if key not in KINDS:
            own_loaders.add_own_loader(word, target, file)
            return target
        add_own(OwnComponent(key, word, target, file))
        if key in SAVED_KINDS:
            _make_loadable(target, word)
        return target

    return add if component is None else add(component)


def _check_target(kind: str, target: Any) -> None:
    """Refuse what Keras would not take as a component of a kind."""
    noun = KINDS[kind]
    if inspect.isfunction(target):
        if kind not in FUNCTION_KINDS:
            raise DlcliError(f"a {noun} is a class derived from keras.{BASES[kind]}, no function")
        if target.__name__ == "<lambda>":
            raise DlcliError(f"a lambda has no name; define the {noun} with def")
        return
    expected = f"a function {FUNCTION_KINDS[kind]}" if kind in FUNCTION_KINDS else ""
    if kind in BASES:
        base: Any = import_keras()
        for part in BASES[kind].split("."):
            base = getattr(base, part)
        if inspect.isclass(target) and issubclass(target, base):
            return
        expected = " or ".join(
            filter(None, [f"a class derived from keras.{BASES[kind]}", expected])
        )
    what = target.__name__ if inspect.isclass(target) else f"a {type(target).__name__}"
    raise DlcliError(f"register({noun!r}, …) takes {expected}, got {what}")


def _make_loadable(target: Any, name: str) -> None:
    """Tell Keras the name by which model files refer to a class or function."""
    saving = import_keras().saving
    if not saving.get_registered_name(target).endswith(f">{name}"):
        saving.register_keras_serializable(PACKAGE, name)(target)


def instantiate_own(component: OwnComponent, arguments: Mapping[str, Any]) -> Any:
    """Create a component, or return the function that it is.

    Raises
    ------
    ValueError
        If a layer or one of its parts could not be loaded from a model file again.
    """
    target, kind = component.target, component.kind
    if not inspect.isclass(target):
        if kind == "metrics":
            return import_keras().metrics.MeanMetricWrapper(target, **arguments)
        return target
    instance: Any = target(**arguments)
    if kind in SAVED_KINDS:
        try:
            type(instance).from_config(instance.get_config())
        except Exception as error:
            raise ValueError(
                f"a model with it cannot be loaded again: {first_line(error).rstrip('.')}; "
                "get_config has to return the arguments of __init__, and a layer takes **kwargs "
                "and passes them to super().__init__"
            ) from error
    return instance


def registered_names() -> dict[str, OwnComponent]:
    """Return the components by the names in model files, as in ``dlcli>MyLayer``."""
    components = [item for item in own_components() if item.kind in SAVED_KINDS]
    if not components:
        return {}
    saving = import_keras().saving
    return {saving.get_registered_name(item.target): item for item in components}


def _file_of(target: Any) -> str:
    """Return the Python file that defines a class or function; empty in a notebook."""
    try:
        path = Path(inspect.getsourcefile(target) or "")
    except (TypeError, OSError):
        return ""
    return str(path.absolute()) if path.is_file() else ""


@contextmanager
def registering_from(file: str) -> Iterator[None]:
    """Take a file for the one that registers what is registered in the block."""
    _loading.append(file)
    try:
        yield
    finally:
        _loading.pop()
