"""Data sets: found, read, and described; nothing is fitted here."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from dlcli.config.known import NAMED_DATASETS
from dlcli.config.loaders import (
    AudioLoader,
    CsvLoader,
    FilesLoader,
    IdxLoader,
    ImagesLoader,
    IndexedTextLoader,
    Loader,
    NpzLoader,
    SklearnLoader,
    TextLoader,
)
from dlcli.config.sections import Config, DatasetConfig, SplitConfig
from dlcli.datasets.bundled import load_sklearn
from dlcli.datasets.cache import find_files, own_table
from dlcli.datasets.dataset import Column, Dataset, Dialect, Target
from dlcli.datasets.media.arrays import find_idx, load_idx, load_npz
from dlcli.datasets.media.pictures import load_images
from dlcli.datasets.media.recordings import load_audio
from dlcli.datasets.media.texts import load_indexed, load_text
from dlcli.datasets.sample import (
    sample_images,
    sample_known_table,
    sample_like,
    sample_recordings,
    sample_texts,
)
from dlcli.datasets.tables.csv_table import load_csv, read_groups, read_parts
from dlcli.errors import DatasetError
from dlcli.types import Array

__all__ = ["Column", "Dataset", "Dialect", "Target", "load_dataset"]

MIN_ROWS = 2


def load_dataset(config: Config, *, sample: bool = False, progress: bool = False) -> Dataset:
    """Load the data set that a config names.

    Parameters
    ----------
    config : Config
    sample : bool
        Generate a small sample of its columns, types and shapes instead. What is at hand is
        imitated; of what is not, nothing is downloaded.
    progress : bool
        Whether a download shows a bar on standard error.

    Returns
    -------
    Dataset

    Raises
    ------
    DatasetError
        If the data cannot be found or read.
    """
    section = config.dataset
    if sample:
        dataset = _sample(section, config.split, config.seed)
    else:
        dataset = _load(section, config.split, progress=progress)
    limit = section.loader.limit
    if limit is not None and limit < len(dataset):
        dataset = dataset.take(_some_rows(dataset, limit, config.seed))
    if len(dataset) < MIN_ROWS:
        raise DatasetError(f"{section.name}: {len(dataset)} row; there is nothing to learn from")
    return dataset


def _some_rows(dataset: Dataset, limit: int, seed: int) -> Array:
    """Draw rows with the seed; of a series take the last ones, which stay neighbours."""
    if dataset.medium.kind == "series":
        return np.arange(len(dataset) - limit, len(dataset))
    return np.sort(np.random.default_rng(seed).permutation(len(dataset))[:limit])


def _load(section: DatasetConfig, split: SplitConfig, *, progress: bool) -> Dataset:
    name, loader = section.name, section.loader
    if isinstance(loader, SklearnLoader):
        return load_sklearn(loader.name, name)
    paths = _paths(section, loader, progress=progress)
    title = _title(section, loader)
    group = None if split.group is None else str(split.group)
    if isinstance(loader, CsvLoader | TextLoader):
        return _load_table(loader, paths, title, split)
    if isinstance(loader, ImagesLoader):
        return load_images(loader, paths[0], title, group)
    if isinstance(loader, AudioLoader):
        return load_audio(loader, paths[0], title, group)
    if isinstance(loader, IndexedTextLoader):
        return load_indexed(loader, paths, title)
    if isinstance(loader, NpzLoader):
        return load_npz(title, paths[0], loader.class_names)
    if isinstance(loader, IdxLoader):
        return load_idx(title, paths, loader.class_names)
    raise TypeError(f"no code loads {type(loader).__name__}")


def _title(section: DatasetConfig, loader: Loader) -> str:
    path = Path(getattr(loader, "path", ""))
    return section.name if section.known else path.name.partition(".")[0] or path.name


def _paths(section: DatasetConfig, loader: Loader, *, progress: bool) -> list[Path]:
    if section.known:
        if not NAMED_DATASETS[section.name].files:
            return [own_table(section.name)]
        return find_files(section.name, progress=progress)
    path = Path(getattr(loader, "path", ""))
    if isinstance(loader, IdxLoader):
        return find_idx(path)
    folders = isinstance(loader, TextLoader | FilesLoader)
    try:
        found = path.is_file() or (folders and path.is_dir())
    except OSError as error:  # a name that is too long
        raise DatasetError(f"cannot read {_shown(path)[:80]!r} …: {error.strerror}") from None
    if not found:
        what = "file or folder" if folders else "file"
        address = re.search(r"\b(https?|ftp|s3):/", str(path))
        hint = "only files are read; download it first" if address else None
        raise DatasetError(f"no {what} {_shown(path)!r}", hint=hint)
    return [path]


def _shown(path: Path) -> str:
    """Write a path as the user would, from the folder that is open."""
    relative = os.path.relpath(path)
    return relative if not relative.startswith("..") else str(path)


def _load_table(
    loader: CsvLoader | TextLoader, paths: Sequence[Path], name: str, split: SplitConfig
) -> Dataset:
    aside = [item for item in (split.column, split.group) if item is not None]
    if isinstance(loader, TextLoader):
        dataset = load_text(loader, paths, name, aside)
        plain = loader.table()
    else:
        dataset = load_csv(loader, paths[0], name, aside)
        plain = loader
    if split.column is not None:
        dataset = replace(dataset, parts=read_parts(plain, paths[0], split.column))
    if split.group is not None:
        dataset = replace(dataset, groups=read_groups(plain, paths[0], split.group))
    return dataset


def _sample(section: DatasetConfig, split: SplitConfig, seed: int) -> Dataset:
    loader = section.loader
    if section.known and NAMED_DATASETS[section.name].files:
        facts = NAMED_DATASETS[section.name].facts
        if isinstance(loader, CsvLoader):
            return sample_known_table(section.name, loader, facts, seed)
        if isinstance(loader, TextLoader | IndexedTextLoader):
            target = str(getattr(loader, "target", "class"))
            return sample_texts(section.name, facts, target, seed)
        if isinstance(loader, AudioLoader):
            return sample_recordings(section.name, facts, loader.sampling_rate or 8000, seed)
        return sample_images(section.name, facts, seed)
    dataset = sample_like(_load(section, split, progress=False), seed)
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
