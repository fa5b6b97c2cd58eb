"""State of callbacks of one's own: their attributes that are plain data or arrays.

Attributes of other types, such as an open file, are those that ``__init__`` and ``on_train_begin``
give the callback of the resumed training.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from dlcli.config.own_components import is_own_object
from dlcli.network.backend import import_keras
from dlcli.types import Array

SINGLE = "="  # marks the name of an array, as opposed to a list of arrays
MAX_DEPTH = 20


def is_own_callback(callback: Any) -> bool:
    """Return whether a callback was registered by `dlcli.register`."""
    return is_own_object("callbacks", callback)


def own_state(callback: Any) -> tuple[dict[str, Any], dict[str, list[Array]]]:
    """Return the plain attributes of a callback, and its arrays as lists by name."""
    plain: dict[str, Any] = {}
    arrays: dict[str, list[Array]] = {}
    for name, value in _attributes(callback):
        if isinstance(value, np.ndarray | np.generic):
            if value.dtype.kind in "biuf":
                arrays[SINGLE + name] = [np.asarray(value)]
        elif isinstance(value, list) and value and _are_arrays(value):
            arrays[name] = value
        elif _is_plain(value):
            plain[name] = value
    return plain, arrays


def restore_own(
    callback: Any, plain: Mapping[str, Any], arrays: Mapping[str, Sequence[Array]]
) -> None:
    """Set what `own_state` returned.

    Raises
    ------
    ValueError
        If it is not the state of a callback.
    """
    values: dict[str, Any] = dict(plain)
    for name, items in arrays.items():
        # A NumPy scalar is stored as an array without dimensions.
        values[name.removeprefix(SINGLE)] = (
            items[0][()] if name.startswith(SINGLE) and items else list(items)
        )
    ignored = _keras_attributes()
    for name, value in values.items():
        is_method = callable(getattr(type(callback), name, None))
        if not name.isidentifier() or name.startswith("__") or name in ignored or is_method:
            raise ValueError(f"{type(callback).__name__} has no state {name!r}")
        setattr(callback, name, value)


def _attributes(callback: Any) -> Iterator[tuple[str, Any]]:
    ignored = _keras_attributes()
    for name, value in vars(callback).items():
        if name not in ignored and name.isidentifier() and not name.startswith("__"):
            yield name, value


def _keras_attributes() -> set[str]:
    """Return the attributes of every callback, which Keras sets."""
    return {*vars(import_keras().callbacks.Callback()), "params", "model"}


def _are_arrays(values: list[Any]) -> bool:
    return all(isinstance(item, np.ndarray) and item.dtype.kind in "biuf" for item in values)


def _is_plain(value: Any, depth: int = 0) -> bool:
    """Return whether JSON gives a value back as it is."""
    if depth > MAX_DEPTH:
        return False
    if isinstance(value, list):
        return all(_is_plain(item, depth + 1) for item in value)
    if type(value) is dict:
        return all(type(key) is str and _is_plain(v, depth + 1) for key, v in value.items())
    return value is None or type(value) in (bool, int, float, str)
