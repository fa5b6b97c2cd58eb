"""Find, read and check config files."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from dlcli.config.checks import find_errors, find_warnings, infer_units
from dlcli.config.components import Component
from dlcli.config.document import Document
from dlcli.config.in_memory import check_source, document_of, override_texts
from dlcli.config.known import NAMED_DATASETS, Facts
from dlcli.config.overrides import apply_override
from dlcli.config.section_reader import NO_DATASET, UNREADABLE, SectionReader
from dlcli.config.sections import Config, FitConfig
from dlcli.config.split_section import SplitConfig
from dlcli.config.validation_messages import located_problems
from dlcli.config.yaml_text import MAX_BYTES, parse, too_large
from dlcli.errors import ConfigError, DlcliError, Problem, did_you_mean
from dlcli.files import MODEL_ENDINGS

# Files that people name where a config is wanted.
TABLE_ENDINGS = (
    ".csv", ".tsv", ".tab", ".txt", ".dat", ".data", ".gz", ".xlsx", ".xls", ".parquet", ".arff",
    ".jsonl", ".ndjson", ".json", ".npz", ".npy",
)  # fmt: skip


def bundled_folder(folder: str) -> FilePath:
    """Return the bundled ``configs`` or ``data``: in the package, or next to it in a checkout."""
    package = FilePath(str(resources.files("dlcli")))
    inside = package / folder
    return inside if inside.is_dir() else package.parent / folder


def config_names() -> dict[str, FilePath]:
    """Return all configs that have a bare name; ``./configs`` precedes the bundled ones."""
    paths: dict[str, FilePath] = {}
    for folder in (bundled_folder("configs"), FilePath("configs")):
        for path in sorted(folder.rglob("*.yaml")):
            paths[path.relative_to(folder).with_suffix("").as_posix()] = path
    return dict(sorted(paths.items()))


def find_config(name: str | os.PathLike[str]) -> FilePath:
    """Return the config file with this path or bare name.

    Raises
    ------
    DlcliError
        If there is no such file.
    """
    path = FilePath(name)
    if path.is_file():
        _check_ending(path)
        return path
    if path.is_dir():
        raise _folder_error(path)
    names = config_names()
    # A path that does not exist here may name a bundled config.
    bare = path.with_suffix("").as_posix().removeprefix("configs/")
    if bare in names and path.suffix in ("", ".yaml", ".yml"):
        return names[bare]
    hint = did_you_mean(bare, names) or "`dlcli list` shows the bundled configs."
    raise DlcliError(f"no config {str(name)!r}", hint=hint)


def _check_ending(path: FilePath) -> None:
    """Refuse a table or a model file."""
    ending = path.suffix.lower()
    if ending in TABLE_ENDINGS:
        hint = f"`dlcli init {path}` writes a config for it"
        raise DlcliError(f"{path} is a table; a config is wanted", hint=hint)
    if ending in MODEL_ENDINGS:
        hint = "`dlcli predict`, `evaluate` and `inspect` take models"
        raise DlcliError(f"{path} is a model; a config is wanted", hint=hint)


def _folder_error(path: FilePath) -> DlcliError:
    """Return the error for a folder, with the config in it if there is one."""
    message = f"{path} is a folder; a config is wanted"
    configs = (
        [path / "config.yaml"] if (path / "run.json").is_file() else sorted(path.glob("*.yaml"))
    )
    configs = configs or sorted(path.glob("*/config.yaml")) or sorted(path.glob("*/*/config.yaml"))
    if configs:
        return DlcliError(message, hint=f"name the config in it, as in {configs[-1]}")
    return DlcliError(message, hint=f"`dlcli init {path}` writes a config for the files in it")


def load_config(
    source: str | os.PathLike[str] | Mapping[str, Any],
    overrides: Iterable[str] | Mapping[str, Any] = (),
    *,
    name: str = "config",
) -> Config:
    """Read and check a config.

    Parameters
    ----------
    source : str, path or mapping
        A file, a bare name that is looked up in ``./configs`` and in the bundled configs, or the
        keys of a config; relative paths of data then start in the current folder.
    overrides : iterable of str, or mapping
        Each ``key=value``, as in ``fit.epochs=5``, or ``{"fit.epochs": 5}``; checked like the file.
    name : str
        Name of a mapping; its runs are saved under it.

    Returns
    -------
    Config
        Its ``warnings`` contain settings that are allowed but probably mistakes.

    Raises
    ------
    ConfigError
        With every problem of the file and its line.
    DlcliError
        If the config does not exist or cannot be read.
    """
    overrides = override_texts(overrides)
    if isinstance(source, Mapping):
        return build_config(name, document_of(source, name), FilePath(), overrides)
    check_source(source)
    path = find_config(source)
    # The config of a run directory has the name of the run.
    in_run = path.name == "config.yaml" and (path.parent / "run.json").is_file()
    title = path.absolute().parent.parent.name if in_run else path.stem
    return build_config(title, read_document(path), path.parent, overrides)


def as_config(
    config: Config | str | os.PathLike[str] | Mapping[str, Any], overrides: Iterable[str] = ()
) -> Config:
    """Return a config that is loaded already, or load it."""
    return config if isinstance(config, Config) else load_config(config, overrides)


def read_document(path: FilePath) -> Document:
    """Read and parse a YAML file.

    Raises
    ------
    ConfigError
        If it is empty, not UTF-8, or not a YAML mapping.
    DlcliError
        If it cannot be read.
    """
    where = str(path)
    try:
        with path.open("rb") as file:
            data = file.read(2 * MAX_BYTES)
    except OSError as error:
        raise DlcliError(f"cannot read {where}: {error.strerror}") from None
    if len(data) == 2 * MAX_BYTES:
        raise too_large(where)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        message = f"not UTF-8{_likely_encoding(data)}; save the file as UTF-8"
        raise ConfigError([Problem(where, line, "", message)]) from None
    document = parse(text, where)
    if document.value is None:
        hint = "`dlcli list` shows configs to start from."
        raise ConfigError([Problem(where, 1, "", f"the file is empty. {hint}")])
    if not isinstance(document.value, dict):
        raise ConfigError([Problem(where, 1, "", "expected keys with values at the top level")])
    return document


def _likely_encoding(data: bytes) -> str:
    """Return the likely encoding of a file that is not UTF-8, for a message; empty if unknown."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return " (it looks like UTF-16)"
    try:
        text = data.decode("cp949")
    except UnicodeDecodeError:
        return ""
    korean = any("\uac00" <= character <= "\ud7a3" for character in text)
    return " (it looks like cp949)" if korean else ""


