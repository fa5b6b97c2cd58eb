"""Fit the model of a config to a table in memory, and return its model file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dlcli.config.load import load_config
from dlcli.config.sections import Config
from dlcli.datasets.dataset import Column, Dataset, Target
from dlcli.models.file import save_model, weights_sha256
from dlcli.models.onnx_graph import convert_to_onnx
from dlcli.models.trained_metadata import make_metadata
from dlcli.preparation.prepare import prepare
from dlcli.preparation.split import Split, cut
from dlcli.training.calibrate import calibrate, check_calibration
from dlcli.training.network_check import check_network
from dlcli.training.session import Session, open_sessions
from dlcli.types import Array

ENDING = ".keras"
DEFAULT_FIT = {"epochs": 100, "batch_size": 32}


def fitted_model(
    config: Config | str | os.PathLike[str] | Mapping[str, Any] | None,
    values: Mapping[str, Array],
    columns: tuple[Column, ...],
    y: Array,
    target: Target,
    *,
    fit: Mapping[str, Any],
    learning_rate: float | None,
    seed: int | None,
) -> tuple[bytes, str]:
    """Fit a model.

    Parameters
    ----------
    config : config, path, name, mapping or None
        None: the default network.
    values : dict of arrays
        By column.
    columns : tuple of Column
    y : ndarray, shape (n,)
        Class codes or numbers.
    target : Target
    fit : mapping
        Keys of ``fit`` in place of those of the config.
    learning_rate : float, optional
    seed : int, optional

    Returns
    -------
    content : bytes
        The model file.
    ending : str
        Of its name.

    Raises
    ------
    ConfigError, DatasetError
        If config and data do not fit together.
    TrainingError
        If the training diverges.
    """
    changes: dict[str, Any] = {f"fit.{key}": value for key, value in fit.items()}
    if learning_rate is not None:
        changes["optimizer.learning_rate"] = learning_rate
    if seed is not None:
        changes["seed"] = seed
    loaded = load_config(_plain(config, target), changes, name="estimator")
    frame = pd.DataFrame({name: pd.Series(v, dtype=v.dtype) for name, v in values.items()})
    dataset = Dataset("X", frame, y, target, columns)
    prepared = prepare(loaded, dataset=dataset)
    rows, section = np.arange(len(y)), prepared.config.split
    share = section.validation_share
    train, validation = cut(dataset, rows, share, section, prepared.config.split_seed)
    split = Split(train, validation, rows[:0])
    (session,) = open_sessions(prepared, [split])
    session.transform_parts()
    check_calibration(session)
    check_network(session)
    session.prepare_model()
    session.fit()
    calibrate(session)
    return _content(session), ENDING


def _plain(
    config: Config | str | os.PathLike[str] | Mapping[str, Any] | None, target: Target
) -> dict[str, Any]:
    """Return the keys of a config with the columns of X and y as its data."""
    if config is None:
        plain = _default(target)
    elif isinstance(config, Mapping):
        plain = dict(config)
    else:
        loaded = config if isinstance(config, Config) else load_config(config)
        plain = dict(loaded.document.value)
    plain["dataset"] = {"csv": {"path": "X.csv", "target": target.name, "task": target.task}}
    section = plain.get("split")
    kept = ("validation", "stratify", "seed")
    section = section if isinstance(section, Mapping) else {}
    plain["split"] = {key: section[key] for key in kept if key in section} | {"test": 0.0}
    plain.pop("tune", None)
    return plain


def _default(target: Target) -> dict[str, Any]:
    """Return the config of the default network for tables."""
    common = {"model": "auto", "fit": dict(DEFAULT_FIT)}
    if target.task == "regression":
        return {**common, "loss": "mean_squared_error", "preprocess": {"target": ["standardize"]}}
    return {**common, "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}


def _content(session: Session) -> bytes:
    """Return the model file, with the ONNX graph."""
    digest = weights_sha256(session.model)
    metadata = make_metadata(
        session.prepared, session.preprocessor, session.target_preprocessor,
        {"fingerprint": session.prepared.dataset.fingerprint()}, digest, session.calibration,
    )  # fmt: skip
    graph = convert_to_onnx(session.model, session.x("train"))
    with tempfile.TemporaryDirectory(prefix="dlcli-") as folder:
        path = Path(folder) / f"model{ENDING}"
        save_model(session.model, path, metadata, graph)
        return path.read_bytes()
