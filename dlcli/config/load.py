"""From a config file to a checked `Config`, or to every problem it has."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from dlcli.config.checks import complete, errors, warnings
from dlcli.config.components import Component
from dlcli.config.document import MAX_BYTES, Document, parse, too_large
from dlcli.config.known import NAMED_DATASETS, Facts
from dlcli.config.overrides import apply_override
from dlcli.config.section_reader import NO_DATASET, UNREADABLE, SectionReader
from dlcli.config.sections import Config, FitConfig, SplitConfig
from dlcli.config.validation_messages import located
from dlcli.errors import ConfigError, DlcliError, Problem, did_you_mean


def bundled_folder(folder: str) -> FilePath:
    """Return where `folder` (configs, data) stands: in the package, or beside it in a checkout."""
    package = FilePath(str(resources.files("dlcli")))
    inside = package / folder
    return inside if inside.is_dir() else package.parent / folder


def config_names() -> dict[str, FilePath]:
    """Return all configs that a bare name can mean; those in ./configs win."""
    found: dict[str, FilePath] = {}
    for folder in (bundled_folder("configs"), FilePath("configs")):
        for path in sorted(folder.rglob("*.yaml")):
            found[path.relative_to(folder).with_suffix("").as_posix()] = path
    return dict(sorted(found.items()))


def find_config(name: str | os.PathLike[str]) -> FilePath:
    """Return the file that `name` means: a path, or the bare name of a config.

    Raises
    ------
    DlcliError
        If there is no such file.
    """
    path = FilePath(name)
    if path.is_file():
        return path
    if path.is_dir():
        raise DlcliError(f"{path} is a folder; name the config in it, as in {path / 'config.yaml'}")
    names = config_names()
    # A path that is not there in this folder may still be one of the bundled configs.
    bare = path.with_suffix("").as_posix().removeprefix("configs/")
    if bare in names and path.suffix in ("", ".yaml", ".yml"):
        return names[bare]
    hint = did_you_mean(bare, names) or "`dlcli list` shows the configs that come along."
    raise DlcliError(f"no config {str(name)!r}", hint=hint)


def load_config(name: str | os.PathLike[str], overrides: Iterable[str] = ()) -> Config:
    """Read and check a config.

    Parameters
    ----------
    name : str or path
        A file, or a bare name that is looked up in ``./configs`` and among the bundled ones.
    overrides : iterable of str
        ``key=value`` each, as in ``fit.epochs=5``; checked like the file.

    Returns
    -------
    Config
        Its ``warnings`` say what is allowed and probably not meant.

    Raises
    ------
    ConfigError
        With every problem of the file, located.
    DlcliError
        If there is no such config, or it cannot be read.
    """
    path = find_config(name)
    # The config that a run has kept goes by the name of the run.
    in_run = path.name == "config.yaml" and (path.parent / "run.json").is_file()
    title = path.absolute().parent.parent.name if in_run else path.stem
    return build_config(title, read_document(path), path.parent, overrides)


def read_document(path: FilePath) -> Document:
    """Read the YAML of a file.

    Raises
    ------
    ConfigError
        If it is empty, not UTF-8, or no YAML mapping.
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
        message = f"not UTF-8{_looks_like(data)}; save the file as UTF-8"
        raise ConfigError([Problem(where, line, "", message)]) from None
    document = parse(text, where)
    if document.value is None:
        hint = "`dlcli list` shows configs to start from."
        raise ConfigError([Problem(where, 1, "", f"the file is empty. {hint}")])
    if not isinstance(document.value, dict):
        raise ConfigError([Problem(where, 1, "", "expected keys with values at the top level")])
    return document


def _looks_like(data: bytes) -> str:
    """Say what the bytes of a config seem to be, if that can be told."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return " (it looks like UTF-16)"
    try:
        text = data.decode("cp949")
    except UnicodeDecodeError:
        return ""
    korean = any("\uac00" <= character <= "\ud7a3" for character in text)
    return " (it looks like cp949)" if korean else ""


def build_config(
    name: str, document: Document, folder: FilePath, overrides: Iterable[str] = ()
) -> Config:
    """Check the values of a document.

    Parameters
    ----------
    name : str
        What runs are kept under.
    document : Document
    folder : Path
        What relative data paths start from.
    overrides : iterable of str
        ``key=value`` each.

    Raises
    ------
    ConfigError
        With every problem found.
    """
    for override in overrides:
        apply_override(document, override)
    problems: list[Problem] = []
    values = SectionReader(document, folder, problems).values()
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        problems += located(error, document, Config, ())
        config = _readable_part(values, error)
    facts = known_facts(config)
    found = [document.problem(path, message) for path, message in errors(config, facts)]
    problems += [new for new in found if not _covered(new, problems)]
    if problems:
        raise ConfigError(dict.fromkeys(problems))
    noted = tuple(document.problem(path, message) for path, message in warnings(config, facts))
    if facts is not None:
        config = complete(config, facts)
    return config.attach(name, document, noted)


def _readable_part(values: Mapping[str, Any], error: ValidationError) -> Config:
    """Return a config of the sections that are right, so that all problems come at once."""
    wrong = {detail["loc"][0] for detail in error.errors()}
    stand_ins = {
        "dataset": NO_DATASET,
        "model": (Component(UNREADABLE),),
        "loss": Component(UNREADABLE),
        "fit": FitConfig(epochs=1),
        "split": SplitConfig(validation=0.5),  # so that no monitor seems to miss its rows
    }
    right = {key: value for key, value in values.items() if key not in wrong}
    return Config.model_validate({**{k: v for k, v in stand_ins.items() if k in wrong}, **right})


def _covered(new: Problem, problems: Iterable[Problem]) -> bool:
    """Tell whether a finding only follows from a problem that is reported already."""
    return any(problem.key.startswith(new.key) for problem in problems if new.key)


def known_facts(config: Config) -> Facts | None:
    """Return what is known of the data set without reading it."""
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
