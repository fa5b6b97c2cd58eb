"""Metrics: whether they fit the target, the names they are logged under, their Keras class."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from dlcli.config.catalogue import CHOSEN_BY_KERAS, keras_catalogue
from dlcli.config.components import Component
from dlcli.config.heads import (
    HINGE_LOSSES,
    SOFTMAXES,
    SPARSE_LOSSES,
    VECTOR_LOSSES,
    Finding,
    Head,
    from_logits,
    output_units,
)
from dlcli.config.known import Facts
from dlcli.errors import plural

# What a metric compares: the output of one unit, one-hot rows, integer classes, several labels, or
# numbers.
TargetForm = Literal["single", "one-hot", "sparse", "labels", "number"]
FORM_NAMES: dict[TargetForm, str] = {
    "single": "a single unit",
    "one-hot": "one-hot targets",
    "sparse": "the integer targets of a sparse loss",
    "labels": "several labels per row",
    "number": "a number",
}
METRIC_FORMS: dict[str, tuple[TargetForm, ...]] = {
    **dict.fromkeys(CHOSEN_BY_KERAS, ("single", "one-hot", "sparse", "labels")),
    **dict.fromkeys(
        ["BinaryAccuracy", "BinaryCrossentropy", "Hinge", "SquaredHinge"], ("single", "labels")
    ),
    **dict.fromkeys(
        ["CategoricalAccuracy", "CategoricalCrossentropy", "CategoricalHinge", "KLDivergence",
         "OneHotIoU", "OneHotMeanIoU", "TopKCategoricalAccuracy",
         "CosineSimilarity", "PearsonCorrelation", "ConcordanceCorrelation"],
        ("one-hot",),
    ),
    **dict.fromkeys(
        ["SparseCategoricalAccuracy", "SparseCategoricalCrossentropy",
         "SparseTopKCategoricalAccuracy"],
        ("sparse",),
    ),
    **dict.fromkeys(
        ["AUC", "F1Score", "FBetaScore", "FalseNegatives", "FalsePositives", "Precision",
         "PrecisionAtRecall", "Recall", "RecallAtPrecision", "SensitivityAtSpecificity",
         "SpecificityAtSensitivity", "TrueNegatives", "TruePositives"],
        ("single", "one-hot", "labels"),
    ),
    **dict.fromkeys(
        ["LogCoshError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError",
         "MeanSquaredLogarithmicError", "Poisson", "R2Score", "RootMeanSquaredError"],
        ("single", "one-hot", "labels", "number"),
    ),
    "BinaryIoU": ("single", "labels"),
    **dict.fromkeys(["IoU", "MeanIoU"], ("one-hot", "sparse")),
    # It compares integer classes with integer predictions, which no model here outputs.
    "Accuracy": (),
}  # fmt: skip
# Metrics that are better the larger they are; all others but counts are errors.
SHARES = {
    "Accuracy", "AUC", "BinaryAccuracy", "BinaryIoU", "CategoricalAccuracy", "F1Score",
    "FBetaScore", "IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU", "Precision", "PrecisionAtRecall",
    "Recall", "RecallAtPrecision", "SensitivityAtSpecificity", "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy", "SpecificityAtSensitivity", "TopKCategoricalAccuracy",
    "accuracy", "acc",
}  # fmt: skip
LARGER_IS_BETTER = {
    *SHARES, "ConcordanceCorrelation", "CosineSimilarity", "PearsonCorrelation", "R2Score",
    "TrueNegatives", "TruePositives",
}  # fmt: skip
DEFAULT_K = 5
TOP_K = ("TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy")
# Metrics that compare probabilities with a threshold and have no `from_logits`.
THRESHOLD_METRICS = {
    "F1Score", "FBetaScore", "FalseNegatives", "FalsePositives", "Precision", "PrecisionAtRecall",
    "Recall", "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity",
    "TrueNegatives", "TruePositives",
}  # fmt: skip
F_SCORES = ("F1Score", "FBetaScore")
# Metrics with an argument `from_logits`.
LOGIT_METRICS = (
    "AUC", "BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy",
)  # fmt: skip


def target_form(head: Head | None, loss: Component, facts: Facts | None) -> TargetForm | None:
    """Return what metrics will compare; None if it is not known yet."""
    if facts is not None and facts.task == "regression":
        return "number"
    if facts is not None and facts.task == "multilabel":
        return "labels"
    if loss.name in SPARSE_LOSSES:
        return "sparse"
    if head is None:
        return None
    units = head.units
    if head.infers_units and facts is not None:
        units = output_units(head, loss, facts)
    if units is None:
        return None
    if facts is None and units > 1 and not _is_of_classes(head, loss):
        return None  # several outputs may be labels
    return "single" if units == 1 else "one-hot"


def _is_of_classes(head: Head, loss: Component) -> bool:
    """Return whether several outputs are those of classes that exclude each other."""
    return head.activation in SOFTMAXES or loss.name in VECTOR_LOSSES


def metric_errors(
    metrics: Sequence[Component], loss: Component, head: Head | None, facts: Facts | None
) -> Iterator[Finding]:
    """Yield metrics that cannot measure the outputs for this target."""
    form = target_form(head, loss, facts)
    no_probabilities = from_logits(loss) or loss.name in HINGE_LOSSES
    for metric in metrics:
        name = metric.spelled or metric.name
        forms = METRIC_FORMS.get(metric.name)
        if forms == ():
            yield metric.path, f"{name} compares integer classes, not outputs; use accuracy"
        elif forms is not None and form is not None and form not in forms:
            suitable = " or ".join(FORM_NAMES[item] for item in forms)
            advice = "mae" if form == "number" else "accuracy"
            if form == "sparse" and "one-hot" in forms:
                advice += ", or categorical_crossentropy as the loss"
            elif form == "single" and metric.name in ("IoU", "MeanIoU"):
                advice = "BinaryIoU"
            yield metric.path, f"{name} is for {suitable}, not for {FORM_NAMES[form]}; try {advice}"
        elif facts is not None and metric.arguments.get("num_classes", 0) > facts.num_classes > 0:
            count = plural(facts.num_classes, "class")
            yield (*metric.path, "num_classes"), f"the target has {count}"
        elif metric.name in THRESHOLD_METRICS and no_probabilities:
            yield metric.path, f"{name} needs probabilities, but this loss uses logits or scores"
        elif (
            metric.name in F_SCORES
            and form in ("one-hot", "labels")
            and not metric.arguments.get("average")
        ):
            noun = "label" if form == "labels" else "class"
            yield metric.path, f"{name} returns one value per {noun}; set average: macro"


def metric_warnings(metrics: Sequence[Component], facts: Facts | None) -> Iterator[Finding]:
    """Yield metrics that say nothing about this target."""
    if facts is None:
        return
    low = facts.target_low
    for metric in metrics:
        name, k = metric.spelled or metric.name, metric.arguments.get("k", DEFAULT_K)
        if metric.name in TOP_K and facts.num_classes and k >= facts.num_classes:
            reason = f"with k: {k} and {facts.num_classes} classes it is always 1"
            yield metric.path, f"{name}: {reason}; set a smaller k, or use accuracy"
        elif metric.name == "MeanAbsolutePercentageError" and facts.target_zeros:
            count = plural(facts.target_zeros, "row")
            yield metric.path, f"{name} divides by the target, which is 0 in {count}; use mae"
        elif metric.name == "MeanSquaredLogarithmicError" and low is not None and low < 0:
            yield metric.path, f"{name} reads negative targets as 0; use mse"


def better_when(metric: Component) -> Literal["min", "max"] | None:
    """Return whether a metric is better the smaller or the larger it is; None if it is unknown."""
    entry = keras_catalogue().find("metrics", metric.name)
    if entry is not None and entry.is_own:
        return None
    return "max" if metric.name in LARGER_IS_BETTER else "min"


def is_share(metric: Component) -> bool:
    """Return whether a metric always lies between 0 and 1."""
    return metric.name in SHARES


def repeated_metrics(metrics: Sequence[Component]) -> Iterator[Finding]:
    """Yield metrics that are logged under the name of another one."""
    keys: set[str] = {"loss"}
    for metric in metrics:
        key = metric_key(metric)
        if key in keys:
            yield metric.path, f"{key!r} would be logged twice; give one of them a name"
        keys.add(key)


def resolve_metric(metric: Component, loss: Component, units: int) -> Component:
    """Return a metric as Keras's class, with the log name and arguments that fit the loss.

    Parameters
    ----------
    metric : Component
    loss : Component
    units : int
        Number of outputs of the model.
    """
    name = metric.name
    arguments = {**metric.arguments, "name": metric_key(metric)}
    if name in CHOSEN_BY_KERAS:
        measure = "Accuracy" if name.startswith("acc") else "Crossentropy"
        dense_form = "Binary" if units == 1 else "Categorical"
        name = ("SparseCategorical" if loss.name in SPARSE_LOSSES else dense_form) + measure
    if name == "BinaryAccuracy" and (from_logits(loss) or loss.name in HINGE_LOSSES):
        arguments.setdefault("threshold", 0.0)
    if from_logits(loss) and name in LOGIT_METRICS:
        arguments.setdefault("from_logits", True)
    if name in ("IoU", "MeanIoU"):  # Keras compares class codes by default
        is_sparse = loss.name in SPARSE_LOSSES
        arguments = {"sparse_y_pred": False, "sparse_y_true": is_sparse, **arguments}
    if name in F_SCORES and units == 1:
        arguments = {"threshold": 0.5, "average": "micro", **arguments}
    return Component(name, arguments, "", metric.path)


def metric_key(metric: Component) -> str:
    """Return the name under which a metric is logged."""
    if "name" in metric.arguments:
        return str(metric.arguments["name"])
    if metric.name in CHOSEN_BY_KERAS or metric.spelled not in ("", metric.name):
        return metric.spelled or metric.name
    entry = keras_catalogue().find("metrics", metric.name)
    default = entry.optional.get("name") if entry else None
    return str(default or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", metric.name).lower())


def logged_keys(metrics: Sequence[Component], *, validation: bool) -> list[str]:
    """Return the keys that every epoch logs."""
    keys = ["loss", *(metric_key(metric) for metric in metrics)]
    return [*keys, *(f"val_{key}" for key in keys)] if validation else keys
