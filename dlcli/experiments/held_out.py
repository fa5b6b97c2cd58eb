"""The rows of a training that its model was not trained on, loaded and split again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from dlcli.config.sections import Config
from dlcli.datasets.dataset import Dataset
from dlcli.errors import DatasetError
from dlcli.experiments.resume import run_config
from dlcli.models.loading import LoadedModel
from dlcli.models.metadata import Metadata
from dlcli.preparation.prepare import Prepared, prepare
from dlcli.preparation.rows import transform_rows
from dlcli.preparation.split import Split, split_rows
from dlcli.runs.description import data_path
from dlcli.runs.finding import RECORD
from dlcli.types import Array

Part = Literal["train", "validation", "test", "all"]
# It did not stratify groups, so that it had other test rows.
UNSTRATIFIED = "0.1.0"


@dataclass(frozen=True)
class HeldOutRows:
    """The data of a training, and which of its rows were held out.

    Parameters
    ----------
    prepared : Prepared
    split : Split
    part : str
        ``"test"``; without test rows ``"validation"``, and without these ``"train"``; or what was
        asked for, which may be ``"all"``.
    """

    prepared: Prepared
    split: Split
    part: str

    @property
    def dataset(self) -> Dataset:
        """The data set."""
        return self.prepared.dataset

    @property
    def rows(self) -> Array:
        """Row numbers of the part."""
        if self.part == "all":
            return np.sort(np.concatenate(list(self.split.parts().values())))
        return self.split.parts()[self.part]

    @property
    def y(self) -> Array:
        """The true values of the rows."""
        return self.dataset.y[self.rows]


def load_held_out(
    loaded: LoadedModel,
    metadata: Metadata,
    data: str | os.PathLike[str] | None = None,
    *,
    on: Part | None = None,
    download_bar: bool = False,
) -> HeldOutRows:
    """Load the data of a model again, and split them as in its training.

    Parameters
    ----------
    loaded : LoadedModel
    metadata : Metadata
        Of the model.
    data : path, optional
        Where the data are now. Default: where the run names them.
    on : {"train", "validation", "test", "all"}, optional
        The rows. Default: those that were held out.
    download_bar : bool

    Raises
    ------
    DatasetError
        If the data cannot be read, or have changed since the training.
    """
    config = with_data_path(metadata.checked_config(), loaded.path.parent, data)
    try:
        prepared = prepare(config, sample=metadata.sampled, progress=download_bar)
    except DatasetError as error:
        raise DatasetError(
            str(error), hint=error.hint or "name a CSV with the target to score"
        ) from None
    dataset = prepared.dataset
    if dataset.fingerprint() != metadata.data.get("fingerprint"):
        raise DatasetError(
            f"the data of {dataset.name} have changed since {loaded.path} was trained",
            hint="name a CSV with the target to score, or train again",
        )
    split = split_rows(dataset, config.split, config.split_seed)
    parts = split.parts()
    part: str = on or next(name for name in ("test", "validation", "train") if name in parts)
    if part not in ("all", *parts):
        raise DatasetError(f"the run has no {part} rows; it has {' and '.join(parts)} rows")
    is_official = dataset.parts is not None and part == "test"
    is_stratified = config.split.stratify and metadata.target.task == "classification"
    if (
        dataset.groups is not None
        and is_stratified
        and not is_official
        and metadata.versions.get("dlcli") == UNSTRATIFIED
    ):
        raise DatasetError(
            f"{loaded.path} was trained by dlcli {UNSTRATIFIED}, which split groups otherwise: "
            "training rows would be scored as test rows",
            hint="name a CSV with the target to score, or train again",
        )
    return HeldOutRows(prepared, split, part)


def held_out_outputs(loaded: LoadedModel, metadata: Metadata, held_out: HeldOutRows) -> Array:
    """Return the outputs of the network for the rows, neither calibrated nor inverted."""
    return loaded.network(
        transform_rows(metadata.preprocessor(), held_out.dataset.x, held_out.rows)
    )


def with_data_path(config: Config, run: Path, data: str | os.PathLike[str] | None) -> Config:
    """Return the config of a model file with the full path of the data, if its run has it.

    The config in the run directory may have been edited, and another seed or split would score
    training rows as test rows; so nothing but the path is read from there.
    """
    if data is None and (config.dataset.known or not (run / RECORD).is_file()):
        return config
    if config.dataset.known:
        raise DatasetError(f"{config.dataset.name} is a named data set, which is at one place")
    path = str(data) if data is not None else data_path(run_config(run).plain())
    if path is None:
        return config
    loader = config.dataset.loader.model_copy(update={"path": path})
    dataset = config.dataset.model_copy(update={"loader": loader})
    return config.model_copy(update={"dataset": dataset})
