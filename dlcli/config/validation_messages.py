"""pydantic's findings in our words, with file and line."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from dlcli.config.base import Section
from dlcli.config.components import Component
from dlcli.config.document import Document, Path
from dlcli.config.sections import DatasetConfig
from dlcli.errors import Problem, did_you_mean

# pydantic's words for what is no beginner's business.
PLAIN = {
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "bool_type": "expected true or false",
    "string_type": "expected text",
    "dict_type": "expected keys with values",
    "model_type": "expected keys with values",
    "tuple_type": "expected a list",
    "too_short": "expected at least one item",
    "finite_number": "expected a finite number",
}

WANTED = re.compile(r"expected (.*), got (.*)", re.DOTALL)


def located_problems(
    error: ValidationError, document: Document, section: type[Section], at: Path
) -> list[Problem]:
    """Turn pydantic's errors into located problems, a misspelt required key told once."""
    details = error.errors()
    extra = {
        detail["loc"][:-1]: detail for detail in details if detail["type"] == "extra_forbidden"
    }
    problems = []
    for detail in details:
        path = at + tuple(part for part in detail["loc"] if not _is_branch(part, detail["loc"]))
        name = str(path[-1]) if path else ""
        if detail["type"] == "missing":
            near = extra.get(detail["loc"][:-1])
            if near and did_you_mean(str(near["loc"][-1]), [name]):
                continue
            # What could not be read is already reported where it stands.
            if isinstance(document.value, dict) and not at and name in document.value:
                continue
            problems.append(document.problem(path[:-1], f"needs {name!r}"))
            continue
        problems.append(document.problem(path, _plain_message(detail, section, name)))
    return _joined(problems)


def _joined(problems: list[Problem]) -> list[Problem]:
    """Make one problem of those that say what else might have stood in the same place."""
    kept: dict[tuple[str, int, str], Problem] = {}
    for problem in problems:
        place = (problem.where, problem.line, problem.key)
        first, found = kept.get(place), WANTED.fullmatch(problem.message)
        if first is None or found is None or not (before := WANTED.fullmatch(first.message)):
            kept[place if first is None else (*place[:2], f"{problem.key} {len(kept)}")] = problem
        elif found[1] not in before[1]:
            message = f"expected {before[1]} or {found[1]}, got {found[2]}"
            kept[place] = replace(problem, message=message)
    return list(dict.fromkeys(kept.values()))


def _is_branch(part: Any, location: tuple[Any, ...]) -> bool:
    """Tell pydantic's names of union branches from keys."""
    return (
        isinstance(part, str)
        and part != location[0]
        and (part in ("bool", "str", "int", "float") or part.startswith(("literal[", "dict[")))
    )


def _plain_message(detail: Any, section: type[Section], name: str) -> str:
    if detail["type"] == "extra_forbidden":
        fields = _fields(section, detail["loc"][:-1])
        hint = did_you_mean(name, fields) or f"Keys here: {', '.join(fields)}."
        return f"unknown key {name!r}. {hint}"
    got = detail["input"]
    ours = isinstance(got, Section | Component)
    shown = "" if ours else json.dumps(got, ensure_ascii=False, default=str)
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    plain = PLAIN.get(detail["type"])
    if plain is None:
        wanted = "expected" if detail["type"] == "literal_error" else "expected a value"
        plain = detail["msg"].replace("Input should be", wanted)
    return f"{plain}, got {shown}" if shown else plain


def _fields(section: type[Section], location: tuple[Any, ...]) -> list[str]:
    """Return the keys of the section at `location` inside another."""
    for part in location:
        field = section.model_fields.get(str(part))
        inner = field.annotation if field else None
        if isinstance(inner, type) and issubclass(inner, Section):
            section = inner
    return [name for name in section.model_fields if section is not DatasetConfig]
