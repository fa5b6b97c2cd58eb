"""Load the data of a config and check the two against each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlcli.config.checks import check_data
from dlcli.config.components import Component
from dlcli.config.layers import input_factor
from dlcli.config.sections import Config
from dlcli.datasets import storage
from dlcli.datasets.dataset import Dataset
from dlcli.datasets.loading import load_dataset
from dlcli.errors import DatasetError
from dlcli.preparation.fitting import resolve
from dlcli.preparation.huge_values import overflow_notices
from dlcli.preparation.labels import with_thresholds
from dlcli.preparation.leaks import (
    classes_without_training_rows,
    columns_that_reveal_target,
    repeated_rows,
)
from dlcli.preparation.preprocessor import Preprocessor
from dlcli.preparation.rows import LazyRows, blocks
from dlcli.preparation.split import Split, single_row_classes
from dlcli.preparation.variation import columns_without_variation, standardized_columns
from dlcli.types import Array

FAR_FROM_UNIT_SCALE = 20.0
# Gradients of larger inputs overflow in float32 within a step or two.
TOO_LARGE = 1e15
LARGEST_PIXEL = 255


@dataclass(frozen=True)
class Prepared:
    """A config and its data, checked against each other.

    Parameters
    ----------
    config : Config
        With all values filled in that depend on the data.
    dataset : Dataset
    notices : tuple of str
        Suspicious settings and data.
    """

    config: Config
    dataset: Dataset
    notices: tuple[str, ...]


def prepare(
    config: Config,
    *,
    sample: bool = False,
    progress: bool = False,
    dataset: Dataset | None = None,
) -> Prepared:
    """Load the data of a config and check the two against each other.

    Parameters
    ----------
    config : Config
    sample : bool
        Whether to generate a sample instead.
    progress : bool
        Whether downloads show a progress bar on standard error.
    dataset : Dataset, optional
        The data of the config, if they are loaded already.

    Raises
    ------
    DatasetError
        If the data cannot be found or read.
    ConfigError
        If config and data contradict each other.
    """
    if dataset is None:
        dataset = load_dataset(config, sample=sample, progress=progress)
    checked = resolve_config(config, dataset)
    dataset = replace(dataset, target=with_thresholds(dataset.target, checked.thresholds))
    # Published data sets cannot be changed by the user, so nothing is reported about them.
    leaks = () if config.dataset.known else columns_that_reveal_target(dataset)
    huge = () if config.dataset.known else overflow_notices(dataset, checked)
    storage.release_all()
    notices = (*map(str, checked.warnings), *dataset.notices, *huge, *leaks)
    return Prepared(checked, dataset, notices)


def resolve_config(config: Config, dataset: Dataset) -> Config:
    """Check a config against its data, and fill in the values that depend on them.

    Raises
    ------
    ConfigError
        If config and data contradict each other.
    """
    checked = check_data(config, dataset.facts)
    resolved = checked.model_copy(update={"preprocess": resolve(dataset, checked.preprocess)})
    return resolved.attach(config.name, config.document, checked.warnings)


def scale_notice(
    x: Array | LazyRows,
    preprocessor: Preprocessor,
    layers: Sequence[Component] = (),
    *,
    is_image: bool = False,
) -> str | None:
    """Report inputs far from unit scale, which slow or stop learning.

    Parameters
    ----------
    x : ndarray or LazyRows, shape (n, …)
        The preprocessed training rows.
    preprocessor : Preprocessor
    layers : sequence of Component
        The model; its first layers may scale the inputs.
    is_image : bool
        Whether the samples are images, whose pixels are divided by a constant.

    Raises
    ------
    DatasetError
        If they are so large that training would diverge.
    """
    if preprocessor.is_coded:
        return None
    factor = input_factor(layers)
    if factor is None:
        return None
    largest = factor * _largest(x)
    # What is standardized is on unit scale; `outlier_notices` reports single values of it.
    largest[standardized_columns(preprocessor)] = 0
    if not len(largest) or largest.max() <= FAR_FROM_UNIT_SCALE:
        return None
    if preprocessor.shape:
        may_be_pixels = is_image and largest.max() / factor <= LARGEST_PIXEL
        advice = "`numeric: {scale: 255}`" if may_be_pixels else "`numeric: standardize`"
        subject = "inputs reach"
    else:
        name = preprocessor.feature_names[int(largest.argmax())]
        subject, advice = f"{name!r} reaches", "`numeric: standardize`"
    size = f"{subject} {largest.max():g}"
    if largest.max() > TOO_LARGE:
        raise DatasetError(
            f"{size}, too large for a network", hint=f"set {advice} in `preprocess`, or drop it"
        )
    return f"{size}, far from unit scale; consider {advice} in `preprocess`"


def _largest(x: Array | LazyRows) -> Array:
    """Return the largest absolute value of each column of the flattened rows."""
    largest = np.zeros(math.prod(x.shape[1:]), np.float32)
    if isinstance(x, LazyRows):
        x = x.extremes() or x
    for block in blocks(x):
        flat = block.reshape(len(block), -1)
        # Two passes without a temporary array of the size of the inputs.
        np.maximum(largest, np.maximum(flat.max(axis=0), -flat.min(axis=0)), out=largest)
    return largest


def row_notices(prepared: Prepared, splits: Sequence[Split]) -> list[str]:
    """Report classes and columns without variation in training, and held-out training rows.

    Parameters
    ----------
    prepared : Prepared
    splits : sequence of Split
        Of one training, or all folds; repeated rows are searched in the first alone.
    """
    dataset = prepared.dataset
    notices = classes_without_training_rows(dataset, splits)
    if prepared.config.dataset.known:
        return notices
    notices += [
        *single_row_classes(dataset, splits),
        *columns_without_variation(dataset, splits),
        *repeated_rows(dataset, splits[0]),
    ]
    storage.release_all()
    return notices