def build_config(
    name: str,
    document: Document,
    folder: FilePath,
    overrides: Iterable[str] = (),
    *,
    has_model: bool = False,
) -> Config:
    """Check the values of a document.

    Parameters
    ----------
    name : str
        Name of the config; runs are saved under it.
    document : Document
    folder : Path
        Folder that relative data paths refer to.
    overrides : iterable of str
        Each ``key=value``.
    has_model : bool
        Whether a model was trained with it, so that its sections need not fit each other.

    Raises
    ------
    ConfigError
        With every problem and its line.
    """
    for override in overrides:
        apply_override(document, override)
    problems: list[Problem] = []
    values = SectionReader(document, folder, problems).values()
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        problems += located_problems(error, document, Config, ())
        config = _valid_part(values, error)
    config = config.of_model() if has_model else config
    facts = named_facts(config)
    findings = [document.problem(*finding) for finding in find_errors(config, facts)]
    problems += [problem for problem in findings if not _is_covered(problem, problems)]
    if problems:
        raise ConfigError(dict.fromkeys(problems))
    warnings = tuple(document.problem(*finding) for finding in find_warnings(config, facts))
    if facts is not None:
        config = infer_units(config, facts)
    return config.attach(name, document, warnings)


def _valid_part(values: Mapping[str, Any], error: ValidationError) -> Config:
    """Return a config of the valid sections, so that these are checked too."""
    invalid = {detail["loc"][0] for detail in error.errors()}
    placeholders = {
        "dataset": NO_DATASET,
        "model": (Component(UNREADABLE),),
        "loss": Component(UNREADABLE),
        "fit": FitConfig(epochs=1),
        "split": SplitConfig(validation=0.5),  # a monitored val_loss must not seem to be missing
    }
    sections = {key: value for key, value in placeholders.items() if key in invalid}
    sections |= {key: value for key, value in values.items() if key not in invalid}
    return Config.model_validate(sections)


def _is_covered(problem: Problem, others: Iterable[Problem]) -> bool:
    """Return whether a problem is a consequence of one that is already reported."""
    return bool(problem.key) and any(other.key.startswith(problem.key) for other in others)


def named_facts(config: Config) -> Facts | None:
    """Return the facts of a named data set, without reading it; None for other data."""
    if not config.dataset.known:
        return None
    known, loader = NAMED_DATASETS[config.dataset.name], config.dataset.loader
    facts = known.facts
    for key in ("classes", "class_names"):
        names = getattr(loader, key, None)
        if names is not None and names != known.arguments.get(key):
            facts = replace(facts, num_classes=len(names), class_names=tuple(names))
    rate = getattr(loader, "sampling_rate", None)
    return replace(facts, sampling_rate=rate) if rate else facts
