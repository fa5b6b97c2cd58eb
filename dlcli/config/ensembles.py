"""Check ensembles: the layers ``EnsembleDense`` and, at the end, ``EnsembleMean``."""

from __future__ import annotations

from collections.abc import Iterator

from dlcli.config.catalogue import ENSEMBLE_LAYERS
from dlcli.config.components import Component
from dlcli.config.heads import Finding, from_logits
from dlcli.config.sections import Config

# The activations of the mean, with the losses whose difference between the members and their mean
# `dlcli.network.ensemble.EnsembleMean` computes.
LOSSES = {
    "linear": ("MeanSquaredError",),
    "softmax": ("CategoricalCrossentropy", "SparseCategoricalCrossentropy"),
    "sigmoid": ("BinaryCrossentropy",),
}
ADVICE = "end the model with EnsembleDense and EnsembleMean"
# Initializers and regularizers of a matrix; the kernel of an ensemble has one for each member.
OF_MATRICES = ("Identity", "Orthogonal", "OrthogonalRegularizer")


def ensemble_errors(config: Config) -> Iterator[Finding]:
    """Yield ensembles whose members could not be trained, or never meet."""
    layers = config.model
    dense = [layer for layer in layers if layer.name == "EnsembleDense"]
    means = [index for index, layer in enumerate(layers) if layer.name == "EnsembleMean"]
    for index in means:
        path = layers[index].path
        if not index or layers[index - 1].name != "EnsembleDense":
            yield path, f"EnsembleMean averages the outputs of EnsembleDense; {ADVICE}"
        elif index != len(layers) - 1:
            yield path, f"EnsembleMean returns the predictions, so it is the last layer; {ADVICE}"
        if (activation := _activation(layers[index])) not in LOSSES:
            reason = f"EnsembleMean has no activation {activation!r}"
            yield (*path, "activation"), f"{reason}; it has {', '.join(LOSSES)}"
    if dense and not means:
        yield dense[-1].path, f"the members are never averaged; {ADVICE}"
    if len({layer.arguments.get("members") for layer in dense}) > 1:
        yield dense[-1].path, "all EnsembleDense layers need the same number of members"
    if dense and (activation := _activation(dense[-1])) != "linear":
        reason = f"{activation} is applied to each member, before the mean"
        yield dense[-1].path, f"{reason}; write `EnsembleMean: {activation}`"
    yield from _misplaced(layers)


def _activation(layer: Component) -> str:
    return str(layer.arguments.get("activation") or "linear")


def _misplaced(layers: tuple[Component, ...]) -> Iterator[Finding]:
    """Yield layers of ensembles within others, and their arguments that are for one matrix."""
    for layer in layers:
        for value in layer.arguments.values():
            if not isinstance(value, Component):
                continue
            if value.name in ENSEMBLE_LAYERS:
                yield layer.path, f"{layer.name} cannot contain {value.name}; {ADVICE}"
            elif layer.name == "EnsembleDense" and value.name in OF_MATRICES:
                reason = "is for a single matrix, and each member has one"
                yield value.path, f"{value.name} {reason}; use glorot_uniform, he_normal, l1 or l2"


def ensemble_warnings(config: Config) -> Iterator[Finding]:
    """Yield what prevents the members from learning each as if it were alone."""
    last, loss = config.model[-1] if config.model else None, config.loss
    if last is None or last.name != "EnsembleMean":
        return
    effect = "members do not learn each for itself"
    if loss.name not in LOSSES.get(_activation(last), ()) or from_logits(loss):
        fitting = "mean_squared_error, or softmax or sigmoid with their cross-entropy"
        cause = f"{loss.name} from logits" if from_logits(loss) else loss.name
        yield loss.path, f"{effect} with {cause}, but with {fitting}"
    elif loss.arguments.get("reduction") == "sum":
        yield loss.path, f"{effect} with `reduction: sum`; remove it"
    if config.fit.class_weight is not None:
        path = ("fit", "class_weight")
        yield path, f"{effect} with class weights, which do not weight their differences"
