"""Write a config for a file or folder."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dlcli.config.document import Document
from dlcli.config.load import build_config
from dlcli.config.sections import Config
from dlcli.config.yaml_text import dump_inline, parse
from dlcli.datasets.card import Card, describe
from dlcli.datasets.dataset import Dataset
from dlcli.datasets.loading import load_dataset
from dlcli.datasets.media import BadFilesError, TaskError
from dlcli.datasets.tables import quantities_of_several_units
from dlcli.errors import DlcliError, plural
from dlcli.experiments.check import check
from dlcli.experiments.init.commented_yaml import Commented, plain, render
from dlcli.experiments.init.networks import choose_sections
from dlcli.experiments.init.sources import ChooseTarget, Source, check_source, describe_source
from dlcli.files import write_text

# Of fewer rows, classes may be as rare as they are.
MIN_ROWS = 20
# The data are loaded before the network is chosen. One linear output would make numbers of classes.
PLACEHOLDERS = {"model": [{"Dense": 2}], "loss": "mse", "fit": {"epochs": 1}}
# The largest share of files that are left out because they cannot be read.
MAX_BAD_FILES = 0.2


@dataclass(frozen=True)
class InitResult:
    """A new config.

    Parameters
    ----------
    path : Path
        The file with the config.
    text : str
        Its content.
    config : Config
    card : Card
        Summary of the data as the config loads them.
    decisions : tuple of (str, str)
        Each key of the config that has a reason, with its value, and the reason.
    notices : tuple of str
        What `check` says about the config.
    """

    path: Path
    text: str
    config: Config
    card: Card
    decisions: tuple[tuple[str, str], ...]
    notices: tuple[str, ...]

    @property
    def next_command(self) -> str:
        """The command that trains the config."""
        return f"dlcli train {shlex.quote(str(self.path))}"

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            "config": str(self.path),
            "data": self.card.to_json(),
            "decisions": [{"set": key, "because": reason} for key, reason in self.decisions],
            "notes": list(self.notices),
            "next": self.next_command,
        }


def init(
    source: str | os.PathLike[str],
    *,
    target: str | int | Sequence[str | int] | None = None,
    task: Literal["classification", "multilabel", "regression"] | None = None,
    sheet: str | None = None,
    output: str | os.PathLike[str] | None = None,
    calibrate: bool = False,
    force: bool = False,
    choose_target: ChooseTarget | None = None,
) -> InitResult:
    """Write a config for a table, or for a folder or archive of images, recordings or texts.

    Every decision stands in the config with its reason. The file is written if `check` passes.

    Parameters
    ----------
    source : str or path
        A table, an ``.npz`` file, or a folder or archive with a folder per class.
    target : str, int, or a sequence of them, optional
        Columns to predict, by name or position. Default: `choose_target`, or the last column that
        can be predicted.
    task : {"classification", "multilabel", "regression"}, optional
        Whether a target of whole numbers, as ratings are, is a class or a number;
        ``"multilabel"``: its columns of 0 and 1 are labels. Default: by the values.
    sheet : str, optional
        Sheet of an Excel file.
    output : str or path, optional
        The file to write. Default: the name of `source` with ``.yaml``, in the working directory.
    calibrate : bool
        Whether trainings fit calibrated probabilities, or intervals of numbers.
    force : bool
        Whether an existing file may be replaced.
    choose_target : callable, optional
        Called with the names of the columns and the likely target; returns the target.

    Returns
    -------
    InitResult

    Raises
    ------
    DlcliError
        If there is no such file, or the output exists.
    DatasetError
        If the data cannot be read.
    """
    source = Path(source)
    check_source(source)
    path = Path(output) if output is not None else Path(f"{_stem(source)}.yaml")
    if path.suffix not in (".yaml", ".yml"):
        raise DlcliError(f"{path}: the name of a config ends in .yaml", hint=f"{path.stem}.yaml")
    if path.exists() and not force:
        raise DlcliError(f"{path} exists", hint="--force replaces it; -o names another file")
    data = describe_source(
        source, path.parent, target=target, sheet=sheet, choose_target=choose_target
    )
    if task is not None:
        _set_task(data, task, source)
    try:
        dataset = _load(data, path)
    except BadFilesError as error:
        if error.count > MAX_BAD_FILES * error.total:
            raise
        _skip_bad_files(data, error)
        dataset = _load(data, path)
    _check_classes(dataset, source)
    sections: dict[str, Any] = {"dataset": data.loader}
    split = data.sections.get("split", {})
    chosen = choose_sections(
        dataset, has_part_column="column" in split, gaps=data.gaps, calibrates=calibrate
    )
    sections |= data.sections
    for key, value in chosen.items():
        sections[key] = {**value, **data.sections[key]} if key in data.sections else value
    if calibrate:
        sections["calibrate"] = Commented(True, "fitted on the validation rows")
    text = _title(source, path, dataset) + render(sections)
    config = build_config(path.stem, parse(text, str(path)), path.parent)
    result = check(config, dataset=dataset)
    card, decisions = describe(dataset), tuple(_decisions(sections))
    write_text(path, text)
    return InitResult(path, text, config, card, decisions, result.notices)


def _stem(source: Path) -> str:
    name = source.absolute().name
    return name.partition(".")[0] or name


def _load(data: Source, path: Path) -> Dataset:
    """Load the data; the sections that follow from them are only placeholders."""
    sections = {"dataset": data.loader, **data.sections, **PLACEHOLDERS}
    document = Document(str(path), plain(sections))
    try:
        return load_dataset(build_config(path.stem, document, path.parent), table=data.table)
    except TaskError as error:
        # The config is not written yet, and only the option has set a task.
        error.hint = "leave out --task if these are classes"
        raise


def _set_task(data: Source, task: str, source: Path) -> None:
    """Write the task into the ``dataset`` section of a table."""
    [loader] = data.loader.values()
    if "target" not in loader:
        raise DlcliError(f"{source} has no column to predict; leave out --task")
    loader["task"] = Commented(task, "--task")


def _skip_bad_files(data: Source, error: BadFilesError) -> None:
    """Write into the ``dataset`` section that files that cannot be read are left out."""
    [loader] = data.loader.values()
    reason = f"{error.count} of {plural(error.total, 'file')} cannot be read"
    loader["on_bad_file"] = Commented("skip", reason)


def _check_classes(dataset: Dataset, source: Path) -> None:
    """Refuse a column with hardly two rows of a class: nothing can be learned of it."""
    classes, rows = len(dataset.target.class_names), len(dataset)
    is_column = dataset.target.task == "classification" and dataset.target.position is not None
    most = rows / 2 if rows >= MIN_ROWS else rows - 1
    if is_column and classes > most:
        quantities = quantities_of_several_units(dataset.target.class_names)
        hint = "--target names another column; an identifier or a text may be a feature"
        raise DlcliError(
            f"{source}: {dataset.target.name!r} cannot be the target: it has {classes} different "
            f"values in {plural(rows, 'row')}, too few rows of each to learn from"
            + (f"; they are {quantities}" if quantities else ""),
            hint=f"write each value as one number in one unit, or {hint}" if quantities else hint,
        )


def _title(source: Path, path: Path, dataset: Dataset) -> str:
    target = dataset.target
    classes = len(target.class_names)
    task = plural(classes, "class") if classes else "a number"
    if target.is_several:
        count = len(target.outputs)
        task = plural(count, "label") if classes else f"{count} numbers"
    title = f"{source.name}: {plural(len(dataset), 'row')}; {target.name} ({task}) is predicted."
    printable = "".join(c if c.isprintable() else " " for c in title)
    return f"# {printable}\n# dlcli train {shlex.quote(str(path))}\n"


def _decisions(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield each value that has a reason, with its key, and the reason."""
    if isinstance(value, Commented):
        if value.reason:
            yield f"{key}: {dump_inline(plain(value))}", value.reason
        value = value.value
    items: Iterable[tuple[str, Any]] = ()
    if isinstance(value, Mapping):
        items = ((f"{key}.{name}" if key else str(name), item) for name, item in value.items())
    elif isinstance(value, list):
        items = ((key, item) for item in value)
    for name, item in items:
        yield from _decisions(item, name)
