"""Loaders of one's own: functions that return the data, with their parameters as arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, Field, create_model

from dlcli.config.base import Targets, Texts
from dlcli.config.known import NAMED_DATASETS
from dlcli.config.loader_base import LOADERS, LabelledLoader, Loader
from dlcli.config.loaders import user_loaders
from dlcli.config.own_components import OwnComponent, add_own_function, find_own, own_components
from dlcli.errors import DlcliError

KIND, NOUN = "loaders", "loader"
PLAIN_TYPES = {kind.__name__: kind for kind in (bool, int, float, str)}


class OwnLoader(LabelledLoader):
    """Arguments of a loader of one's own: those of dlcli, and in a subclass those of the function.

    The fields of this class are for what the function returns.
    """

    function: ClassVar[Callable[..., Any]]

    target: Targets | None = Field(
        default=None, description="Column to predict, or several, if the loader returns a table."
    )
    class_names: Texts | None = Field(
        default=None, description="Display names of the classes, in the order of their values."
    )

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the function."""
        parameters = inspect.signature(self.function).parameters
        values = {name: getattr(self, name) for name in parameters}
        return {
            name: Path(value) if _is_path(parameters[name]) and isinstance(value, str) else value
            for name, value in values.items()
        }


def add_own_loader(name: str, function: Any, file: str) -> None:
    """Make a function known to configs as a loader.

    Raises
    ------
    DlcliError
        If it is no function, its parameters cannot be arguments, or its name is taken.
    """
    if not inspect.isfunction(function):
        what = function.__name__ if inspect.isclass(function) else f"a {type(function).__name__}"
        raise DlcliError(f"register({NOUN!r}, …) takes a function that returns data, got {what}")
    if name in LOADERS or name in NAMED_DATASETS:
        kind = NOUN if name in LOADERS else "data set"
        raise DlcliError(f"dlcli has a {kind} {name!r} already", hint="rename yours")
    _section(function)
    add_own_function(OwnComponent(KIND, name, function, file), NOUN)


def find_loader(name: str) -> type[Loader]:
    """Return the arguments of a loader that a config can use."""
    own = find_own(KIND, name)
    return LOADERS[name] if own is None else _section(own.target)


def all_loaders() -> list[str]:
    """Return the names of the loaders that a config can use, those of one's own included."""
    return [*user_loaders(), *(item.name for item in own_components() if item.kind == KIND)]


@lru_cache(maxsize=64)
def _section(function: Callable[..., Any]) -> type[OwnLoader]:
    """Return the class of the arguments of a function."""
    fields: dict[str, Any] = {}
    title = f"the loader {function.__name__}"
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise DlcliError(
                f"the loader {function.__name__} takes {parameter}; name each argument"
            )
        if name in OwnLoader.model_fields:
            hint = "dlcli has it for every loader; rename yours"
            raise DlcliError(f"the loader {function.__name__} has an argument {name!r}", hint=hint)
        if name.startswith("_") or hasattr(BaseModel, name) or hasattr(OwnLoader, name):
            raise DlcliError(f"{title} has an argument {name!r}", hint="rename it")
        default = ... if parameter.default is parameter.empty else _plain(parameter.default)
        description = f"Argument of the function {function.__name__}."
        fields[name] = (_type(parameter), Field(default=default, description=description))
    section = create_model(function.__name__, __base__=OwnLoader, **fields)
    section.function = staticmethod(function)
    return section


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _is_path(parameter: inspect.Parameter) -> bool:
    annotation = parameter.annotation
    name = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return name.rpartition(".")[2] == "Path" or isinstance(parameter.default, Path)


def _type(parameter: inspect.Parameter) -> Any:
    """Return the type of a parameter, by its annotation or its default; Any if neither tells."""
    if _is_path(parameter):
        return str
    annotation = parameter.annotation
    if annotation is parameter.empty:
        default = parameter.default
        return type(default) if type(default) in PLAIN_TYPES.values() else Any
    name = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return PLAIN_TYPES.get(name, Any)
