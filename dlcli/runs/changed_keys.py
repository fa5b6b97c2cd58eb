"""The keys in which the configs of several runs differ, dotted as in ``--set``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dlcli.config.catalogue import stored_catalogue
from dlcli.config.components import split_spelling
from dlcli.config.overrides import SINGLE
from dlcli.config.yaml_text import MAX_BYTES, dump_inline, parse, too_large
from dlcli.errors import DlcliError

CONFIG = "config.yaml"
# Sections of components, and where the catalogue of Keras has their defaults.
SECTIONS = {
    "optimizer": "optimizers", "loss": "losses", "model": "layers", "metrics": "metrics",
    "callbacks": "callbacks",
}  # fmt: skip


def read_plain_config(run: Path) -> dict[str, Any]:
    """Read the config of a run as plain values; it is not checked.

    Raises
    ------
    DlcliError
        If it cannot be read, or is no YAML mapping.
    """
    path = run / CONFIG
    try:
        if path.stat().st_size > MAX_BYTES:
            raise too_large(str(path))
        value = parse(path.read_text(encoding="utf-8"), str(path)).value
    except OSError as error:
        raise DlcliError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DlcliError(f"{path} is damaged: it is not UTF-8") from None
    if not isinstance(value, dict):
        raise DlcliError(f"{path} is damaged: it has no keys")
    return value


def changed_keys(configs: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return the keys in which configs differ, with the value of each config.

    A default of Keras stands where a config does not name the key. Where layers differ in number,
    or a component in its name, the whole of it is one value.

    Parameters
    ----------
    configs : sequence of mapping
        Resolved, as plain values.

    Returns
    -------
    dict
        The values in the order of `configs`, by key as in ``optimizer.learning_rate``; None where
        a config has no such key.
    """
    changes: dict[str, list[Any]] = {}
    if len(configs) > 1:
        _compare([_without_ranges(config) for config in configs], "", None, changes)
    return changes


def _without_ranges(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config without the ranges of a search; its number of trials stays."""
    plain = dict(config)
    tune = plain.pop("tune", None)
    if isinstance(tune, Mapping) and "trials" in tune:
        plain["tune"] = {"trials": tune["trials"]}
    return plain


def value_at(config: Mapping[str, Any], key: str) -> Any:
    """Return the value of a dotted key in a plain config; None if there is none."""
    value: Any = config
    parts = [part for part in key.replace("[", ".").replace("]", "").split(".") if part]
    section = parts[0] if parts else ""
    for depth, part in enumerate(parts):
        if section in SINGLE and depth == 1:
            value = _below_component(value, part)
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def short_value(value: Any) -> str:
    """Format a value of a config on one line, as in ``Dense 16 relu, Dense 3``; empty for None."""
    if isinstance(value, list):
        return ", ".join(map(_brief, value)) or "none"
    return "" if value is None else _brief(value)


def _brief(value: Any) -> str:
    """Format a component as its name and the values of its arguments."""
    if isinstance(value, Mapping) and len(value) == 1:
        name, arguments = next(iter(value.items()))
        if arguments is None:
            return str(name)
        values = arguments.values() if isinstance(arguments, Mapping) else [arguments]
        return " ".join([str(name), *map(_brief, values)])
    return dump_inline(value)


def _below_component(value: Any, part: str) -> Any:
    """Return the arguments of the one component of a section, unless the key has its name."""
    is_component = isinstance(value, Mapping) and len(value) == 1 and part not in value
    return next(iter(value.values())) if is_component else value


def _compare(values: list[Any], key: str, kind: str | None, changes: dict[str, list[Any]]) -> None:
    """Add the keys below `key` in which the values differ."""
    first = values[0]
    if all(value == first for value in values):
        return
    components = _components(values) if kind else None
    if components is not None:
        _compare_components(components, key, str(kind), changes)
    elif not kind and all(isinstance(value, Mapping) for value in values):
        for name in dict.fromkeys(name for value in values for name in value):
            below = f"{key}.{name}" if key else str(name)
            kind_below = SECTIONS.get(name) or (name if name == "dataset" else None)
            items = [value.get(name) for value in values]
            _compare(items, below, kind_below if not key else None, changes)
    elif _are_lists(values):
        for index, items in enumerate(map(list, zip(*values, strict=True))):
            _compare(items, f"{key}[{index}]", kind, changes)
    else:
        changes[key] = values


def _are_lists(values: Sequence[Any]) -> bool:
    return all(isinstance(value, list) and len(value) == len(values[0]) for value in values)


def _components(values: Sequence[Any]) -> list[tuple[str, Mapping[str, Any]]] | None:
    """Return name and arguments of each component; None if they are not all the same one."""
    components = []
    for value in values:
        spelling = split_spelling(value) if isinstance(value, str | dict) else ""
        if isinstance(spelling, str):
            return None
        name, arguments = spelling
        if not isinstance(arguments, Mapping | None):
            return None
        components.append((str(name), arguments or {}))
    same = {name.casefold() for name, _ in components}
    return components if len(same) == 1 else None


def _compare_components(
    components: Sequence[tuple[str, Mapping[str, Any]]],
    key: str,
    kind: str,
    changes: dict[str, list[Any]],
) -> None:
    """Add the arguments in which components of one name differ."""
    name = components[0][0]
    catalogue = stored_catalogue()
    entry = catalogue.find(kind, name) if kind in catalogue.entries else None
    defaults = entry.optional if entry is not None else {}
    prefix = key if key in SINGLE else f"{key}.{name}"
    for argument in dict.fromkeys(item for _, arguments in components for item in arguments):
        values = [arguments.get(argument, defaults.get(argument)) for _, arguments in components]
        _compare(values, f"{prefix}.{argument}", None, changes)
