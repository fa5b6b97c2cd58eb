"""Decision trees, forests and boosted trees as ONNX graphs.

All trees are walked at the same time, one level after the other: the place of a row in each tree
is a number, which leads by tables to the column, the threshold and the next place. A leaf leads to
itself. Other than ONNX's operator for trees, plain operators check every number that they look up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcli.models.estimators.graph import GraphBuilder
from dlcli.types import Array


@dataclass(frozen=True)
class Tree:
    """A fitted tree.

    Parameters
    ----------
    feature, left, right : ndarray of int64, shape (nodes,)
        Of a leaf, `left` and `right` are its own number.
    threshold : ndarray of float64, shape (nodes,)
    value : ndarray of float64, shape (nodes, outputs)
    depth : int
    """

    feature: Array
    left: Array
    right: Array
    threshold: Array
    value: Array
    depth: int


def tree(graph: GraphBuilder, estimator: Any) -> str:
    """Add a ``DecisionTreeClassifier`` or ``DecisionTreeRegressor``."""
    return _mean(graph, [_fitted_tree(estimator)])


def forest(graph: GraphBuilder, estimator: Any) -> str:
    """Add a ``RandomForestClassifier`` or ``RandomForestRegressor``."""
    return _mean(graph, list(map(_fitted_tree, estimator.estimators_)))


def boosting(graph: GraphBuilder, estimator: Any) -> str:
    """Add a ``HistGradientBoostingClassifier`` or ``HistGradientBoostingRegressor``."""
    rounds = estimator._predictors  # noqa: SLF001 (no public name)
    outputs = len(rounds[0]) if rounds else 1
    trees = [
        _boosted_tree(predictor.nodes, at, outputs)
        for predictors in rounds
        for at, predictor in enumerate(predictors)
    ]
    start = np.asarray(estimator._baseline_prediction, np.float64)  # noqa: SLF001 (likewise)
    scores = graph.add("Add", _sum(graph, trees), start.reshape(1, -1))
    if not hasattr(estimator, "classes_"):
        return scores
    if outputs == 1:
        return graph.with_complement(graph.add("Sigmoid", scores), np.float64)
    return graph.add("Softmax", scores, axis=1)


def _fitted_tree(estimator: Any) -> Tree:
    fitted = estimator.tree_
    is_leaf = fitted.children_left < 0
    own = np.arange(fitted.node_count)
    left, right = (
        np.where(is_leaf, own, children).astype(np.int64)
        for children in (fitted.children_left, fitted.children_right)
    )
    feature = np.where(is_leaf, 0, fitted.feature).astype(np.int64)
    value = fitted.value[:, 0] if hasattr(estimator, "classes_") else fitted.value[:, :, 0]
    return Tree(feature, left, right, fitted.threshold, value, int(fitted.max_depth))


def _boosted_tree(nodes: Any, output: int, outputs: int) -> Tree:
    is_leaf = nodes["is_leaf"].astype(bool)
    own = np.arange(len(nodes))
    left, right = (
        np.where(is_leaf, own, nodes[side]).astype(np.int64) for side in ("left", "right")
    )
    feature = np.where(is_leaf, 0, nodes["feature_idx"]).astype(np.int64)
    value = np.zeros((len(nodes), outputs))
    value[:, output] = np.where(is_leaf, nodes["value"], 0)
    return Tree(feature, left, right, nodes["num_threshold"], value, int(nodes["depth"].max()))


def _mean(graph: GraphBuilder, trees: Sequence[Tree]) -> str:
    return graph.add("Div", _sum(graph, trees), np.array(float(len(trees))))


def _sum(graph: GraphBuilder, trees: Sequence[Tree]) -> str:
    """Add the sum of the leaves' values: float64, shape (n, outputs)."""
    sizes = [len(item.feature) for item in trees]
    roots = np.cumsum([0, *sizes[:-1]]).astype(np.int64)
    left, right = (
        _joined(getattr(item, side) + root for item, root in zip(trees, roots, strict=True))
        for side in ("left", "right")
    )
    tables = [
        graph.constant(table)
        for table in (
            _joined(item.feature for item in trees),
            _rounded_down(_joined(item.threshold for item in trees)),
            left,
            right,
        )
    ]
    # No number is less than itself: a column of zeros for as many rows as there are.
    first = graph.add("Slice", graph.rows, np.array([0]), np.array([1]), np.array([1]))
    zeros = graph.cast(graph.add("Less", first, first), np.int64)
    place = graph.add("Add", zeros, roots[np.newaxis])
    for _ in range(max(item.depth for item in trees)):
        feature, threshold, to_left, to_right = (
            graph.add("Gather", table, place, axis=0) for table in tables
        )
        value = graph.add("GatherElements", graph.rows, feature, axis=1)
        is_left = graph.add("LessOrEqual", value, threshold)
        place = graph.add("Where", is_left, to_left, to_right)
    values = graph.add("Gather", _joined(item.value for item in trees), place, axis=0)
    return graph.add("ReduceSum", values, np.array([1]), keepdims=0)


def _joined(arrays: Iterable[Array]) -> Array:
    return np.concatenate(list(arrays))


def _rounded_down(thresholds: Array) -> Array:
    """Return the largest float32 values that are not larger; they divide float32 rows alike."""
    with np.errstate(over="ignore"):
        rounded = thresholds.astype(np.float32)
    return np.where(rounded > thresholds, np.nextafter(rounded, np.float32(-np.inf)), rounded)
