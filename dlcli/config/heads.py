"""Whether last layer, loss, metrics and target belong together.

Keras trains most of these mismatches without a word, to a model that is worth nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dlcli.config.components import Component
from dlcli.config.document import Path
from dlcli.known import Facts

BINARY_LOSSES = {"BinaryCrossentropy", "BinaryFocalCrossentropy"}
SPARSE_LOSSES = {"SparseCategoricalCrossentropy"}
CATEGORICAL_LOSSES = {
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    *SPARSE_LOSSES,
}
CROSSENTROPIES = BINARY_LOSSES | CATEGORICAL_LOSSES
HINGE_LOSSES = {"Hinge", "SquaredHinge", "CategoricalHinge"}
CLASS_LOSSES = CROSSENTROPIES | HINGE_LOSSES

SPARSE_METRICS = {
    "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy",
}  # fmt: skip
ONE_HOT_METRICS = {
    "AUC", "CategoricalAccuracy", "CategoricalCrossentropy", "CategoricalHinge", "F1Score",
    "FBetaScore", "FalseNegatives", "FalsePositives", "OneHotIoU", "OneHotMeanIoU", "Precision",
    "PrecisionAtRecall", "Recall", "RecallAtPrecision", "SensitivityAtSpecificity",
    "SpecificityAtSensitivity", "TopKCategoricalAccuracy", "TrueNegatives", "TruePositives",
}  # fmt: skip
CLASS_METRICS = {
    "accuracy", "acc", "crossentropy", "ce", "Accuracy", "BinaryAccuracy", "BinaryCrossentropy",
    "BinaryIoU", "IoU", "MeanIoU", *SPARSE_METRICS, *ONE_HOT_METRICS,
}  # fmt: skip

Finding = tuple[Path, str]


@dataclass(frozen=True)
class Head:
    """The layer that makes the output, and the activation behind it.

    Parameters
    ----------
    dense : Component
        The last ``Dense``.
    activation : str
        Its own, or that of an ``Activation`` or ``Softmax`` layer after it.
    index : int
        Position of the ``Dense`` among the layers.
    path : tuple
        Where the activation stands.
    """

    dense: Component
    activation: str
    index: int
    path: Path

    @property
    def units(self) -> int | None:
        """Number of outputs, or None if the data set decides."""
        units = self.dense.arguments.get("units")
        return units if isinstance(units, int) else None


def find_head(layers: Sequence[Component]) -> Head | None:
    """Return the head of a model that ends with a ``Dense``, None for any other."""
    activation: str | None = None
    path: Path = ()
    for index in range(len(layers) - 1, -1, -1):
        layer = layers[index]
        if layer.name == "Dense":
            if activation is None or activation == "linear":
                activation = str(layer.arguments.get("activation") or "linear")
                path = layer.path
            return Head(layer, activation, index, path)
        if layer.name == "Softmax":
            activation, path = "softmax", layer.path
        elif layer.name == "Activation":
            activation, path = str(layer.arguments.get("activation")), layer.path
        else:
            return None
    return None


def from_logits(loss: Component) -> bool:
    """Tell whether a loss applies the sigmoid or softmax itself."""
    return loss.arguments.get("from_logits") is True


def output_units(head: Head, loss: Component, facts: Facts) -> int:
    """Return the number of outputs that fit the target."""
    if facts.task == "regression":
        return 1
    if facts.num_classes > 2 or head.activation == "softmax" or loss.name in CATEGORICAL_LOSSES:
        return facts.num_classes
    return 1


def head_errors(head: Head, loss: Component, facts: Facts | None) -> Iterator[Finding]:
    """Yield what cannot work about the head."""
    units = head.units
    if head.activation == "softmax" and units == 1:
        yield head.path, "1 unit with softmax is always 1; use sigmoid, or one unit per class"
        return
    yield from _activation_errors(head, loss)
    if facts is None:
        return
    if facts.task == "regression":
        yield from _regression_errors(head, loss)
        return
    path = head.dense.path
    if units is None:
        return
    if units == 1 and facts.num_classes > 2:
        yield path, f"the target has {_classes(facts)}, but the last layer has 1 unit"
    elif units > 1 and units != facts.num_classes:
        yield path, f"the target has {_classes(facts)}, but the last layer has {units} units"


def _activation_errors(head: Head, loss: Component) -> Iterator[Finding]:
    activation, name, units = head.activation, loss.name, head.units
    squashed = activation in ("sigmoid", "softmax")
    if name in CROSSENTROPIES and from_logits(loss) and squashed:
        yield (
            loss.path,
            f"from_logits: true applies {activation} a second time; leave one of them out",
        )
    elif name in BINARY_LOSSES and activation == "softmax":
        yield loss.path, "softmax gives one probability per class; use categorical_crossentropy"
    elif name in CATEGORICAL_LOSSES and units == 1:
        yield (
            loss.path,
            "needs one unit per class; for a single sigmoid unit use binary_crossentropy",
        )
    elif name in CROSSENTROPIES and not from_logits(loss) and not squashed:
        wanted = "sigmoid" if name in BINARY_LOSSES else "softmax"
        advice = f"use {wanted}, or from_logits: true in the loss"
        yield head.path, f"activation {activation!r} gives no probabilities; {advice}"


def _regression_errors(head: Head, loss: Component) -> Iterator[Finding]:
    if loss.name in CLASS_LOSSES:
        yield loss.path, "a loss for classes, but the target is a number; use mean_squared_error"
    if head.activation == "softmax":
        yield head.path, "softmax is for classes, but the target is a number; leave it out"
    if head.units is not None and head.units > 1:
        yield (
            head.dense.path,
            f"the target is one number, but the last layer has {head.units} units",
        )


def _classes(facts: Facts) -> str:
    names = ", ".join(facts.class_names[:5]) + (", …" if len(facts.class_names) > 5 else "")
    return f"{facts.num_classes} classes ({names})" if names else f"{facts.num_classes} classes"


def head_warnings(head: Head, loss: Component, facts: Facts | None) -> Iterator[Finding]:
    """Yield what works and is probably not meant."""
    if head.activation == "sigmoid" and loss.name in CATEGORICAL_LOSSES:
        yield (
            head.path,
            "sigmoid treats the classes as independent; softmax makes them exclude each other",
        )
    if facts is None:
        return
    if facts.task == "regression" and head.activation in ("sigmoid", "tanh"):
        yield head.path, f"{head.activation} cannot reach values outside its range; leave it out"
    if (
        facts.task == "classification"
        and loss.name not in CLASS_LOSSES
        and head.activation not in ("sigmoid", "softmax")
    ):
        yield head.path, "the outputs are no probabilities; use sigmoid or softmax for classes"


def metric_errors(
    metrics: Sequence[Component], loss: Component, facts: Facts | None
) -> Iterator[Finding]:
    """Yield metrics that cannot measure this target."""
    sparse = loss.name in SPARSE_LOSSES
    for metric in metrics:
        name = metric.spelled or metric.name
        if facts and facts.task == "regression" and metric.name in CLASS_METRICS:
            yield metric.path, f"{name} counts classes, but the target is a number; use mae"
        elif metric.name in SPARSE_METRICS and not sparse:
            yield metric.path, f"{name} goes with sparse_categorical_crossentropy"
        elif metric.name in ONE_HOT_METRICS and sparse:
            yield metric.path, f"{name} needs one-hot targets; use categorical_crossentropy"
        elif metric.name in ("F1Score", "FBetaScore") and not metric.arguments.get("average"):
            yield metric.path, f"{name} gives one value per class; choose average: macro"
