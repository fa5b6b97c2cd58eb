"""Translate the validation errors of pydantic to messages with file and line."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from dlcli.config.base import Section
from dlcli.config.components import Component
from dlcli.config.document import Document, Path
from dlcli.config.keys import full_key
from dlcli.config.sections import Config, DatasetConfig
from dlcli.errors import Problem, did_you_mean

# Messages by pydantic's error type; its own use words of Python.
MESSAGES = {
    "int_type": "expected an integer",
    "int_from_float": "expected an integer",
    "float_type": "expected a number",
    "bool_type": "expected true or false",
    "string_type": "expected text",
    "dict_type": "expected keys with values",
    "model_type": "expected keys with values",
    "tuple_type": "expected a list",
    "too_short": "expected at least one item",
    "finite_number": "expected a finite number",
}
NOT_NEEDED = {
    "fit.shuffle": "The rows are shuffled in every epoch.",
    "fit.verbose": "`dlcli train -q` prints no progress.",
    "fit.validation_data": "Did you mean 'split.validation'? It is a share, or test for the test "
    "rows.",
    "fit.callbacks": "Did you mean 'callbacks'?",
    "split.train": "The training rows are those that are left by 'test' and 'validation'.",
    "split.train_size": "The training rows are those that are left by 'test' and 'validation'.",
}
EXPECTATION = re.compile(r"expected (.*), got (.*)", re.DOTALL)


def located_problems(
    error: ValidationError, document: Document, section: type[Section], base: Path
) -> list[Problem]:
    """Return the problems of a section; a misspelt required key is reported once.

    Parameters
    ----------
    error : ValidationError
    document : Document
        The config, for locations.
    section : type of Section
        The class that was validated.
    base : tuple
        Path of the section in the config; empty for the whole config.
    """
    details = error.errors()
    unknown_keys = {
        detail["loc"][:-1]: detail for detail in details if detail["type"] == "extra_forbidden"
    }
    problems = []
    for detail in details:
        path = base + tuple(part for part in detail["loc"] if not _is_branch(part, detail["loc"]))
        name = str(path[-1]) if path else ""
        if detail["type"] == "missing":
            unknown_key = unknown_keys.get(detail["loc"][:-1])
            if unknown_key and did_you_mean(str(unknown_key["loc"][-1]), [name]):
                continue
            # A section that could not be read is already reported.
            if isinstance(document.value, dict) and not base and name in document.value:
                continue
            problems.append(document.problem(path[:-1], f"needs {name!r}"))
            continue
        problems.append(document.problem(path, _message(detail, section, name)))
    return _merge_alternatives(problems)


def _merge_alternatives(problems: list[Problem]) -> list[Problem]:
    """Merge the problems of the members of a union: expected text or an integer, got 1.5."""
    merged: list[Problem] = []
    for problem in problems:
        last = merged[-1] if merged else None
        match = EXPECTATION.fullmatch(problem.message)
        earlier = EXPECTATION.fullmatch(last.message) if last else None
        same_value = last is not None and (last.line, last.key) == (problem.line, problem.key)
        if last is None or match is None or earlier is None or not same_value:
            merged.append(problem)
        elif match[1] not in earlier[1]:
            message = f"expected {earlier[1]} or {match[1]}, got {match[2]}"
            merged[-1] = replace(last, message=message)
    return list(dict.fromkeys(merged))


def _is_branch(part: Any, location: tuple[Any, ...]) -> bool:
    """Return whether a part of a location is pydantic's name of a union member, not a key."""
    return (
        isinstance(part, str)
        and part != location[0]
        and (part in ("bool", "str", "int", "float") or part.startswith(("literal[", "dict[")))
    )


def _message(detail: Any, section: type[Section], name: str) -> str:
    if detail["type"] == "extra_forbidden":
        fields = _fields(section, detail["loc"][:-1])
        key = full_key(name) if section is Config else ""
        near = did_you_mean(name, fields)
        if key and (len(detail["loc"]) == 1 or not near):  # another section has the key
            near = f"Did you mean {key!r}?"
        hint = near or f"Keys here: {', '.join(fields)}."
        hint = NOT_NEEDED.get(".".join(map(str, detail["loc"])), hint)
        return f"unknown key {name!r}. {hint}"
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    message = MESSAGES.get(detail["type"])
    if message is None:
        expected = "expected" if detail["type"] == "literal_error" else "expected a value"
        message = str(detail["msg"]).replace("Input should be", expected)
    value = detail["input"]
    if isinstance(value, Section | Component):
        return message
    return f"{message}, got {json.dumps(value, ensure_ascii=False, default=str)}"


def _fields(section: type[Section], location: tuple[Any, ...]) -> list[str]:
    """Return the keys of the section at a location inside `section`."""
    for part in location:
        field = section.model_fields.get(str(part))
        inner = field.annotation if field else None
        if isinstance(inner, type) and issubclass(inner, Section):
            section = inner
    return [name for name in section.model_fields if section is not DatasetConfig]
