"""Check ensembles: the layers ``EnsembleDense`` and, at the end, ``EnsembleMean``."""

from __future__ import annotations

from collections.abc import Iterator

from dlcli.config.heads import BINARY_LOSSES, CATEGORICAL_LOSSES, SOFTMAXES, Finding, from_logits
from dlcli.config.sections import Config

ACTIVATIONS = ("linear", "softmax", "sigmoid")
ADVICE = "end the model with EnsembleDense and EnsembleMean"


def ensemble_errors(config: Config) -> Iterator[Finding]:
    """Yield ensembles whose members could not be trained, or never meet."""
    layers = config.model
    dense = [index for index, layer in enumerate(layers) if layer.name == "EnsembleDense"]
    means = [index for index, layer in enumerate(layers) if layer.name == "EnsembleMean"]
    for index in means:
        path = layers[index].path
        if not index or layers[index - 1].name != "EnsembleDense":
            yield path, f"EnsembleMean averages the outputs of EnsembleDense; {ADVICE}"
        elif index != len(layers) - 1:
            yield path, f"EnsembleMean returns the predictions, so it is the last layer; {ADVICE}"
        activation = layers[index].arguments.get("activation") or "linear"
        if activation not in ACTIVATIONS:
            reason = f"EnsembleMean has no activation {activation!r}"
            yield (*path, "activation"), f"{reason}; it has {', '.join(ACTIVATIONS)}"
    if dense and not means:
        yield layers[dense[-1]].path, f"the members are never averaged; {ADVICE}"
    members = {layers[index].arguments.get("members") for index in dense}
    if len(members) > 1:
        yield layers[dense[-1]].path, "all EnsembleDense layers need the same number of members"
    if dense and (activation := layers[dense[-1]].arguments.get("activation")) not in (
        None,
        "linear",
    ):
        reason = f"{activation} is applied to each member, before the mean"
        yield layers[dense[-1]].path, f"{reason}; write `EnsembleMean: {activation}`"


def ensemble_warnings(config: Config) -> Iterator[Finding]:
    """Yield losses for which the members do not learn each as if it were alone."""
    last = config.model[-1] if config.model else None
    if last is None or last.name != "EnsembleMean":
        return
    activation, loss = last.arguments.get("activation") or "linear", config.loss
    if activation in SOFTMAXES:
        fits = loss.name in CATEGORICAL_LOSSES
    elif activation == "sigmoid":
        fits = loss.name in BINARY_LOSSES
    else:
        fits = loss.name == "MeanSquaredError"
    if not fits or from_logits(loss):
        wanted = "mean_squared_error, or softmax or sigmoid with their cross-entropy"
        yield config.loss.path, f"members learn each for itself with {wanted}, not with {loss.name}"
