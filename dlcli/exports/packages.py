"""Exports that contain the model file itself: for MLflow and scikit-learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dlcli.exports.comparison import Comparison
from dlcli.exports.errors import ExportError
from dlcli.exports.mlflow_folder import write_mlflow
from dlcli.exports.mlflow_model import PythonModel
from dlcli.exports.reference import reference
from dlcli.exports.rows import as_raw_pixels, count, generated_rows, real_rows
from dlcli.models.loading import LoadedModel
from dlcli.models.onnx_conversion import number_of_codes
from dlcli.models.signature import signature_of


def write_sklearn(loaded: LoadedModel, path: Path) -> None:
    """Write a fitted estimator, as ``joblib.load`` reads it.

    Raises
    ------
    ModelFileError
        If the model has several targets, or is of plain Keras.
    """
    import joblib

    from dlcli.exports.estimators import DlcliClassifier, DlcliRegressor  # import scikit-learn

    target = signature_of(loaded).target
    is_number = target is not None and target.task == "regression"
    kind: Any = DlcliRegressor if is_number else DlcliClassifier
    joblib.dump(kind().with_model(loaded), path)


def write_mlflow_folder(loaded: LoadedModel, path: Path) -> tuple[Comparison, list[str]]:
    """Write the folder for MLflow, and compare its model with `predict`."""
    write_mlflow(loaded, path)
    return compare_again(loaded, PythonModel(str(next(path.glob("model.*")))).model)


def write_sklearn_file(loaded: LoadedModel, path: Path) -> tuple[Comparison, list[str]]:
    """Write the estimator, read it again, and compare it with `predict`."""
    import joblib

    write_sklearn(loaded, path)
    estimator = joblib.load(path)
    comparison, notices = compare_again(loaded, estimator.model)
    return comparison, [
        *notices,
        "joblib.load runs what a file says: load only files that you trust",
    ]


def compare_again(loaded: LoadedModel, copy: LoadedModel) -> tuple[Comparison, list[str]]:
    """Compare the predictions of a model that was read again, which have the same bits.

    Raises
    ------
    ExportError
        If they differ.
    """
    signature = signature_of(loaded)
    sources, notices = [generated_rows(signature, number_of_codes(loaded))], []
    if loaded.metadata is not None:
        rows, reason = real_rows(loaded, loaded.metadata)
        sources += [] if rows is None else [rows]
        notices += [] if rows is not None else [f"compared on generated rows alone: {reason}"]
    total = Comparison(0, 0, 0.0)
    for source in sources:
        values = as_raw_pixels(source, signature)
        first = reference(loaded, signature, values)
        second = reference(copy, signature_of(copy), values)
        same = np.array_equal(first.refused, second.refused) and (
            not first.blocks
            or np.array_equal(first.column("outputs"), second.column("outputs"), equal_nan=True)
        )
        if not same:
            raise ExportError("the model that was read again gives other answers")
        total = total.joined(Comparison(count(values), int(first.refused.sum()), 0.0))
    return total, notices
