"""Read the sections that name components: data set, preprocessing, model and the like."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from dlcli.config.base import Section
from dlcli.config.components import AUTO, Component, ComponentReader, split_spelling
from dlcli.config.document import Document, Path
from dlcli.config.known import NAMED_DATASETS
from dlcli.config.loader_base import LOADERS, Loader
from dlcli.config.own_loaders import all_loaders, find_loader
from dlcli.config.sections import STEP_GROUPS, DatasetConfig
from dlcli.config.steps import STEPS, Step
from dlcli.config.validation_messages import located_problems
from dlcli.errors import Problem, unknown

KERAS_LISTS = {"model": "layers", "metrics": "metrics", "callbacks": "callbacks"}
KERAS_SINGLE = {"loss": "losses", "optimizer": "optimizers"}

# Placeholders for invalid values, so that the rest can still be checked.
UNREADABLE = "?"
NO_DATASET = DatasetConfig(name=UNREADABLE, loader=Loader())


class SectionReader:
    """Read the sections that name components; pydantic reads the others.

    Parameters
    ----------
    document : Document
        The config.
    folder : Path
        Folder that relative data paths refer to.
    problems : list of Problem
        Receives every problem.
    """

    def __init__(self, document: Document, folder: FilePath, problems: list[Problem]) -> None:
        self.document = document
        self.folder = folder
        self.problems = problems
        self.components = ComponentReader(document, problems)

    def values(self) -> dict[str, Any]:
        """Return the sections of the config, ready for pydantic."""
        values = dict(self.document.value)
        for key, kind in KERAS_LISTS.items():
            if key in values and (key, values[key]) != ("model", AUTO):
                values[key] = self.components_of(kind, values[key], (key,))
        if self.document.value.get("model") == AUTO:
            values["model"] = (Component(AUTO, {}, AUTO, ("model",)),)
        for key, kind in KERAS_SINGLE.items():
            if key in values:
                values[key] = self.component(kind, values[key], (key,))
        if "dataset" in values:
            values["dataset"] = self.dataset(values["dataset"], ("dataset",)) or NO_DATASET
        if isinstance(values.get("preprocess"), dict):
            values["preprocess"] = self.preprocess(values["preprocess"])
        # An empty section gets its defaults.
        return {key: value for key, value in values.items() if value is not None}

    def components_of(self, kind: str, value: Any, path: Path) -> tuple[Component, ...]:
        """Read a list of Keras components, or a single one without brackets."""
        if value is None:
            return ()
        if not isinstance(value, list):
            return (self.component(kind, value, path),)
        return tuple(self.component(kind, item, (*path, index)) for index, item in enumerate(value))

    def component(self, kind: str, value: Any, path: Path) -> Component:
        """Read a Keras component; an invalid one is reported and replaced by `UNREADABLE`."""
        component = self.components.read(kind, value, path)
        if component is None:
            spelling = split_spelling(value)
            spelled = "" if isinstance(spelling, str) else spelling[0]
            return Component(UNREADABLE, {}, spelled, path)
        return component

    def validate(self, section: type[Section], arguments: Any, path: Path) -> Any:
        """Validate the arguments of a loader or step; report problems and return None."""
        try:
            return section.model_validate(arguments or {})
        except ValidationError as error:
            self.problems.extend(located_problems(error, self.document, section, path))
            return None

    def dataset(self, value: Any, path: Path) -> DatasetConfig | None:
        """Read a named data set, or a loader with its arguments."""
        spelling = split_spelling(value)
        if isinstance(spelling, str):
            self.components.complain(path, spelling)
            return None
        name, arguments = spelling
        path = (*path, name) if isinstance(value, dict) else path
        if name in NAMED_DATASETS:
            return self.named_dataset(name, arguments, path)
        if name not in all_loaders():
            self.components.complain(path, _unknown_dataset(name))
            return None
        section = find_loader(name)
        arguments = _by_name(section, arguments)
        loader = self.validate(section, arguments, path)
        if loader is None:
            return None
        if "path" in arguments:
            arguments["path"] = _absolute(self.folder, arguments["path"])
            loader = loader.model_copy(update={"path": arguments["path"]})
        return DatasetConfig(name=name, loader=loader, written={name: arguments})

    def named_dataset(self, name: str, arguments: Any, path: Path) -> DatasetConfig | None:
        """Read a named data set, with further arguments of its loader if there are any."""
        dataset = NAMED_DATASETS[name]
        if arguments is not None and not isinstance(arguments, dict):
            self.components.complain(path, f"expected arguments by name, got {arguments!r}")
            return None
        if "path" in (arguments or {}):
            self.components.complain((*path, "path"), "a named data set has no 'path'; remove it")
            return None
        section = LOADERS[dataset.loader]
        path_argument = {"path": name} if "path" in section.model_fields else {}
        loader = self.validate(
            section, {**path_argument, **dataset.arguments, **(arguments or {})}, path
        )
        if loader is None:
            return None
        written = {name: dict(arguments)} if arguments else name
        return DatasetConfig(name=name, loader=loader, known=True, written=written)

    def preprocess(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Read the steps of all column types and columns."""
        section = dict(value)
        for column_type in STEP_GROUPS:
            if column_type in section:
                path = ("preprocess", column_type)
                takes = "numeric" if column_type == "target" else column_type
                section[column_type] = self.steps(section[column_type], path, takes)
        if isinstance(section.get("columns"), dict):
            section["columns"] = {
                column: self.steps(steps, ("preprocess", "columns", column), None)
                for column, steps in section["columns"].items()
            }
        return section

    def steps(self, value: Any, path: Path, column_type: str | None) -> tuple[Step, ...]:
        """Read one step or a list of them; ``none`` is an empty list."""
        if value in (None, "none", []):
            return ()
        items = enumerate(value) if isinstance(value, list) else [(None, value)]
        steps = (
            self.step(item, path if index is None else (*path, index), column_type)
            for index, item in items
            if item != "none"
        )
        return tuple(step for step in steps if step is not None)

    def step(self, value: Any, path: Path, column_type: str | None) -> Step | None:
        """Read a step with its arguments; report problems and return None."""
        spelling = split_spelling(value)
        if isinstance(spelling, str):
            self.components.complain(path, spelling)
            return None
        name, arguments = spelling
        if name not in STEPS:
            self.components.complain(path, unknown("preprocessing step", name, STEPS))
            return None
        section = STEPS[name]
        if column_type is not None and column_type not in section.column_types:
            self.components.complain(path, f"{name} is not for {column_type} columns")
            return None
        path = (*path, name) if isinstance(value, dict) else path
        # A step without fields has none that a single value could belong to.
        if not section.model_fields and arguments is not None and not isinstance(arguments, dict):
            self.components.complain(path, f"takes no argument, got {arguments!r}")
            return None
        step: Step | None = self.validate(section, _by_name(section, arguments), path)
        return step


def _absolute(folder: FilePath, path: str) -> str:
    """Return the absolute path of data that a config in `folder` names."""
    data = (folder / FilePath(path).expanduser()).absolute()
    plain = FilePath(os.path.normpath(data))  # another file, if a folder is a symbolic link
    return str(data if data.exists() and not plain.exists() else plain)


def _by_name(section: type[Section], arguments: Any) -> dict[str, Any]:
    """Return arguments by name; a single value is that of the first field that is required."""
    if arguments is None:
        return {}
    if isinstance(arguments, dict):
        return dict(arguments)
    # Loaders inherit `limit`, which therefore precedes their own fields.
    required = [name for name, field in section.model_fields.items() if field.is_required()]
    first = next(field for field in (*required, *section.model_fields) if field != "limit")
    return {first: arguments}


def _unknown_dataset(name: str) -> str:
    if name.endswith((".csv", ".csv.gz", ".tsv", ".txt")):
        return f"a file is read by a loader: {{csv: {{path: {name}, target: …}}}}"
    hint = unknown("data set or loader", name, [*NAMED_DATASETS, *all_loaders()])
    return f"{hint} One of your own needs --code" if name.isidentifier() else hint
