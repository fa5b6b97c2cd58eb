"""Check that the last layer, the loss and the target fit each other.

Keras trains most of these mismatches without an error, and the model is useless.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dlcli.config.components import Component
from dlcli.config.document import Path
from dlcli.config.known import Facts
from dlcli.errors import plural

BINARY_LOSSES = {"BinaryCrossentropy", "BinaryFocalCrossentropy"}
# Losses with integer targets.
SPARSE_LOSSES = {"SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy"}
CATEGORICAL_LOSSES = {
    "CategoricalCrossentropy", "CategoricalFocalCrossentropy", *SPARSE_LOSSES,
}  # fmt: skip
CROSSENTROPIES = BINARY_LOSSES | CATEGORICAL_LOSSES
HINGE_LOSSES = {"Hinge", "SquaredHinge", "CategoricalHinge"}
CLASS_LOSSES = CROSSENTROPIES | HINGE_LOSSES | {"Dice", "Tversky"}
# Losses that compare vectors, so that one output per class is needed, even for two classes.
VECTOR_LOSSES = {*CATEGORICAL_LOSSES, "CategoricalHinge", "CosineSimilarity", "KLDivergence"}

Finding = tuple[Path, str]


@dataclass(frozen=True)
class Head:
    """The last ``Dense`` of a model and the activation of its outputs.

    Parameters
    ----------
    dense : Component
        The last ``Dense``.
    activation : str
        Its own activation, or that of an ``Activation`` or ``Softmax`` layer after it.
    index : int
        Index of the ``Dense`` among the layers.
    path : tuple
        Path of the activation in the config.
    """

    dense: Component
    activation: str
    index: int
    path: Path

    @property
    def units(self) -> int | None:
        """Number of outputs, or None if it is inferred from the data set."""
        units = self.dense.arguments.get("units")
        return units if isinstance(units, int) else None


def find_head(layers: Sequence[Component]) -> Head | None:
    """Return the head of a model that ends with a ``Dense``, None for any other model."""
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
    """Return whether a loss applies the sigmoid or softmax itself."""
    return loss.arguments.get("from_logits") is True


def possible_units(facts: Facts) -> tuple[int, ...]:
    """Return the numbers of outputs that a model can have for a target."""
    if facts.task == "regression":
        return (1,)
    return (1, 2) if facts.num_classes == 2 else (facts.num_classes,)


def output_units(head: Head, loss: Component, facts: Facts) -> int:
    """Return the number of outputs for a ``Dense`` without ``units``."""
    one_per_class = head.activation == "softmax" or loss.name in VECTOR_LOSSES
    units = possible_units(facts)
    return units[-1] if one_per_class else units[0]


def head_errors(head: Head, loss: Component, facts: Facts | None) -> Iterator[Finding]:
    """Yield heads that cannot work with the loss and the target."""
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
    fits = units is None or units in possible_units(facts)
    two_classes = loss.name in BINARY_LOSSES and head.activation != "softmax"
    if two_classes and facts.num_classes > 2 and units != 1:
        advice = "use categorical_crossentropy with softmax"
        yield loss.path, f"is for two classes, but the target has {_classes(facts)}; {advice}"
    elif units is not None and not fits:
        message = f"the target has {_classes(facts)}, but the last layer has"
        yield head.dense.path, f"{message} {plural(units, 'unit')}"


def _activation_errors(head: Head, loss: Component) -> Iterator[Finding]:
    activation, name = head.activation, loss.name
    is_probability = activation in ("sigmoid", "softmax")
    if name in CROSSENTROPIES and from_logits(loss) and is_probability:
        yield loss.path, f"from_logits: true applies {activation} a second time; remove one of them"
    elif name in BINARY_LOSSES and activation == "softmax":
        yield loss.path, "softmax gives one probability per class; use categorical_crossentropy"
    elif name in VECTOR_LOSSES and head.units == 1:
        advice = "for a single sigmoid unit use binary_crossentropy"
        yield loss.path, f"needs one unit per class; {advice}"
    elif name in CROSSENTROPIES and not from_logits(loss) and not is_probability:
        suggestion = "sigmoid" if name in BINARY_LOSSES else "softmax"
        advice = f"use {suggestion}, or from_logits: true in the loss"
        yield head.path, f"activation {activation!r} gives no probabilities; {advice}"


def _regression_errors(head: Head, loss: Component) -> Iterator[Finding]:
    if loss.name in CLASS_LOSSES:
        yield loss.path, "is a loss for classes, but the target is a number; use mean_squared_error"
    if head.activation == "softmax":
        yield head.path, "softmax is for classes, but the target is a number; remove it"
    if head.units is not None and head.units > 1:
        message = f"the target is one number, but the last layer has {head.units} units"
        yield head.dense.path, message


def _classes(facts: Facts) -> str:
    names = ", ".join(facts.class_names[:5]) + (", …" if len(facts.class_names) > 5 else "")
    count = plural(facts.num_classes, "class")
    return f"{count} ({names})" if names else count


def head_warnings(head: Head, loss: Component, facts: Facts | None) -> Iterator[Finding]:
    """Yield heads that work but are probably mistakes."""
    if head.activation == "sigmoid" and loss.name in VECTOR_LOSSES:
        advice = "use softmax for classes that exclude each other"
        yield head.path, f"sigmoid treats the classes as independent; {advice}"
    if facts is None:
        return
    if facts.task == "regression" and head.activation in ("sigmoid", "tanh"):
        yield head.path, f"{head.activation} cannot reach values outside its range; remove it"
    is_class_output = head.activation in ("sigmoid", "softmax") or loss.name in CLASS_LOSSES
    if facts.task == "classification" and not is_class_output:
        message = f"the outputs are not probabilities of the {facts.num_classes} classes"
        advice = "`task: regression` in the loader if the target is a number"
        yield head.path, f"{message}; use sigmoid or softmax, or {advice}"
