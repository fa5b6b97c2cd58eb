"""Components in a model file that are not Keras's own: exactly those registered are accepted.

Keras looks a name such as ``dlcli>MyLayer`` up in its table of registered classes before anything
else, so that the module that a file names is never imported.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from typing import Any

from dlcli.models.inspection.allowed import COMPONENT_KEYS
from dlcli.network.registration import registered_names

CODE_HINT = "--code FILE names the Python file that registers it"
# Kinds of components in the arguments of a layer of one's own.
OWN_PARTS = (
    "layers", "models", "operations", "activations", "initializers", "regularizers",
    "constraints", "dtypes", "generators",
)  # fmt: skip
FUNCTION = "function"


def own_key(value: Mapping[str, Any]) -> str:
    """Return the key by which Keras looks up a registered component; empty for Keras's own."""
    key = value.get("config" if value.get("class_name") == FUNCTION else "registered_name")
    return key if isinstance(key, str) and ">" in key else ""


def own_problem(
    value: Mapping[str, Any], kinds: Collection[str], foreign: Collection[str] = ()
) -> str:
    """Return why a component with an `own_key` is refused; empty if it is accepted.

    Parameters
    ----------
    value : mapping
        The component.
    kinds : collection of str
        Kinds that are expected in its place.
    foreign : collection of str
        Names that are accepted without being registered.
    """
    key, name = own_key(value), value.get("class_name")
    short = key.rpartition(">")[2]
    own = registered_names().get(key)
    if own is None and short not in foreign:
        return f"{key[:80]!r} is not Keras's own"
    is_function = name == FUNCTION
    if own is not None and (own.kind not in kinds or is_function == inspect.isclass(own.target)):
        return f"{key[:80]!r} is registered as another kind of component"
    if not is_function and not isinstance(value.get("config"), dict):
        return f"the arguments of {short[:80]} are {value.get('config')!r:.80}"
    if extra := value.keys() - COMPONENT_KEYS:
        return f"{short[:80]} has the unknown key {min(extra)!r:.80}"
    return ""
