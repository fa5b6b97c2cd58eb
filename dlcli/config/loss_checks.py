"""Check that the head of a model, the loss and the target fit each other.

Keras trains most of these mismatches without an error, and the model is useless.
"""

from __future__ import annotations

from collections.abc import Iterator

from dlcli.config.catalogue import keras_catalogue
from dlcli.config.components import Component
from dlcli.config.heads import (
    BINARY_LOSSES,
    CROSSENTROPIES,
    HINGE_LOSSES,
    INFINITY,
    PROBABILITIES,
    RANGES,
    SIGMOIDS,
    SOFTMAXES,
    VECTOR_LOSSES,
    Finding,
    Head,
    activation_errors,
    activation_warnings,
    from_logits,
    low_of,
    possible_units,
)
from dlcli.config.known import Facts
from dlcli.config.label_checks import label_errors
from dlcli.errors import plural

CLASS_LOSSES = CROSSENTROPIES | HINGE_LOSSES | {"Dice", "Tversky"}
# Losses that compare the outputs with probabilities.
PROBABILITY_LOSSES = CROSSENTROPIES | {"Dice", "Tversky", "KLDivergence"}
# Losses for a single output whose sign gives the class.
SIGN_LOSSES = HINGE_LOSSES - {"CategoricalHinge"}
# Losses that compare distributions or directions, of which a number has none.
NO_NUMBER_LOSSES = {
    "CosineSimilarity": "compares directions, and a single number has only a sign",
    "KLDivergence": "compares the probabilities of classes, but the target is a number",
}
USUAL = "use mean_squared_error"


def head_errors(head: Head, loss: Component, facts: Facts | None) -> Iterator[Finding]:
    """Yield heads that cannot work with the loss and the target.

    Parameters
    ----------
    head : Head
    loss : Component
    facts : Facts or None
        The facts of the data set, if they are known yet.
    """
    units = head.units
    if head.activation in SOFTMAXES and units == 1:
        yield head.path, "1 unit with softmax is always 1; use sigmoid, or one unit per class"
        return
    twice = list(activation_errors(head))
    yield from twice
    if facts is not None and facts.task == "regression":
        yield from _regression_errors(head, loss, facts)
        yield from _target_errors(loss, facts)
        return
    if facts is not None and facts.task == "multilabel":
        yield from label_errors(head, loss, facts)
        if loss.name in VECTOR_LOSSES or head.activation in SOFTMAXES:
            return
    if not twice:
        yield from _activation_errors(head, loss, facts)
    if facts is not None:
        yield from _unit_errors(head, loss, facts)


def _unit_errors(head: Head, loss: Component, facts: Facts) -> Iterator[Finding]:
    """Yield numbers of outputs that do not fit the classes."""
    units = head.units
    fits = units is None or units in possible_units(facts)
    if facts.task == "multilabel":
        return
    two_classes = loss.name in BINARY_LOSSES and head.activation not in SOFTMAXES
    if two_classes and facts.num_classes > 2 and units != 1:
        advice = "use categorical_crossentropy with softmax"
        yield loss.path, f"is for two classes, but the target has {_classes(facts)}; {advice}"
    elif units is not None and not fits:
        message = f"the target has {_classes(facts)}, but the last layer has"
        noun = "filter" if "filters" in head.layer.arguments else "unit"
        yield head.layer.path, f"{message} {plural(units, noun)}"


def _activation_errors(head: Head, loss: Component, facts: Facts | None) -> Iterator[Finding]:
    activation, name = head.activation, loss.name
    is_probability = activation in PROBABILITIES
    normalization = head.normalization_after
    if name in CROSSENTROPIES and from_logits(loss) and is_probability:
        yield loss.path, f"from_logits: true applies {activation} a second time; remove one of them"
    elif name in BINARY_LOSSES and activation in SOFTMAXES:
        advice = "use categorical_crossentropy, or sigmoid if a row has several labels"
        yield loss.path, f"softmax gives one probability per class; {advice}"
    elif name in VECTOR_LOSSES and head.units == 1:
        advice = "for a single sigmoid unit use binary_crossentropy"
        yield loss.path, f"needs one unit per class; {advice}"
    elif name in PROBABILITY_LOSSES and not from_logits(loss):
        if not is_probability:
            yield head.path, _no_probabilities(head, loss, facts)
        elif normalization is not None:
            reason = f"{normalization.name} changes the outputs of {activation}"
            advice = f"move it before {activation}"
            yield normalization.path, f"{reason}, which are no probabilities then; {advice}"
    elif name in SIGN_LOSSES and _is_single(head, facts) and low_of(activation) == 0:
        reason = f"{activation} is never negative, but the sign of the output gives the class"
        yield head.path, f"{reason}; use tanh, or no activation"
    elif name == "Poisson":
        yield from _poisson_errors(head)


def _is_single(head: Head, facts: Facts | None) -> bool:
    two_classes = facts is not None and facts.num_classes == 2
    is_labels = facts is not None and facts.task == "multilabel"  # each output for itself
    return head.units == 1 or is_labels or (head.infers_units and two_classes)


