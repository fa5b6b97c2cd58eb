"""Keep a scikit-learn model of a comparison as a model file."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.errors import DlcliError, ModelFileError, first_line, plural, unknown
from dlcli.experiments.baseline.estimators import limited_threads, model_inputs
from dlcli.experiments.baseline.models import BaselineModel, build_estimator
from dlcli.models.estimator_file import save_estimator
from dlcli.models.estimators.convert import CONVERTERS, convert_estimator
from dlcli.models.limits import DEFAULT
from dlcli.models.metadata import Metadata
from dlcli.models.onnx import OnnxNetwork
from dlcli.models.trained_metadata import make_metadata
from dlcli.preparation.prepare import Prepared
from dlcli.preparation.preprocessor import Preprocessor
from dlcli.preparation.split import split_rows
from dlcli.runs.directory import RunDirectory
from dlcli.runs.training_rows import write_training_rows
from dlcli.training.session import Session, open_session
from dlcli.types import Array

FILE = "model.onnx"
TOLERANCE = 1e-4  # of numbers, relative; float32 has 7 digits
MOST_DIFFERENT = 0.01  # share of rows whose class may differ, as where distances are equal


def model_to_keep(key: str, models: Sequence[BaselineModel], prepared: Prepared) -> BaselineModel:
    """Return the model of a key, if a file of it can predict.

    Raises
    ------
    DlcliError
        Before any model is fitted.
    """
    dataset = prepared.dataset
    kept = {
        model.key: model
        for model in models
        if model.estimator.rpartition(".")[2] in CONVERTERS and not model.trivial
    }
    reason = ""
    if dataset.is_text or any(column.type == "text" for column in dataset.columns):
        reason = "models of words are not saved, since the file would need the counts of all words"
    elif dataset.medium.kind == "audio":
        reason = "models of recordings are not saved"
    elif dataset.target.is_several:
        reason = "models of several targets are not saved"
    if reason:
        raise DlcliError(f"--keep {key}: {reason}", hint="`dlcli train` saves the network")
    if key not in kept:
        raise DlcliError(f"--keep: {unknown('model', key, kept)}")
    model, config = kept[key], prepared.config
    rows = len(split_rows(dataset, config.split, config.split_seed).train)
    if model.most_rows is not None and rows > model.most_rows:
        raise DlcliError(f"--keep {key}: it is not fitted on more than {model.most_rows:,} rows")
    _check_settings(model)
    return model


def _check_settings(model: BaselineModel) -> None:
    """Refuse settings that no file can have, by converting the model of a few rows."""
    x = np.random.default_rng(0).normal(size=(8, 2))
    try:
        convert_estimator(build_estimator(model, 0, 8).fit(x, np.arange(8) % 2), (2,), 0)
    except ModelFileError as error:
        raise DlcliError(f"--keep {model.key}: {error}") from None
    except ValueError:
        return  # settings that fit the real rows alone


def keep_model(run: RunDirectory, model: BaselineModel, prepared: Prepared) -> tuple[Path, str]:
    """Fit a model on the training rows of `train`, and save it in a run directory.

    Parameters
    ----------
    run : RunDirectory
    model : BaselineModel
    prepared : Prepared
        Resolved for `train`.

    Returns
    -------
    tuple of Path and str
        The model file, and a notice or nothing.

    Raises
    ------
    DlcliError
        If the model cannot be fitted or saved, or the file would predict something else.
    """
    session = open_session(prepared)
    dataset, preprocessor = prepared.dataset, session.preprocessor
    estimator = _fitted(model, session)
    classes = dataset.target.class_names
    try:
        graph = convert_estimator(estimator, preprocessor.input_shape, len(classes))
    except ModelFileError as error:
        raise DlcliError(f"--keep {model.key}: {error}") from None
    if len(graph.content) > DEFAULT.size:
        raise DlcliError(f"--keep {model.key}: the model has {len(graph.content):,} bytes")
    part = next(name for name in ("test", "validation", "train") if name in session.rows)
    network = OnnxNetwork(graph.content, graph.block)
    x = _inputs(preprocessor, session, part)
    notice = _difference(model, estimator, x, network(x.reshape(-1, *network.input_shape)))
    data = run.record.data.model_dump(exclude_unset=True)
    metadata = make_metadata(
        prepared, preprocessor, session.target_preprocessor, data, "", None, session.split.train
    )  # fmt: skip
    path = run.path / FILE
    save_estimator(path, graph, _of_estimator(metadata, model))
    write_training_rows(run.path, dataset, session.split.train)
    return path, notice


def _inputs(preprocessor: Preprocessor, session: Session, part: str) -> Array:
    dataset = session.prepared.dataset
    return np.asarray(model_inputs(preprocessor, dataset, session.rows[part]), np.float32)


def _fitted(model: BaselineModel, session: Session) -> Any:
    x = _inputs(session.preprocessor, session, "train")
    target = session.prepared.dataset.target
    y = session.target_preprocessor.transform(session.y("train"), target)
    estimator = build_estimator(model, session.prepared.config.seed, len(x))
    with limited_threads(x.size), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the comparison has printed them
        try:
            return estimator.fit(x.astype(np.float64) if model.exact else x, y)
        except ValueError as error:
            raise DlcliError(f"--keep {model.key}: {first_line(error)}") from None


def _difference(model: BaselineModel, estimator: Any, x: Array, outputs: Array) -> str:
    """Compare the file's outputs with scikit-learn's; return a notice or nothing."""
    expected = estimator.predict(x.astype(np.float64) if model.exact else x)
    if hasattr(estimator, "classes_"):
        different = int((outputs.argmax(axis=1) != expected).sum())
    else:
        is_close = np.isclose(outputs[:, 0], expected, rtol=TOLERANCE, atol=TOLERANCE)
        different = int((~is_close).sum())
    of_rows = f"scikit-learn and the saved {model.name} differ in {plural(different, 'row')}"
    if different > MOST_DIFFERENT * len(x) + 1:
        raise DlcliError(f"--keep {model.key}: {of_rows} of {len(x):,}")
    return f"{of_rows} of {len(x):,}, as where distances are equal" if different else ""


def _of_estimator(metadata: Metadata, model: BaselineModel) -> Metadata:
    """Return metadata whose config has the loss and the metrics of the model's outputs."""
    units = len(metadata.target.class_names)
    arguments = ", ".join(f"{name}={value!r}" for name, value in model.arguments.items())
    name = f"{model.estimator.rpartition('.')[2]}({arguments})"
    head: dict[str, Any] = {"units": max(1, units)}
    output, loss = "value", "mean_squared_error"
    if units:
        output, loss = "probability", "sparse_categorical_crossentropy"
        head["activation"] = "softmax"
    if model.key == "svm" and units:
        output, loss, head = "score", "categorical_hinge", {"units": units}
    config = {
        **metadata.config,
        "model": [{"Dense": head}],  # the network whose outputs mean the same
        "loss": loss,
        "metrics": ["accuracy"] if units else [],
        "callbacks": [],
    }
    changes = {"config": config, "output": output, "estimator": name}
    return metadata.model_copy(update=changes)
