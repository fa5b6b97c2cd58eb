"""Whether last layer, loss, metrics and target belong together.

Keras trains most of these mismatches without a word, to a model that is worth nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from dlcli.config.catalogue import CHOSEN_BY_KERAS
from dlcli.config.components import Component
from dlcli.config.document import Path
from dlcli.config.known import Facts

BINARY_LOSSES = {"BinaryCrossentropy", "BinaryFocalCrossentropy"}
# Their targets are class numbers.
SPARSE_LOSSES = {"SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy"}
CATEGORICAL_LOSSES = {
    "CategoricalCrossentropy", "CategoricalFocalCrossentropy", *SPARSE_LOSSES,
}  # fmt: skip
CROSSENTROPIES = BINARY_LOSSES | CATEGORICAL_LOSSES
HINGE_LOSSES = {"Hinge", "SquaredHinge", "CategoricalHinge"}
CLASS_LOSSES = CROSSENTROPIES | HINGE_LOSSES | {"Dice", "Tversky"}
# A single output is no vector, and they compare vectors.
VECTOR_LOSSES = {*CATEGORICAL_LOSSES, "CategoricalHinge", "CosineSimilarity", "KLDivergence"}

# What a metric compares: one sigmoid unit, one-hot rows, class numbers, or a number.
Form = Literal["single", "one-hot", "sparse", "number"]
FORM_WORDS: dict[Form, str] = {
    "single": "a single unit",
    "one-hot": "one-hot targets",
    "sparse": "the class numbers of a sparse loss",
    "number": "a number",
}
METRIC_FORMS: dict[str, tuple[Form, ...]] = {
    **dict.fromkeys(CHOSEN_BY_KERAS, ("single", "one-hot", "sparse")),
    **dict.fromkeys(["BinaryAccuracy", "BinaryCrossentropy", "Hinge", "SquaredHinge"], ("single",)),
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
        ("single", "one-hot"),
    ),
    **dict.fromkeys(
        ["LogCoshError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError",
         "MeanSquaredLogarithmicError", "Poisson", "R2Score", "RootMeanSquaredError"],
        ("single", "one-hot", "number"),
    ),
    # They compare class numbers, which a network does not put out.
    **dict.fromkeys(["Accuracy", "BinaryIoU", "IoU", "MeanIoU"], ()),
}  # fmt: skip
# Metrics that cut probabilities at a threshold, and do not know logits.
THRESHOLDED = {
    "F1Score", "FBetaScore", "FalseNegatives", "FalsePositives", "Precision", "PrecisionAtRecall",
    "Recall", "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity",
    "TrueNegatives", "TruePositives",
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
    if facts.num_classes > 2 or head.activation == "softmax" or loss.name in VECTOR_LOSSES:
        return facts.num_classes
    return 1


def head_errors(head: Head, loss: Component, facts: Facts | None) -> Iterator[Finding]:
    """Yield what cannot work about the head."""
    units = head.units
    if head.activation == "softmax" and units == 1:
        yield head.path, "1 unit with softmax is always 1; use sigmoid, or one unit per class"
        return
    if facts is not None and facts.task == "regression":
        yield from _regression_errors(head, loss)
        return
    yield from _activation_errors(head, loss)
    if facts is None:
        return
    path = head.dense.path
    if units == 1 and facts.num_classes > 2:
        yield path, f"the target has {_classes(facts)}, but the last layer has 1 unit"
    elif loss.name in BINARY_LOSSES and facts.num_classes > 2 and head.activation != "softmax":
        advice = "use categorical_crossentropy with softmax"
        yield loss.path, f"is for two classes, and the target has {_classes(facts)}; {advice}"
    elif units is not None and units > 1 and units != facts.num_classes:
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
    elif name in VECTOR_LOSSES and units == 1:
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
    if head.activation == "sigmoid" and loss.name in VECTOR_LOSSES:
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
        yield (
            head.path,
            (
                f"the outputs are no probabilities of the {facts.num_classes} classes; use "
                "sigmoid or softmax, or `task: regression` in the loader if it is a number"
            ),
        )


def target_form(head: Head | None, loss: Component, facts: Facts | None) -> Form | None:
    """Return what metrics will compare, as far as it is known."""
    if facts is not None and facts.task == "regression":
        return "number"
    if loss.name in SPARSE_LOSSES:
        return "sparse"
    if head is None:
        return None
    units = head.units or (output_units(head, loss, facts) if facts is not None else None)
    return None if units is None else "single" if units == 1 else "one-hot"


def metric_errors(
    metrics: Sequence[Component], loss: Component, head: Head | None, facts: Facts | None
) -> Iterator[Finding]:
    """Yield metrics that cannot measure this target."""
    form = target_form(head, loss, facts)
    unbounded = from_logits(loss) or loss.name in HINGE_LOSSES
    for metric in metrics:
        name = metric.spelled or metric.name
        forms = METRIC_FORMS.get(metric.name)
        if forms == ():
            yield metric.path, f"{name} compares class numbers, not outputs; use accuracy"
        elif forms is not None and form is not None and form not in forms:
            wanted = " or ".join(FORM_WORDS[item] for item in forms)
            advice = "mae" if form == "number" else "accuracy"
            yield metric.path, f"{name} is for {wanted}, not for {FORM_WORDS[form]}; try {advice}"
        elif metric.name in THRESHOLDED and unbounded:
            yield metric.path, f"{name} needs probabilities, and this loss takes other outputs"
        elif (
            metric.name in ("F1Score", "FBetaScore")
            and form == "one-hot"
            and not (metric.arguments.get("average"))
        ):
            yield metric.path, f"{name} gives one value per class; choose average: macro"
