"""The parameters of a class of Keras, or of one's own, by its signature."""

from __future__ import annotations

import inspect
from typing import Any

# Base classes whose optional parameters a subclass accepts through ``**kwargs``.
ROOTS = {"Layer", "Loss", "Metric", "BaseOptimizer", "Callback", "LearningRateSchedule"}


def describe(kind: str, cls: type) -> dict[str, Any]:
    """Return the parameters of a class, with the optional ones of its root class.

    Parameters
    ----------
    kind : str
        ``"layers"``, ``"losses"``, …: a key of the catalogue.
    cls : type

    Returns
    -------
    dict
        ``required``, ``optional`` and, for layers, ``sequential``, as in ``keras_names.json``;
        without those that are empty.
    """
    required, optional, has_kwargs = _parameters(cls)
    if has_kwargs:
        # Classes between the two are skipped: ``LSTM`` itself passes ``RNN`` its arguments.
        roots = [base for base in reversed(cls.__mro__) if base.__name__ in ROOTS]
        for name, default in _parameters(roots[0])[1].items() if roots else ():
            if name not in required:
                optional.setdefault(name, default)
    description: dict[str, Any] = {}
    if required:
        description["required"] = required
    if optional:
        description["optional"] = optional
    if kind == "layers" and not _takes_one_tensor(cls):
        description["sequential"] = False
    return description


def _parameters(cls: Any) -> tuple[list[str], dict[str, Any], bool]:
    """Return required and optional parameters, and whether ``**kwargs`` is accepted."""
    if cls.__init__ is object.__init__:
        return [], {}, False
    required: list[str] = []
    optional: dict[str, Any] = {}
    has_kwargs = False
    for parameter in list(inspect.signature(cls.__init__).parameters.values())[1:]:
        if parameter.kind is parameter.VAR_KEYWORD:
            has_kwargs = True
        elif parameter.kind is parameter.VAR_POSITIONAL:
            continue
        elif parameter.default is parameter.empty:
            required.append(parameter.name)
        else:
            optional[parameter.name] = _plain(parameter.default)
    return required, optional, has_kwargs


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int | float | str) else None


def _takes_one_tensor(layer: Any) -> bool:
    if any(base.__name__ in ("Merge", "Attention") for base in layer.__mro__):
        return False
    parameters = list(inspect.signature(layer.call).parameters.values())[1:]
    required = [
        parameter
        for parameter in parameters
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    return len(required) == 1
