"""Read the target of a table: classes or numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dlcli.config.known import Task
from dlcli.config.loaders import CsvLoader
from dlcli.datasets.dataset import Target
from dlcli.datasets.tables.classes import encode_classes
from dlcli.datasets.tables.columns import RawColumn, to_number, to_numbers, written_number
from dlcli.errors import DatasetError, plural
from dlcli.types import Array

# Whole numbers with more distinct values are a regression target.
MAX_INTEGER_CLASSES = 20
MAX_WORDS_AMONG_NUMBERS = 0.1


def read_target(loader: CsvLoader, column: RawColumn, position: int) -> tuple[Target, Array]:
    """Read the target.

    The loader's texts for missing values do not apply to it: "NA" may be a class. An empty text is
    refused.

    Returns
    -------
    target : Target
    y : ndarray, shape (n,)
        int32 codes of the sorted classes, or float64.

    Raises
    ------
    DatasetError
        With the line of a value that is missing or not a number, or if there is only one class.
    """
    texts = [text.strip() for text in column.texts]
    empty = [line for line, text in zip(column.lines, texts, strict=True) if not text]
    if empty:
        raise DatasetError(
            f"{column.where}:{empty[0]}: no {column.name!r} in {plural(len(empty), 'row')}",
            hint="remove the rows, or train on the others and predict these",
        )
    decimal = column.dialect.decimal
    if loader.task == "auto":
        values = [to_number(text, decimal) for text in texts]
        task = _detect_task(values)
        if task == "classification":
            _refuse_mistyped_numbers(column, texts, values)
    else:
        task = loader.task
    if task == "regression":
        y = to_numbers(column.without_missing())
        return Target(column.name, "regression", (), loader.unit, position), y
    class_names, labels, y = encode_classes(
        texts, loader.class_names, f"{column.where}: target {column.name!r}"
    )
    return Target(column.name, "classification", class_names, "", position, labels), y


def _refuse_mistyped_numbers(
    column: RawColumn, texts: Sequence[str], values: Sequence[float]
) -> None:
    """Refuse classes that are numbers with separators or signs, or numbers with a few words."""
    words = [index for index, value in enumerate(values) if math.isnan(value)]
    if not words:
        return
    cell = column.cell(words[0], "the target")
    if reason := written_number([texts[index] for index in words]):
        form, advice = reason
        raise DatasetError(
            f"{cell} has {form}",
            hint=f"{advice}; `task: classification` keeps the texts as they are",
        )
    few = len(words) <= MAX_WORDS_AMONG_NUMBERS * len(values)
    if few and len(set(texts)) > MAX_INTEGER_CLASSES:
        raise DatasetError(
            f"{cell} is not a number, but {len(values) - len(words)} of {len(values)} values are",
            hint="correct the cell, or set `task` in the loader",
        )


def _detect_task(values: Sequence[float]) -> Task:
    """Detect classes: texts (here NaN), and a few whole numbers that repeat."""
    if any(map(math.isnan, values)):
        return "classification"
    distinct = set(values)
    integers = all(value.is_integer() for value in distinct)
    few = len(distinct) <= MAX_INTEGER_CLASSES and len(distinct) <= len(values) / 2
    return "classification" if integers and few else "regression"
