"""Generated samples with the columns, types and shapes of a data set, and none of its truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from dlcli.config.known import Facts
from dlcli.config.loaders import CsvLoader
from dlcli.datasets.dataset import (
    PIXELS,
    Column,
    Dataset,
    Dialect,
    Medium,
    Target,
    pixel_columns,
)
from dlcli.datasets.tables.columns import objects, table
from dlcli.datasets.tables.reading import position_of
from dlcli.types import Array

ROWS = 240
NOTICE = "generated sample: the metrics mean nothing"


def sample_images(name: str, facts: Facts, seed: int) -> Dataset:
    """Generate images: one random pattern per class, with noise.

    Parameters
    ----------
    name : str
    facts : Facts
        Shape, classes, range of the values, and whether there are official test rows.
    seed : int

    Returns
    -------
    Dataset
        ``x``: uint8 for the range 0 to 255, float64 otherwise.
    """
    rng = np.random.default_rng(seed)
    y = _codes(rng, facts.num_classes)
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
        parts=_parts() if facts.official_test else None,
        medium=Medium("image", facts.high, float(x.mean())),
        sampled=True,
        notices=(NOTICE,),
    )


def sample_texts(name: str, facts: Facts, target: str, seed: int) -> Dataset:
    """Generate texts: words of no language, some of them commoner in one class.

    Parameters
    ----------
    name : str
    facts : Facts
        Its one column holds the text.
    target : str
    seed : int
    """
    rng = np.random.default_rng(seed)
    # Many classes need rows for every part of the split.
    y = _codes(rng, facts.num_classes, max(ROWS, 20 * facts.num_classes))
    words = np.array(["".join(rng.choice(list("aeioubdklmnrst"), 5)) for _ in range(400)])
    texts = []
    for code in y:
        drawn = rng.integers(0, len(words), rng.integers(5, 80))
        own = rng.random(len(drawn)) < 0.3
        drawn[own] = (drawn[own] // facts.num_classes * facts.num_classes + code) % len(words)
        texts.append(" ".join(words[drawn]))
    return _sampled(name, facts, Column(facts.columns[0], "text", 0), texts, y, target)


def sample_recordings(name: str, facts: Facts, sampling_rate: int, seed: int) -> Dataset:
    """Generate recordings of up to a second: a tone per class, with noise.

    Parameters
    ----------
    name : str
    facts : Facts
    sampling_rate : int
        Hz.
    seed : int
    """
    rng = np.random.default_rng(seed)
    y = _codes(rng, facts.num_classes)
    recordings = []
    for code in y:
        time = np.arange(rng.integers(sampling_rate // 4, sampling_rate)) / sampling_rate
        tone = np.sin(2 * np.pi * 200 * (1 + code) * time) + rng.normal(0, 0.3, len(time))
        recordings.append((0.5 * tone).astype(np.float32))
    made = _sampled(name, facts, Column(facts.columns[0], "audio", 0), recordings, y, "class")
    return replace(made, medium=Medium("audio", sampling_rate=sampling_rate))


def _sampled(
    name: str, facts: Facts, column: Column, items: list[Any], y: Array, target: str
) -> Dataset:
    return Dataset(
        name,
        table({column.name: objects(items)}),
        y,
        Target(target, "classification", facts.class_names),
        (column,),
        Dialect("auto", width=1),
        parts=_parts(len(y)) if facts.official_test else None,
        sampled=True,
        notices=(NOTICE,),
    )


def sample_known_table(name: str, loader: CsvLoader, facts: Facts, seed: int) -> Dataset:
    """Generate a table of numeric columns from what is known of a data set.

    Parameters
    ----------
    name : str
    loader : CsvLoader
        Whose names tell where the target stands.
    facts : Facts
    seed : int
    """
    rng = np.random.default_rng(seed)
    names = list(loader.names or (*facts.columns, str(loader.target)))
    position = position_of(loader.target, names, name)
    aside = {position, *(position_of(column, names, name) for column in loader.drop)}
    columns = tuple(
        Column(column, "numeric", at) for at, column in enumerate(names) if at not in aside
    )
    y = _targets(rng, facts.task == "classification", facts.num_classes, (facts.low, facts.high))
    values = {
        column.name: _numbers(rng, y, facts.low, facts.high, facts.num_classes)
        for column in columns
    }
    target = Target(names[position], facts.task, facts.class_names, loader.unit, position)
    dialect = Dialect("auto", header=loader.header is not False, width=len(names))
    return Dataset(
        name, table(values), y, target, columns, dialect, sampled=True, notices=(NOTICE,)
    )


def sample_like(dataset: Dataset, seed: int) -> Dataset:
    """Generate rows like those of a data set that is at hand.

    Parameters
    ----------
    dataset : Dataset
        A table; its columns' ranges and categories are kept, and which of them have gaps.
    seed : int
    """
    if dataset.medium.kind == "series":  # a part of itself, which shows no more than itself
        taken = dataset.take(np.arange(min(ROWS, len(dataset))))
        return replace(taken, files={}, sampled=True, notices=(NOTICE,))
    if isinstance(dataset.x, np.ndarray):
        low, high = float(dataset.x.min()), float(dataset.x.max())
        return sample_images(dataset.name, replace(dataset.facts, low=low, high=high), seed)
    media = {column.type: column for column in dataset.columns}
    facts = replace(dataset.facts, columns=tuple(column.name for column in dataset.columns))
    if dataset.is_text and dataset.target.task == "classification":
        return sample_texts(dataset.name, facts, dataset.target.name, seed)
    if "audio" in media:
        return sample_recordings(dataset.name, facts, dataset.medium.sampling_rate, seed)
    rng = np.random.default_rng(seed)
    classes = len(dataset.target.class_names)
    bounds = (float(dataset.y.min()), float(dataset.y.max()))
    y = _targets(rng, dataset.target.task == "classification", classes, bounds)
    values: dict[str, Array] = {}
    for column in dataset.columns:
        real = dataset.x[column.name].to_numpy()
        if column.type == "text":  # the words stay, in another order
            values[column.name] = rng.permutation(np.resize(real, ROWS))
        elif column.type == "numeric":
            low, high = np.nanmin(real, initial=np.inf), np.nanmax(real, initial=-np.inf)
            low, high = (float(low), float(high)) if low <= high else (0.0, 1.0)
            values[column.name] = _numbers(rng, y, low, high, classes)
        else:
            present = np.array(
                sorted({item for item in real.tolist() if item == item and item is not None}),
                real.dtype,
            )
            drawn = rng.choice(present if len(present) else np.array([0.0]), ROWS)
            values[column.name] = drawn.astype(real.dtype)
        gaps = np.array([item is None or item != item for item in real.tolist()])
        if gaps.any():
            values[column.name][rng.random(ROWS) < gaps.mean()] = (
                None if real.dtype == object else np.nan
            )
    return replace(
        dataset,
        x=table(values),
        y=y,
        parts=None,
        groups=None,
        files={},
        sampled=True,
        notices=(NOTICE,),
    )


def _parts(rows: int = ROWS) -> Array:
    return np.where(np.arange(rows) % 5 == 4, 2, 0).astype(np.int8)


def _codes(rng: np.random.Generator, num_classes: int, rows: int = ROWS) -> Array:
    y = np.arange(rows) % num_classes
    rng.shuffle(y)
    return y.astype(np.int32)


def _targets(
    rng: np.random.Generator, classes: bool, count: int, bounds: tuple[float, float]
) -> Array:
    return _codes(rng, count) if classes else rng.uniform(*bounds, ROWS)


def _numbers(rng: np.random.Generator, y: Array, low: float, high: float, classes: int) -> Array:
    """Draw numbers that depend on the target a little, so that there is something to learn."""
    share = y / max(classes - 1, 1) if classes else (y - y.min()) / max(float(np.ptp(y)), 1e-9)
    mixed = 0.4 * share + 0.6 * rng.random(ROWS)
    return np.asarray(low + (high - low) * mixed)
