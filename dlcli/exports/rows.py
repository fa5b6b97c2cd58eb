"""Rows on which an export is compared with `predict`: generated ones, and those of the run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dlcli.datasets.dataset import Column, Dataset
from dlcli.datasets.loading import load_dataset
from dlcli.datasets.tables import objects
from dlcli.errors import DlcliError
from dlcli.experiments.resume import run_config
from dlcli.models.loading import LoadedModel
from dlcli.models.metadata import Metadata
from dlcli.models.signature import Signature
from dlcli.preparation.steps import FittedCategories, FittedStep, FittedVectorize
from dlcli.runs.finding import RECORD
from dlcli.types import Array

REAL_ROWS = 200
GENERATED_ROWS = 64
MAX_GENERATED_VALUES = 2_000_000
UNSEEN = "not a category"
EXTREMES = (0.0, -0.0, 1.0, -1.0, 1e-12, -1e-6, 1e6, -1e9, 1e20, -1e30, 3e38, np.inf, np.nan)


def generated_rows(signature: Signature, codes: int = 0, seed: int = 0) -> Any:
    """Return rows that no training had to have: missing and extreme values, unseen categories.

    Parameters
    ----------
    signature : Signature
    codes : int
        From `number_of_codes`; an array then holds whole numbers below it.
    seed : int

    Returns
    -------
    dict of arrays, or ndarray
        As `RawBlock.values`; some of the rows are refused by `predict`.
    """
    generator = np.random.default_rng(seed)
    shape = signature.preprocessor.shape
    if shape:
        count = max(4, min(GENERATED_ROWS, MAX_GENERATED_VALUES // int(np.prod(shape))))
        if signature.medium.kind == "image":
            return generator.integers(0, 256, (count, *shape)).astype(np.float32)
        if codes:
            return generator.integers(0, codes, (count, *shape)).astype(np.float32)
        scale = 10.0 ** generator.integers(-3, 4, (count, *[1] * len(shape)))
        values = generator.normal(size=(count, *shape)) * scale
        values[0], values[1] = 0, np.nan
        return values.astype(np.float64 if signature.medium.kind == "series" else np.float32)
    return {
        column.name: _column(column, _steps_of(signature, column.name), generator)
        for column in signature.columns
    }


def _steps_of(signature: Signature, name: str) -> tuple[tuple[FittedStep, int], ...]:
    """Return the steps of a column, with its place among those of its group."""
    for group in signature.preprocessor.groups:
        if name in group.columns:
            return tuple((step, group.columns.index(name)) for step in group.steps)
    return ()


def _column(column: Column, steps: Any, generator: np.random.Generator) -> Array:
    count = GENERATED_ROWS
    if column.type == "audio":
        lengths = generator.integers(1, 4000, count)
        return objects([generator.uniform(-1, 1, n).astype(np.float32) for n in lengths])
    if column.type == "text":
        return _texts(steps, generator)
    if column.type == "boolean":
        return generator.choice([0.0, 1.0, np.nan, 0.5], count, p=[0.45, 0.45, 0.05, 0.05])
    if column.type == "date":
        seconds = np.floor(generator.uniform(-4e9, 8e9, count))
        seconds[-3:] = 0, -1, np.nan
        return seconds
    known = [
        category
        for step, at in steps
        if isinstance(step, FittedCategories)
        for category in step.code_of(at)
    ]
    if column.type == "categorical":
        values = objects([known[at] for at in generator.integers(0, len(known), count)] if known
                         else [f"text {at}" for at in range(count)])  # fmt: skip
        values[-2:] = UNSEEN, None
        return values
    numbers = generator.normal(size=count) * 10.0 ** generator.integers(-2, 5, count)
    if known:
        numbers[: count // 2] = generator.choice(np.array(known, np.float64), count // 2)
    rare = generator.permutation(count)[: count // 8]
    numbers[rare] = generator.choice(EXTREMES, len(rare))
    return numbers


def _texts(steps: Any, generator: np.random.Generator) -> Array:
    """Return texts of known and unknown words, with marks, blanks and capitals."""
    words = ["unknownword", "Ünïcode", "don’t", "한국어", "x2"]
    for step, _ in steps:
        if isinstance(step, FittedVectorize):
            words += list(step.vocabulary[:200])
    marks = [" ", " ", " ", ", ", ". ", "  ", "\u00a0", "!", "\t", "-", "“"]
    texts = []
    for size in generator.integers(0, 40, GENERATED_ROWS).tolist():
        parts = [
            (word.upper() if generator.random() < 0.2 else word) + str(generator.choice(marks))
            for word in generator.choice(words, size).tolist()
        ]
        texts.append("".join(parts).strip())
    return objects(texts)


def real_rows(loaded: LoadedModel, metadata: Metadata) -> tuple[Any, str]:
    """Return rows of the data set of a run, or why there are none.

    Returns
    -------
    rows : dict of arrays, ndarray, or None
        As `RawBlock.values`.
    reason : str
    """
    run = loaded.path.parent
    if not (run / RECORD).is_file():
        return None, "the model file is not in a run, whose data could be read"
    try:
        dataset = load_dataset(run_config(run), sample=metadata.sampled)
    except DlcliError as error:
        return None, f"the data of {run} could not be read: {error}"
    return _rows_of(dataset), ""


def _rows_of(dataset: Dataset) -> Any:
    rows = np.unique(np.linspace(0, len(dataset) - 1, REAL_ROWS).astype(np.int64))
    part = dataset.take(rows).x
    if isinstance(part, np.ndarray):
        return np.asarray(part)
    return {name: part[name].to_numpy() for name in part.columns}


def as_raw_pixels(values: Any, signature: Signature) -> Any:
    """Return images as `predict` reads them: from pixels of 8 bits."""
    if signature.medium.kind != "image" or not isinstance(values, np.ndarray):
        return values
    factor = signature.medium.high / 255
    pixels = np.clip(np.rint(values / factor), 0, 255)
    return pixels.astype(np.float32) * factor


def take(values: Any, rows: slice) -> Any:
    """Return some rows of a `RawBlock`."""
    if isinstance(values, np.ndarray):
        return values[rows]
    return {name: column[rows] for name, column in values.items()}


def count(values: Any) -> int:
    """Return the number of rows of a `RawBlock`."""
    return len(values if isinstance(values, np.ndarray) else next(iter(values.values())))


def halves(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yield two halves of a range."""
    middle = (start + stop) // 2
    yield start, middle
    yield middle, stop
