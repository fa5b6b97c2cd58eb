"""The smallest and largest value that a metric can have."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dlcli.config.catalogue import keras_catalogue
from dlcli.config.components import Component
from dlcli.config.metrics import SHARES, metric_key

UNBOUNDED = (-math.inf, math.inf)
UNIT_INTERVAL = (0.0, 1.0)
NON_NEGATIVE = (0.0, math.inf)
# Scores that every run has, whatever the metrics of its config.
ALWAYS_MEASURED = {
    "mae": NON_NEGATIVE, "rmse": NON_NEGATIVE, "r2": (-math.inf, 1.0),
    **dict.fromkeys(("subset_accuracy", "hamming_loss", "f1_micro", "f1_macro"), UNIT_INTERVAL),
}  # fmt: skip
# By the name of a metric or a loss of Keras.
BOUNDS = {
    **dict.fromkeys((*SHARES, "Dice", "Tversky"), UNIT_INTERVAL),
    "R2Score": (-math.inf, 1.0),
    **dict.fromkeys(
        ("ConcordanceCorrelation", "CosineSimilarity", "PearsonCorrelation"), (-1.0, 1.0)
    ),
    **dict.fromkeys(
        ("BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy",
         "CategoricalFocalCrossentropy", "CategoricalHinge", "FalseNegatives", "FalsePositives",
         "Hinge", "Huber", "KLDivergence", "LogCosh", "LogCoshError", "MeanAbsoluteError",
         "MeanAbsolutePercentageError", "MeanSquaredError", "MeanSquaredLogarithmicError",
         "RootMeanSquaredError", "SparseCategoricalCrossentropy", "SquaredHinge", "TrueNegatives",
         "TruePositives", "crossentropy", "ce"),
        NON_NEGATIVE,
    ),
}  # fmt: skip


def metric_bounds(
    key: str, metrics: Sequence[Component] = (), loss: Component | None = None
) -> tuple[float, float]:
    """Return the smallest and largest possible value of a metric.

    Parameters
    ----------
    key : str
        The name under which it is logged.
    metrics : sequence of Component
        Of the config.
    loss : Component, optional
        Of the config.

    Returns
    -------
    tuple of float
        Infinite if unknown, as for components of one's own.
    """
    if key == "loss":
        return _bounds(loss, "losses")
    metric = next((item for item in metrics if metric_key(item) == key), None)
    return ALWAYS_MEASURED.get(key, UNBOUNDED) if metric is None else _bounds(metric, "metrics")


def _bounds(component: Component | None, kind: str) -> tuple[float, float]:
    if component is None:
        return UNBOUNDED
    entry = keras_catalogue().find(kind, component.name)
    is_own = entry is not None and entry.is_own
    return UNBOUNDED if is_own else BOUNDS.get(component.name, UNBOUNDED)
