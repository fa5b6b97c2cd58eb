"""Convert a fitted estimator of scikit-learn to an ONNX graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcli.errors import ModelFileError
from dlcli.models.estimators import formulas, trees
from dlcli.models.estimators.graph import GraphBuilder

Converter = Callable[[GraphBuilder, Any], str]
CONVERTERS: dict[str, Converter] = {
    "DecisionTreeClassifier": trees.tree,
    "DecisionTreeRegressor": trees.tree,
    "GaussianNB": formulas.gaussian_bayes,
    "HistGradientBoostingClassifier": trees.boosting,
    "HistGradientBoostingRegressor": trees.boosting,
    "KNeighborsClassifier": formulas.neighbours,
    "KNeighborsRegressor": formulas.neighbours,
    "LinearRegression": formulas.linear,
    "LogisticRegression": formulas.logistic,
    "RandomForestClassifier": trees.forest,
    "RandomForestRegressor": trees.forest,
    "SVC": formulas.svm_classes,
    "SVR": formulas.svm_number,
}
# Values of the largest result for a block of rows, 8 bytes each.
BLOCK_VALUES, MAX_BLOCK = 1 << 22, 8192


@dataclass(frozen=True)
class EstimatorGraph:
    """An estimator as an ONNX graph.

    Parameters
    ----------
    content : bytes
        A serialized ONNX model with one output per class, or one number.
    block : int
        Rows that are computed at a time.
    """

    content: bytes
    block: int


def convert_estimator(
    estimator: Any, input_shape: Sequence[int], classes: int = 0
) -> EstimatorGraph:
    """Convert a fitted estimator for one target.

    Parameters
    ----------
    estimator : object
        Of scikit-learn, fitted on flat rows.
    input_shape : tuple of int
        Of one sample.
    classes : int
        Number of outputs; those without training rows have no share, or the score -1. 0: a number.

    Raises
    ------
    ModelFileError
        If it is of another kind, or has settings that the graph cannot have.
    """
    kind = type(estimator).__name__
    if kind not in CONVERTERS:
        raise ModelFileError(f"a {kind} cannot be saved")
    graph = GraphBuilder(input_shape)
    output, units = CONVERTERS[kind](graph, estimator), classes or 1
    if classes and len(estimator.classes_) < classes:
        places = np.eye(classes)[estimator.classes_]
        missing = -1.0 if kind == "SVC" else 0.0
        output = graph.affine(graph.cast(output, np.float64), places, missing * (1 - places.sum(0)))
    content = graph.finish(output, units)
    block = BLOCK_VALUES // max(1, _values_per_row(estimator, units))
    return EstimatorGraph(content, min(MAX_BLOCK, max(1, block)))


def _values_per_row(estimator: Any, units: int) -> int:
    """Return the size of the largest result for one row."""
    sizes = [estimator.n_features_in_ * units]
    if hasattr(estimator, "support_vectors_"):
        sizes.append(len(estimator.support_vectors_))
    if hasattr(estimator, "n_samples_fit_"):
        sizes.append(estimator.n_samples_fit_)
    if hasattr(estimator, "estimators_"):
        sizes.append(len(estimator.estimators_) * units)
    if hasattr(estimator, "n_trees_per_iteration_"):
        sizes.append(estimator.n_iter_ * estimator.n_trees_per_iteration_ * units)
    return int(max(sizes))
