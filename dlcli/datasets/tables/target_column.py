"""The column that is learned: classes by name, or numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dlcli.config.known import Task
from dlcli.config.loaders import CsvLoader
from dlcli.datasets.dataset import Dialect, Target
from dlcli.datasets.tables.columns import numbers, to_number, written_for_people
from dlcli.datasets.tables.reading import Block
from dlcli.errors import DatasetError, plural
from dlcli.types import Array

MAX_CLASSES = 20


def read_target(
    loader: CsvLoader, name: str, position: int, block: Block, dialect: Dialect, where: str
) -> tuple[Target, Array]:
    """Read the target: codes of sorted classes, or numbers.

    A text of the target is never missing, save the empty one: NA is a country.
    """
    texts = [text.strip() for text in block.texts[position]]
    empty = [line for line, text in zip(block.lines, texts, strict=True) if not text]
    if empty:
        raise DatasetError(
            f"{where}:{empty[0]}: no {name!r} in {plural(len(empty), 'row')}",
            hint="remove the rows, or predict them with a model trained on the others",
        )
    task = loader.task if loader.task != "auto" else detect_task(texts, dialect)
    if loader.task == "auto" and task == "classification":
        _refuse_nearly_numeric(texts, block, dialect, name, where)
    if task == "regression":
        plain = replace(dialect, missing=())
        y = numbers(texts, plain, name=name, lines=block.lines, where=where)
        return Target(name, "regression", (), loader.unit, position), y
    found = sort_classes(set(texts))
    if len(found) < 2:
        raise DatasetError(f"{where}: {name!r} is {found[0]!r} in every row; nothing to learn")
    codes = {text: code for code, text in enumerate(found)}
    y = np.fromiter((codes[text] for text in texts), np.int32, len(texts))
    class_names, labels = name_classes(found, loader.class_names, where)
    return Target(name, "classification", class_names, "", position, labels), y


def name_classes(
    found: tuple[str, ...], better: Sequence[str] | None, where: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of classes and, if these are not those of the file, the file's texts.

    Parameters
    ----------
    found : tuple of str
        Sorted texts of the file.
    better : sequence of str or None
        The loader's ``class_names``.
    where : str
        The file, for messages.
    """
    if better is None or tuple(better) == found:
        return found, ()
    if len(set(better)) < len(better) or not all(map(str.strip, better)):
        raise DatasetError("`class_names` of the loader has a name twice, or an empty one")
    if len(better) != len(found):
        raise DatasetError(
            f"{where}: {len(found)} classes ({', '.join(found[:10])}), but `class_names` has "
            f"{len(better)}"
        )
    return tuple(better), found


def _refuse_nearly_numeric(
    texts: Sequence[str], block: Block, dialect: Dialect, name: str, where: str
) -> None:
    """Refuse numbers written for people, and many numbers with a few words among them."""
    values = [to_number(text, dialect.decimal) for text in texts]
    words = [at for at, value in enumerate(values) if np.isnan(value)]
    if words and (found := written_for_people([texts[at] for at in words])):
        what, advice = found
        place = f"{where}:{block.lines[words[0]]}"
        raise DatasetError(
            f"{place}: {texts[words[0]]!r} in the target {name!r} has {what}",
            hint=f"{advice}; `task: classification` takes the texts as they are",
        )
    if not 0 < len(words) <= 0.1 * len(values) or len(set(texts)) <= MAX_CLASSES:
        return
    line, text = block.lines[words[0]], texts[words[0]]
    others = f"{len(values) - len(words)} of {len(values)}"
    raise DatasetError(
        f"{where}:{line}: {text!r} in the target {name!r} is no number, as {others} are",
        hint="mend the cell, or set `task` in the loader",
    )


def detect_task(texts: Sequence[str], dialect: Dialect) -> Task:
    """Tell classes from numbers: text, and few whole numbers that repeat, are classes."""
    values = [to_number(text, dialect.decimal) for text in texts]
    if any(np.isnan(values)):
        return "classification"
    distinct = set(values)
    whole = all(value.is_integer() for value in distinct)
    few = len(distinct) <= MAX_CLASSES and len(distinct) <= len(texts) / 2
    return "classification" if whole and few else "regression"


def sort_classes(names: set[str]) -> tuple[str, ...]:
    """Sort class names: as numbers if all are, else as text."""
    values = {name: to_number(name) for name in names}
    if any(np.isnan(value) for value in values.values()):
        return tuple(sorted(names))
    return tuple(sorted(names, key=lambda name: (values[name], name)))
