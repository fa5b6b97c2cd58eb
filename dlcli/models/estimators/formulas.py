"""Linear models, naive Bayes, support vector machines and neighbours as ONNX graphs.

They are computed in float64, as in scikit-learn.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from dlcli.errors import ModelFileError
from dlcli.models.estimators.graph import GraphBuilder
from dlcli.types import Array

KERNELS = ("linear", "poly", "rbf", "sigmoid")


def logistic(graph: GraphBuilder, estimator: Any) -> str:
    """Add a ``LogisticRegression``."""
    scores = _sums(graph, estimator)
    if len(estimator.classes_) == 2:
        return graph.with_complement(graph.add("Sigmoid", scores), np.float64)
    return graph.add("Softmax", scores, axis=1)


def linear(graph: GraphBuilder, estimator: Any) -> str:
    """Add a ``LinearRegression``."""
    return _sums(graph, estimator)


def _sums(graph: GraphBuilder, estimator: Any) -> str:
    matrix = np.atleast_2d(np.asarray(estimator.coef_, np.float64)).T
    offset = np.atleast_1d(np.asarray(estimator.intercept_, np.float64))
    return graph.affine(graph.doubles(), matrix, offset)


def gaussian_bayes(graph: GraphBuilder, estimator: Any) -> str:
    """Add a ``GaussianNB``: squared distances from the means, in each column by its variance."""
    precision = 1 / estimator.var_
    distance = np.log(2 * np.pi * estimator.var_).sum(axis=1)
    centred = graph.add("Sub", _rows_by_one(graph), estimator.theta_[np.newaxis])
    weighted = graph.add("Mul", graph.add("Mul", centred, centred), precision[np.newaxis])
    sums = graph.add("ReduceSum", weighted, np.array([2]), keepdims=0)
    scores = graph.add("Mul", graph.add("Add", sums, distance), np.array(-0.5))
    return graph.add("Softmax", graph.add("Add", scores, np.log(estimator.class_prior_)), axis=1)


def _rows_by_one(graph: GraphBuilder) -> str:
    """Return the rows as float64, shape (n, 1, features)."""
    return graph.add("Unsqueeze", graph.doubles(), np.array([1]))


def svm_classes(graph: GraphBuilder, estimator: Any) -> str:
    """Add an ``SVC``: of two classes the decision, of more the votes of all pairs."""
    kernel = _kernel(graph, estimator)
    classes = len(estimator.classes_)
    if classes == 2:
        decision = graph.affine(kernel, estimator.dual_coef_.T, estimator.intercept_)
        return graph.add("Concat", graph.add("Neg", decision), decision, axis=1)
    starts = np.cumsum([0, *estimator.n_support_])
    pairs = list(combinations(range(classes), 2))
    weights = np.zeros((len(estimator.support_vectors_), len(pairs)))
    wins, losses = (np.zeros((len(pairs), classes)) for _ in range(2))
    for at, (first, second) in enumerate(pairs):
        for own, other in ((first, second - 1), (second, first)):
            part = slice(starts[own], starts[own + 1])
            weights[part, at] = estimator.dual_coef_[other, part]
        wins[at, first] = losses[at, second] = 1
    decisions = graph.affine(kernel, weights, estimator.intercept_)
    won = graph.cast(graph.add("Greater", decisions, np.array(0.0)), np.float64)
    votes = graph.add("MatMul", won, wins)
    others = graph.affine(graph.add("Neg", won), losses, losses.sum(axis=0))
    return graph.add("Add", votes, others)


def svm_number(graph: GraphBuilder, estimator: Any) -> str:
    """Add an ``SVR``."""
    return graph.affine(_kernel(graph, estimator), estimator.dual_coef_.T, estimator.intercept_)


def _kernel(graph: GraphBuilder, estimator: Any) -> str:
    """Add the kernel between rows and support vectors: float64, shape (n, vectors)."""
    if estimator.kernel not in KERNELS:
        raise ModelFileError(f"the kernel {estimator.kernel!r} cannot be saved")
    vectors = np.asarray(estimator.support_vectors_, np.float64)
    if estimator.kernel == "rbf":
        squares = _squared_distances(graph, vectors)
        return graph.add("Exp", graph.add("Mul", squares, np.array(-_gamma(estimator))))
    products = graph.add("MatMul", graph.doubles(), vectors.T)
    if estimator.kernel == "linear":
        return products
    scaled = graph.add("Mul", products, np.array(_gamma(estimator)))
    scaled = graph.add("Add", scaled, np.array(float(estimator.coef0)))
    if estimator.kernel == "sigmoid":
        return graph.add("Tanh", scaled)
    return graph.add("Pow", scaled, np.array(float(estimator.degree)))


def _gamma(estimator: Any) -> float:
    return float(estimator._gamma)  # noqa: SLF001 (``gamma`` may be "scale")


def _squared_distances(graph: GraphBuilder, points: Array) -> str:
    """Add the squared distances of the rows from fixed points: float64, shape (n, points)."""
    rows = graph.doubles()
    own = graph.add("ReduceSumSquare", rows, np.array([1]), keepdims=1)
    products = graph.add("MatMul", rows, -2 * points.T)
    distances = graph.add("Add", graph.add("Add", own, products), (points**2).sum(axis=1))
    return graph.add("Max", distances, np.array(0.0))  # rounding may lead below 0


def neighbours(graph: GraphBuilder, estimator: Any) -> str:
    """Add the mean over the nearest training rows, of the number or of the classes' shares."""
    if estimator.weights != "uniform" or estimator.effective_metric_ != "euclidean":
        raise ModelFileError("neighbours are saved with uniform weights and the Euclidean metric")
    points = np.asarray(estimator._fit_X, np.float64)  # noqa: SLF001 (no public name)
    values = np.asarray(estimator._y)  # noqa: SLF001 (likewise)
    if hasattr(estimator, "classes_"):
        values = np.eye(len(estimator.classes_))[values]
    values = np.asarray(values, np.float64).reshape(len(points), -1)
    count = np.array([estimator.n_neighbors])
    distances = _squared_distances(graph, points)
    nearest = graph.add("TopK", distances, count, outputs=2, axis=1, largest=0, sorted=1)
    shares = graph.add("Gather", values, nearest, axis=0)
    return graph.add("ReduceMean", shares, np.array([1]), keepdims=0)
