"""Small samples with the columns, types and shapes of a data set, to try a config without it.

All rows are generated, except for series: a part of a series is a series.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from dlcli.config.known import Facts
from dlcli.config.loader_base import Loader
from dlcli.config.loaders import AudioLoader, IndexedTextLoader
from dlcli.config.table_loaders import CsvLoader, TextLoader
from dlcli.datasets.dataset import Column, Dataset, Medium, Target, pixel_columns
from dlcli.datasets.dialect import PIXELS, Dialect
from dlcli.datasets.tables import objects, position_of, to_frame
from dlcli.errors import plural
from dlcli.types import Array

ROWS = 240
GENERATED_NOTICE = "generated sample: the metrics are meaningless"
DEFAULT_SAMPLING_RATE = 8000


def sample_known(name: str, loader: Loader, facts: Facts, seed: int) -> Dataset:
    """Generate a sample of a named data set from its facts, without its files."""
    if isinstance(loader, CsvLoader):
        return _generate_table(name, loader, facts, seed)
    if isinstance(loader, TextLoader | IndexedTextLoader):
        return _generate_texts(name, facts, str(getattr(loader, "target", "class")), seed)
    if isinstance(loader, AudioLoader):
        rate = loader.sampling_rate or DEFAULT_SAMPLING_RATE
        return _generate_recordings(name, facts, rate, seed)
    return _generate_images(name, facts, seed)


def sample_like(dataset: Dataset, seed: int) -> Dataset:
    """Return a sample of a data set that is loaded.

    Parameters
    ----------
    dataset : Dataset
        Of a table, the ranges and categories of its columns are kept, and the shares of missing
        values. Of a series, the first rows are returned.
    seed : int
    """
    if dataset.medium.kind == "series":
        rows = min(ROWS, len(dataset))
        notice = f"sample: the first {plural(rows, 'window')} of the series, not the full data"
        return replace(dataset.take(np.arange(rows)), sampled=True, notices=(notice,))
    if dataset.target.is_several:
        return _generate_several(dataset, seed)
    if dataset.target.task == "regression" and (
        not dataset.is_table or dataset.medium.kind == "audio"
    ):
        return _generate_numeric_media(dataset, seed)
    if isinstance(dataset.x, np.ndarray):
        low, high = float(dataset.x.min()), float(dataset.x.max())
        return _generate_images(dataset.name, replace(dataset.facts, low=low, high=high), seed)
    types = {column.type for column in dataset.columns}
    facts = replace(dataset.facts, columns=tuple(column.name for column in dataset.columns))
    if dataset.is_text and dataset.target.task == "classification":
        return _generate_texts(dataset.name, facts, dataset.target.name, seed)
    if "audio" in types:
        return _generate_recordings(dataset.name, facts, dataset.medium.sampling_rate, seed)
    rng = np.random.default_rng(seed)
    bounds = (float(dataset.y.min()), float(dataset.y.max()))
    y = _generate_target(rng, facts, bounds)
    values = {
        column.name: _generate_like(rng, column, dataset.x[column.name].to_numpy(), y, facts)
        for column in dataset.columns
    }
    return replace(
        dataset,
        x=to_frame(values),
        y=y,
        parts=None,
        groups=None,
        files={},
        lines=(),
        file_names=(),
        sampled=True,
        notices=(GENERATED_NOTICE,),
    )


def _generate_several(dataset: Dataset, seed: int) -> Dataset:
    """Generate a sample whose first target depends on the features; the others are random."""
    target = replace(
        dataset.target, task="classification", class_names=("low", "high"), labels=(), columns=()
    )
    generated = sample_like(replace(dataset, y=np.zeros(len(dataset)), target=target), seed)
    rng = np.random.default_rng(seed)
    count = dataset.y.shape[1]
    y = np.column_stack([generated.y, *(rng.permutation(generated.y) for _ in range(count - 1))])
    if dataset.target.task == "regression":
        low, high = dataset.y.min(axis=0), dataset.y.max(axis=0)
        y = low + (high - low) * (y + rng.random(y.shape)) / 2
    return replace(generated, y=y, target=dataset.target)


def _generate_numeric_media(dataset: Dataset, seed: int) -> Dataset:
    """Generate samples of two kinds, with targets in the lower and the upper half of the range."""
    target = replace(dataset.target, task="classification", class_names=("low", "high"))
    generated = sample_like(replace(dataset, target=target), seed)
    low, high = float(dataset.y.min()), float(dataset.y.max())
    shares = (generated.y + np.random.default_rng(seed).random(len(generated))) / 2
    return replace(generated, y=low + (high - low) * shares, target=dataset.target)


def _generate_like(
    rng: np.random.Generator, column: Column, real: Array, y: Array, facts: Facts
) -> Array:
    """Generate a column with the range or the categories of a real one."""
    if column.type == "text":  # the real texts in another order, for other targets
        values = rng.permutation(np.resize(real, ROWS))
    elif column.type == "numeric":
        low, high = np.nanmin(real, initial=np.inf), np.nanmax(real, initial=-np.inf)
        low, high = (float(low), float(high)) if low <= high else (0.0, 1.0)
        values = _generate_numbers(rng, y, low, high, facts.num_classes)
    else:
        categories = {item for item in real.tolist() if item == item and item is not None}
        present = np.array(sorted(categories), real.dtype)
        sample = rng.choice(present if len(present) else np.array([0.0]), ROWS)
        values = sample.astype(real.dtype)
    missing = np.array([item is None or item != item for item in real.tolist()])
    if missing.any():
        values[rng.random(ROWS) < missing.mean()] = None if real.dtype == object else np.nan
    return values


def _generate_images(name: str, facts: Facts, seed: int) -> Dataset:
    """Generate images: one random pattern per class, with noise.

    ``x`` is uint8 for the range 0 to 255, float64 otherwise.
    """
    rng = np.random.default_rng(seed)
    y = _generate_codes(rng, facts.num_classes)
    patterns = rng.random((facts.num_classes, *facts.shape))
    x = 0.7 * patterns[y] + 0.3 * rng.random((ROWS, *facts.shape))
    x = facts.low + (facts.high - facts.low) * x
    x = x.astype(np.uint8) if facts.high == 255 else np.round(x)
    return Dataset(
        name,
        x,
        y,
        Target("label", "classification", facts.class_names),
        pixel_columns(facts.shape),
        PIXELS,
        parts=_official_parts(facts),
        medium=Medium("image", facts.high, float(x.mean())),
        sampled=True,
        notices=(GENERATED_NOTICE,),
    )


def _generate_texts(name: str, facts: Facts, target: str, seed: int) -> Dataset:
    """Generate texts of invented words, some of which are more frequent in one class."""
    rng = np.random.default_rng(seed)
    # With many classes, each needs rows in every split.
    y = _generate_codes(rng, facts.num_classes, max(ROWS, 20 * facts.num_classes))
    words = np.array(["".join(rng.choice(list("aeioubdklmnrst"), 5)) for _ in range(400)])
    texts = []
    for code in y:
        drawn = rng.integers(0, len(words), rng.integers(5, 80))
        of_class = rng.random(len(drawn)) < 0.3
        first = drawn[of_class] // facts.num_classes * facts.num_classes
        drawn[of_class] = (first + code) % len(words)
        texts.append(" ".join(words[drawn]))
    return _single_column(name, facts, Column(facts.columns[0], "text", 0), texts, y, target)


def _generate_recordings(name: str, facts: Facts, sampling_rate: int, seed: int) -> Dataset:
    """Generate recordings of up to a second: a tone per class, with noise."""
    rng = np.random.default_rng(seed)
    y = _generate_codes(rng, facts.num_classes)
    recordings = []
    for code in y:
        time = np.arange(rng.integers(sampling_rate // 4, sampling_rate)) / sampling_rate
        tone = np.sin(2 * np.pi * 200 * (1 + code) * time) + rng.normal(0, 0.3, len(time))
        recordings.append((0.5 * tone).astype(np.float32))
    dataset = _single_column(
        name, facts, Column(facts.columns[0], "audio", 0), recordings, y, "class"
    )
    return replace(dataset, medium=Medium("audio", sampling_rate=sampling_rate))


def _single_column(
    name: str, facts: Facts, column: Column, items: list[Any], y: Array, target: str
) -> Dataset:
    return Dataset(
        name,
        to_frame({column.name: objects(items)}),
        y,
        Target(target, "classification", facts.class_names),
        (column,),
        Dialect("auto", width=1),
        parts=_official_parts(facts, len(y)),
        sampled=True,
        notices=(GENERATED_NOTICE,),
    )


def _generate_table(name: str, loader: CsvLoader, facts: Facts, seed: int) -> Dataset:
    """Generate a table of numeric columns; the names of the loader place the target."""
    rng = np.random.default_rng(seed)
    names = list(loader.names or (*facts.columns, str(loader.targets[0])))
    position = position_of(loader.targets[0], names, name)
    excluded = {position, *(position_of(column, names, name) for column in loader.drop)}
    columns = tuple(
        Column(column, "numeric", at) for at, column in enumerate(names) if at not in excluded
    )
    y = _generate_target(rng, facts, (facts.low, facts.high))
    values = {
        column.name: _generate_numbers(rng, y, facts.low, facts.high, facts.num_classes)
        for column in columns
    }
    target = Target(names[position], facts.task, facts.class_names, loader.unit, position)
    dialect = Dialect("auto", header=loader.header is not False, width=len(names))
    return Dataset(
        name,
        to_frame(values),
        y,
        target,
        columns,
        dialect,
        sampled=True,
        notices=(GENERATED_NOTICE,),
    )


def _official_parts(facts: Facts, rows: int = ROWS) -> Array | None:
    """Mark every fifth row as a test row, if the data set has official test rows."""
    if not facts.official_test:
        return None
    return np.where(np.arange(rows) % 5 == 4, 2, 0).astype(np.int8)


def _generate_codes(rng: np.random.Generator, num_classes: int, rows: int = ROWS) -> Array:
    y = np.arange(rows) % num_classes
    rng.shuffle(y)
    return y.astype(np.int32)


def _generate_target(rng: np.random.Generator, facts: Facts, bounds: tuple[float, float]) -> Array:
    if facts.task == "classification":
        return _generate_codes(rng, facts.num_classes)
    return rng.uniform(*bounds, ROWS)


def _generate_numbers(
    rng: np.random.Generator, y: Array, low: float, high: float, num_classes: int
) -> Array:
    """Generate numbers that depend on the target a little, so that training can reduce the loss."""
    if num_classes:
        share = y / max(num_classes - 1, 1)
    else:
        share = (y - y.min()) / max(float(np.ptp(y)), 1e-9)
    mixed = 0.4 * share + 0.6 * rng.random(ROWS)
    return np.asarray(low + (high - low) * mixed)
