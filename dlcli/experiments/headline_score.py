"""The one score by which models are compared: accuracy, or RMSE for numbers."""

from __future__ import annotations

from typing import Literal

import numpy as np

from dlcli.datasets.dataset import Target
from dlcli.network.several_scores import regression_scores
from dlcli.preparation.labels import decode_labels
from dlcli.preparation.targets import Output, decode
from dlcli.types import Array


def headline_metric(target: Target) -> Literal["accuracy", "rmse"]:
    """Return the name of the score."""
    return "accuracy" if target.class_names else "rmse"


def predicted_values(outputs: Array, kind: Output, target: Target) -> Array:
    """Return numbers, class codes, or 0 and 1 for labels, from outputs of a network."""
    if kind == "value":
        return outputs if target.is_several else np.asarray(outputs[:, 0])
    several = target.task == "multilabel"
    return decode_labels(outputs, kind, target) if several else decode(outputs, kind)


def headline_score(y: Array, predicted: Array, target: Target) -> float:
    """Return the accuracy, of all labels together if there are several, or the RMSE."""
    if target.class_names:
        return float((predicted == y).mean())
    return regression_scores(y, predicted)["rmse"]
