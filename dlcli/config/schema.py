"""The JSON Schema of configs, for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from dlcli.config.catalogue import CHOSEN_BY_KERAS, Entry, inferred_arguments, keras_catalogue
from dlcli.config.components import AUTO, parameter_kind
from dlcli.config.known import NAMED_DATASETS
from dlcli.config.loader_base import LOADERS
from dlcli.config.own_loaders import all_loaders, find_loader
from dlcli.config.refused import CELLS, REFUSED_COMPONENTS
from dlcli.config.sections import Config, PreprocessConfig
from dlcli.config.steps import STEPS

Schema = dict[str, Any]


def config_schema() -> Schema:
    """Return a JSON Schema (draft 2020-12) for configs.

    It contains the names and parameters of Keras's components, so that an editor completes them
    and marks misspelt ones. Every valid config satisfies it; `load_config` checks more.
    """
    layers = keras_catalogue().entries["layers"]
    definitions = {kind: _kind(kind) for kind in keras_catalogue().entries}
    definitions["cells"] = _named({name: _arguments("layers", layers[name]) for name in CELLS}, [])
    properties: Schema = {}
    for name, field in Config.model_fields.items():
        description = {"description": field.description}
        properties[name] = {**_section(name, field.annotation), **description}
    definitions["step"] = _step()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "dlcli config",
        "type": "object",
        "additionalProperties": False,
        "required": ["dataset", "model", "loss", "fit"],
        "properties": properties,
        "$defs": definitions,
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _section(name: str, annotation: Any) -> Schema:
    one_or_list = {"model": "layers", "metrics": "metrics", "callbacks": "callbacks"}
    if name in one_or_list:
        item = _ref(one_or_list[name])
        choices = [{"type": "array", "items": item}, item, {"type": "null"}]
        return {"anyOf": [*choices, *([{"const": AUTO}] if name == "model" else [])]}
    if name in ("loss", "optimizer"):
        return _ref({"loss": "losses", "optimizer": "optimizers"}[name])
    if name == "dataset":
        return _dataset()
    if name == "preprocess":
        return _preprocess()
    if name == "seed":
        return {"type": "integer", "minimum": 0, "exclusiveMaximum": 2**32}
    plain: Schema = TypeAdapter(annotation).json_schema()
    return {"anyOf": [plain, {"type": "null"}]}


def _named(arguments: Mapping[str, Schema], bare: list[str]) -> Schema:
    """Return the schema of a component: a bare name, or a name with its arguments."""
    mapping = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": dict(arguments),
    }
    return {"anyOf": [{"enum": bare}, mapping]}


def _kind(kind: str) -> Schema:
    catalogue = keras_catalogue()
    if kind == "activations":
        names = catalogue.names(kind)
        return {"enum": [name for name in names if (kind, name) not in REFUSED_COMPONENTS]}
    arguments, bare = {}, list(CHOSEN_BY_KERAS) if kind == "metrics" else []
    spellings = dict(catalogue.entries[kind])
    spellings |= {
        alias: catalogue.entries[kind][name] for alias, name in catalogue.aliases[kind].items()
    }
    for name, entry in sorted(spellings.items()):
        if (kind, entry.name) in REFUSED_COMPONENTS or not entry.sequential:
            continue
        arguments[name] = _arguments(kind, entry)
        if not set(entry.required) - set(inferred_arguments(kind, entry)):
            bare.append(name)
    return _named(arguments, bare)


def _arguments(kind: str, entry: Entry) -> Schema:
    """Return the schema of arguments: by name, or a single value for the first one."""
    by_name: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _argument(kind, name) for name in entry.parameters},
    }
    inferred = inferred_arguments(kind, entry)
    if required := [name for name in entry.required if name not in inferred]:
        by_name["required"] = required
    if not entry.parameters:
        return {"type": "null"}
    first = _kind_of(kind, entry.parameters[0])
    single = _ref(first) if first else {"type": ["string", "number", "boolean", "array", "null"]}
    return {"anyOf": [by_name, single]}


def _kind_of(kind: str, parameter: str) -> str | None:
    return "cells" if parameter == "cell" else parameter_kind(kind, parameter)


def _argument(kind: str, name: str) -> Schema:
    inner = _kind_of(kind, name)
    if inner is None:
        return {}
    return {"anyOf": [_ref(inner), {"type": ["number", "array", "null"]}]}


def _dataset() -> Schema:
    arguments: dict[str, Schema] = {}
    for name in all_loaders():
        schema = find_loader(name).model_json_schema()
        arguments[name] = {"anyOf": [schema, {"type": "string"}]}
    for name, known in NAMED_DATASETS.items():
        schema = LOADERS[known.loader].model_json_schema()
        schema.pop("required", None)
        arguments[name] = {"anyOf": [schema, {"type": "null"}]}
    return _named(arguments, sorted(NAMED_DATASETS))


def _step() -> Schema:
    arguments = {
        name: {"anyOf": [STEPS[name].model_json_schema(), {"type": ["string", "number", "null"]}]}
        for name in STEPS
    }
    return _named(arguments, [*STEPS, "none"])


def _preprocess() -> Schema:
    steps = {"anyOf": [{"type": "array", "items": _ref("step")}, _ref("step"), {"type": "null"}]}
    properties: Schema = {}
    for name, field in PreprocessConfig.model_fields.items():
        inner = {"type": "object", "additionalProperties": steps} if name == "columns" else steps
        properties[name] = {**inner, "description": field.description}
    mapping = {"type": "object", "additionalProperties": False, "properties": properties}
    return {"anyOf": [mapping, {"type": "null"}]}
