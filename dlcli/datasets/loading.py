"""Load the data set of a config: find its files, and read them with its loader."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from dlcli.config.known import NAMED_DATASETS
from dlcli.config.loader_base import Loader
from dlcli.config.loaders import (
    AudioLoader,
    FilesLoader,
    IdxLoader,
    ImagesLoader,
    IndexedTextLoader,
    NpzLoader,
    SklearnLoader,
)
from dlcli.config.own_loaders import OwnLoader
from dlcli.config.sections import Config, DatasetConfig
from dlcli.config.table_loaders import CsvLoader, TextLoader
from dlcli.config.task import implied_task
from dlcli.datasets.bundled import load_sklearn
from dlcli.datasets.cache import bundled_table, find_files
from dlcli.datasets.dataset import Dataset
from dlcli.datasets.media import (
    find_idx,
    load_audio,
    load_idx,
    load_images,
    load_indexed,
    load_npz,
    load_text,
)
from dlcli.datasets.own_loader import load_own
from dlcli.datasets.sample import sample_known, sample_like
from dlcli.datasets.tables import Table, load_csv
from dlcli.errors import DatasetError, plural
from dlcli.types import Array

MIN_ROWS = 2


def load_dataset(
    config: Config, *, sample: bool = False, progress: bool = False, table: Table | None = None
) -> Dataset:
    """Load the data set that a config names.

    Parameters
    ----------
    config : Config
    sample : bool
        Return a small sample with its columns, types and shapes instead, generated except for
        series. Nothing is downloaded.
    progress : bool
        Whether a download shows a bar on standard error.
    table : Table, optional
        The file of a csv loader, if it was read before.

    Returns
    -------
    Dataset

    Raises
    ------
    DatasetError
        If the data cannot be found or read.
    """
    section = config.dataset
    dataset = _sample(config) if sample else _load(config, progress=progress, table=table)
    limit = section.loader.limit
    if limit is not None and limit < len(dataset):
        dataset = dataset.take(_some_rows(dataset, limit, config.split_seed))
    if len(dataset) < MIN_ROWS:
        raise DatasetError(
            f"{section.name}: {plural(len(dataset), 'row')}; at least {MIN_ROWS} are needed"
        )
    return dataset


def _some_rows(dataset: Dataset, limit: int, seed: int) -> Array:
    """Draw rows with the seed; of a series take the last ones, which are consecutive."""
    if dataset.medium.kind == "series":
        return np.arange(len(dataset) - limit, len(dataset))
    return np.sort(np.random.default_rng(seed).permutation(len(dataset))[:limit])


def _load(config: Config, *, progress: bool, table: Table | None = None) -> Dataset:
    section, split = config.dataset, config.split
    name, loader = section.name, section.loader
    if isinstance(loader, SklearnLoader):
        return load_sklearn(loader.name, name)
    implied = None if section.known else implied_task(config)
    if isinstance(loader, OwnLoader):
        return load_own(loader, name, split, implied)
    paths = _paths(section, loader, progress=progress)
    title = _title(section, loader)
    match loader:
        case CsvLoader():
            return load_csv(loader, paths[0], title, split, implied_task=implied, table=table)
        case TextLoader():
            return load_text(loader, paths, title, split)
        case ImagesLoader():
            return load_images(loader, paths[0], title, split)
        case AudioLoader():
            return load_audio(loader, paths[0], title, split)
        case IndexedTextLoader():
            return load_indexed(loader, paths, title)
        case NpzLoader():
            return load_npz(title, paths[0], loader)
        case IdxLoader():
            return load_idx(title, paths, loader)
    raise TypeError(f"no code loads {type(loader).__name__}")


def _title(section: DatasetConfig, loader: Loader) -> str:
    path = Path(getattr(loader, "path", ""))
    return section.name if section.known else path.name.partition(".")[0] or path.name


def _paths(section: DatasetConfig, loader: Loader, *, progress: bool) -> list[Path]:
    if section.known:
        if not NAMED_DATASETS[section.name].files:
            return [bundled_table(section.name)]
        return find_files(section.name, progress=progress)
    path = Path(getattr(loader, "path", ""))
    if isinstance(loader, IdxLoader):
        return find_idx(path)
    folders = isinstance(loader, TextLoader | FilesLoader)
    try:
        exists = path.is_file() or (folders and path.is_dir())
    except OSError as error:  # the name is too long
        raise DatasetError(f"cannot read {_display(path)[:80]!r} …: {error.strerror}") from None
    if not exists:
        kind = "file or folder" if folders else "file"
        address = re.search(r"\b(https?|ftp|s3):/", str(path))
        hint = "URLs are not supported; download it first" if address else None
        raise DatasetError(f"no {kind} {_display(path)!r}", hint=hint)
    return [path]


def _display(path: Path) -> str:
    """Return a path relative to the working directory, if it is below it."""
    relative = os.path.relpath(path)
    return relative if not relative.startswith("..") else str(path)


def _sample(config: Config) -> Dataset:
    section, split, seed = config.dataset, config.split, config.split_seed
    if section.known and NAMED_DATASETS[section.name].files:
        return sample_known(section.name, section.loader, NAMED_DATASETS[section.name].facts, seed)
    dataset = sample_like(_load(config, progress=False), seed)
    rng = np.random.default_rng(seed)
    if split.column is not None:
        parts = rng.choice(np.array([0, 0, 0, 1, 2], np.int8), len(dataset))
        dataset = replace(dataset, parts=parts)
    if split.group is not None:
        groups = np.array(
            [f"group {number}" for number in rng.integers(0, 12, len(dataset))], object
        )
        dataset = replace(dataset, groups=groups)
    return dataset