def _no_probabilities(head: Head, loss: Component, facts: Facts | None) -> str:
    """Return the message for outputs that are no probabilities."""
    several = (head.units or 1) > 1 or (facts is not None and facts.num_classes > 2)
    is_labels = facts is not None and facts.task == "multilabel"
    one_unit = loss.name in BINARY_LOSSES or (loss.name not in VECTOR_LOSSES and not several)
    one_unit = one_unit or is_labels
    suggestion = "sigmoid" if one_unit else "softmax"
    entry = keras_catalogue().find("losses", loss.name)
    takes_logits = entry is not None and "from_logits" in entry.parameters
    advice = f"use {suggestion}" + (", or from_logits: true in the loss" if takes_logits else "")
    return f"activation {head.activation!r} gives no probabilities; {advice}"


def _poisson_errors(head: Head) -> Iterator[Finding]:
    if low_of(head.activation) < 0:
        reason = "poisson takes the logarithm of the outputs, which must be greater than 0"
        yield head.path, f"{reason}; use softplus or exponential as the last activation"


def _regression_errors(head: Head, loss: Component, facts: Facts) -> Iterator[Finding]:
    if loss.name in CLASS_LOSSES:
        yield loss.path, f"is a loss for classes, but the target is a number; {USUAL}"
    elif loss.name == "CosineSimilarity" and facts.num_outputs > 1:
        pass  # several numbers have a direction
    elif loss.name in NO_NUMBER_LOSSES:
        yield loss.path, f"{NO_NUMBER_LOSSES[loss.name]}; {USUAL}"
    elif loss.name == "Poisson":
        yield from _poisson_errors(head)
    if head.activation in SOFTMAXES:
        yield head.path, f"{head.activation} is for classes, but the target is a number; remove it"
    if head.units is not None and head.units != facts.num_outputs:
        noun = "filter" if "filters" in head.layer.arguments else "unit"
        several = facts.num_outputs > 1
        size = f"{facts.num_outputs} numbers" if several else "one number"
        message = f"the target is {size}, but the last layer has {plural(head.units, noun)}"
        yield head.layer.path, message


def _target_errors(loss: Component, facts: Facts) -> Iterator[Finding]:
    """Yield losses that the values of the target do not allow."""
    low = facts.target_low
    if low is None:
        return
    if low < 0 and loss.name == "MeanSquaredLogarithmicError":
        reason = f"takes logarithms and reads negative targets as 0, but the target reaches {low:g}"
        yield loss.path, f"{reason}; {USUAL}"
    elif low < 0 and loss.name == "Poisson":
        yield loss.path, f"is for counts, but the target reaches {low:g}; {USUAL}"
    elif facts.target_zeros and loss.name == "MeanAbsolutePercentageError":
        count = plural(facts.target_zeros, "row")
        yield loss.path, f"divides by the target, which is 0 in {count}; use mean_absolute_error"


def _classes(facts: Facts) -> str:
    names = ", ".join(facts.class_names[:5]) + (", …" if len(facts.class_names) > 5 else "")
    count = plural(facts.num_classes, "class")
    return f"{count} ({names})" if names else count


def head_warnings(head: Head, loss: Component, facts: Facts | None) -> Iterator[Finding]:
    """Yield heads that work but are probably mistakes."""
    yield from activation_warnings(head)
    several = facts is not None and facts.task == "multilabel"
    if head.activation in SIGMOIDS and loss.name in VECTOR_LOSSES and not several:
        advice = "use softmax for classes that exclude each other"
        yield head.path, f"{head.activation} treats the classes as independent; {advice}"
    if facts is None:
        return
    if facts.task == "regression":
        yield from _range_warnings(head, facts)
    is_class_output = head.activation in PROBABILITIES or loss.name in CLASS_LOSSES
    if facts.task != "regression" and not is_class_output:
        is_labels = facts.task == "multilabel"
        noun, activations = (
            ("labels", "sigmoid") if is_labels else ("classes", "sigmoid or softmax")
        )
        message = f"the outputs are not probabilities of the {facts.num_classes} {noun}"
        numbers = "the targets are numbers" if is_labels else "the target is a number"
        advice = f"`task: regression` in the loader if {numbers}"
        yield head.path, f"{message}; use {activations}, or {advice}"


def _range_warnings(head: Head, facts: Facts) -> Iterator[Finding]:
    """Yield activations that cannot reach all values of a numeric target."""
    low, high = RANGES.get(head.activation, (-INFINITY, INFINITY))
    if head.activation in SOFTMAXES or head.normalization_after is not None:
        return
    if facts.target_low is None or facts.target_high is None:
        is_outside = low > -INFINITY and high < INFINITY
    else:
        is_outside = facts.target_low < low or facts.target_high > high
    if is_outside:
        activation = head.activation
        yield head.path, f"{activation} cannot reach values outside its range; remove it"
