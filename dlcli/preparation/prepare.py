"""From a config to data that are ready to be split: what train, k-fold and evaluate share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.config import Config, check_data
from dlcli.datasets import Dataset, load_dataset
from dlcli.errors import DatasetError
from dlcli.preparation import Preprocessor, resolve
from dlcli.preparation.leaks import (
    classes_without_training_rows,
    columns_that_reveal_target,
    repeated_rows,
)
from dlcli.preparation.split import Split
from dlcli.types import Array

FAR = 20.0
# Beyond it float32 gradients overflow within a step or two.
TOO_LARGE = 1e15


@dataclass(frozen=True)
class Prepared:
    """A config and its data, checked against each other.

    Parameters
    ----------
    config : Config
        With everything filled in that the data decide.
    dataset : Dataset
    notices : tuple of str
        What a user should know, of config and data.
    """

    config: Config
    dataset: Dataset
    notices: tuple[str, ...]


def prepare(config: Config, *, sample: bool = False, progress: bool = False) -> Prepared:
    """Load the data of a config and check the two against each other.

    Parameters
    ----------
    config : Config
    sample : bool
        Whether to generate a sample instead.
    progress : bool
        Whether a download shows a bar on standard error.

    Raises
    ------
    DatasetError
        If the data cannot be found or read.
    ConfigError
        If config and data contradict each other.
    """
    dataset = load_dataset(config, sample=sample, progress=progress)
    checked = check_data(config, dataset.facts)
    resolved = checked.model_copy(update={"preprocess": resolve(dataset, checked.preprocess)})
    checked = resolved.attach(config.name, config.document, checked.warnings)
    # What was published is as it is; a table of one's own may be mended.
    telling = () if config.dataset.known else columns_that_reveal_target(dataset)
    return Prepared(checked, dataset, (*map(str, checked.warnings), *dataset.notices, *telling))


def scale_notice(x: Array, preprocessor: Preprocessor) -> str | None:
    """Say if preprocessed inputs are far from unit scale, which slows or stops learning.

    Parameters
    ----------
    x : ndarray, shape (n, …)
        The training rows, preprocessed.
    preprocessor : Preprocessor

    Raises
    ------
    DatasetError
        If they are so large that nothing can be learned.
    """
    if preprocessor.is_coded:
        return None
    flat = x.reshape(len(x), -1)
    largest = np.abs(flat).max(axis=0)
    if not len(largest) or largest.max() <= FAR:
        return None
    name = (
        "inputs" if preprocessor.shape else repr(preprocessor.feature_names[int(largest.argmax())])
    )
    advice = "`numeric: {scale: 255}`" if preprocessor.shape else "`numeric: standardize`"
    verb = "reach" if preprocessor.shape else "reaches"
    found = f"{name} {verb} {largest.max():g}"
    if largest.max() > TOO_LARGE:
        raise DatasetError(
            f"{found}, too much for a network", hint=f"set {advice} in `preprocess`, or drop it"
        )
    return f"{found}, far from unit scale; consider {advice} in `preprocess`"


def row_notices(prepared: Prepared, splits: Sequence[Split]) -> list[str]:
    """Say which classes are not learned, and which rows are held out and learned as well."""
    repeated = [] if prepared.config.dataset.known else repeated_rows(prepared.dataset, splits[0])
    return [*classes_without_training_rows(prepared.dataset, splits), *repeated]
