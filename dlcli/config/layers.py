"""Check layers that Keras accepts although they cannot work with the data set or in their place."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from dlcli.config.catalogue import DENSE_LAYERS, keras_catalogue
from dlcli.config.components import Component
from dlcli.config.heads import (
    NOISE_LAYERS,
    NORMALIZATIONS,
    SOFTMAXES,
    WRAPPERS,
    Finding,
    Head,
    find_head,
)
from dlcli.config.known import Facts
from dlcli.config.loaders import IndexedTextLoader
from dlcli.config.sections import Config
from dlcli.config.steps import MinMax, Power, Quantile, Robust, Scale, Standardize, Vectorize
from dlcli.config.table_loaders import TextLoader

SPECTROGRAM_RATE = 16_000  # Keras's default
SCALING_STEPS = (MinMax, Power, Quantile, Robust, Scale, Standardize)
# Layers that Keras would adapt to the data: the argument with the result, and what to do instead.
ADAPTED = {
    "IntegerLookup": ("vocabulary", "or use `preprocess: {numeric: ordinal}`"),
    "Discretization": ("bin_boundaries", "num_bins needs an adapted layer"),
}
# Layers that take integers as indices.
INDEX_LAYERS = ("Embedding", "CategoryEncoding", "Hashing", "Masking")


def layer_errors(config: Config, facts: Facts | None) -> Iterator[Finding]:
    """Yield layers that cannot work.

    Parameters
    ----------
    config : Config
    facts : Facts or None
        The facts of the data set, if they are known yet.
    """
    layers = config.model
    head = find_head(layers)
    yield from _unfit_errors(layers)
    yield from _frozen_errors(layers)
    yield from _zero_errors(layers, head)
    for index, layer in enumerate(layers):
        if layer.name == "Normalization" and not {"mean", "variance"} <= layer.arguments.keys():
            advice = "use `preprocess: {numeric: standardize}`"
            yield layer.path, f"Normalization without mean and variance does nothing; {advice}"
        is_inferred = head is not None and index == head.index and head.infers_units
        if layer.name in DENSE_LAYERS and "units" not in layer.arguments and not is_inferred:
            yield layer.path, f"{layer.name} needs 'units'; only the last one is inferred"
    if layers and layers[-1].name in NOISE_LAYERS:
        yield layers[-1].path, f"{layers[-1].name} after the last layer only distorts the outputs"
    yield from _embedding_errors(config, facts)
    yield from _sampling_rate_errors(layers, facts)


def layer_warnings(config: Config, facts: Facts | None) -> Iterator[Finding]:
    """Yield models that work but are probably mistakes."""
    head = find_head(config.model)
    for layer in config.model[: head.index if head else 0]:
        activation = layer.arguments.get("activation")
        if layer.name == "Softmax" or activation in SOFTMAXES:
            reason = "makes the units of a hidden layer compete for a sum of 1"
            yield layer.path, f"{activation or 'softmax'} {reason}; relu is usual"
    yield from _zero_warnings(config.model, head)
    yield from _scaling_warnings(config, facts)
    yield from _index_warnings(config, facts)


def _index_warnings(config: Config, facts: Facts | None) -> Iterator[Finding]:
    """Yield a model that does not look up the word indices of texts."""
    if all(step.output_mode != "int" for step in _vectorize_steps(config, facts)):
        return
    if not any(layer.name in INDEX_LAYERS for layer in config.model):
        advice = "start with an Embedding, or set output_mode: tf_idf in vectorize"
        yield ("model",), f"these layers treat word indices as quantities; {advice}"


def _unfit_errors(layers: Sequence[Component]) -> Iterator[Finding]:
    """Yield layers that Keras adapts to data, without the result of that."""
    for layer in layers:
        if layer.name in ADAPTED and layer.arguments.get(ADAPTED[layer.name][0]) is None:
            argument, advice = ADAPTED[layer.name]
            yield layer.path, f"{layer.name} needs {argument!r}; {advice}"


def _has_weights(layer: Component) -> bool:
    entry = keras_catalogue().find("layers", layer.name)
    if entry is not None and entry.is_own:
        return True  # only Keras knows
    names = entry.parameters if entry else ()
    return layer.name in (*WRAPPERS, "RNN") or any(n.endswith("_initializer") for n in names)


def _frozen_errors(layers: Sequence[Component]) -> Iterator[Finding]:
    """Yield a model of which nothing can learn."""
    learning = [layer for layer in layers if _has_weights(layer)]
    if learning and all(layer.arguments.get("trainable") is False for layer in learning):
        path = (*learning[-1].path, "trainable")
        yield path, "every layer is frozen, so nothing would be learned; remove it here"


def _zero_layers(layers: Sequence[Component], head: Head | None) -> Iterator[Component]:
    """Yield hidden layers whose kernel is 0 at first."""
    for layer in layers[: head.index if head else 0]:
        initializer = layer.arguments.get("kernel_initializer")
        if not isinstance(initializer, Component):
            continue
        is_constant = initializer.name == "Constant" and not initializer.arguments.get("value")
        if initializer.name == "Zeros" or is_constant:
            yield layer


def _stays_zero(layer: Component) -> bool:
    """Return whether the gradient of a layer of zeros is 0, so that it never changes."""
    bias = layer.arguments.get("bias_initializer")
    has_bias = isinstance(bias, Component) and bias.name != "Zeros"
    return layer.arguments.get("activation") in ("relu", "relu6") and not has_bias


def _zero_errors(layers: Sequence[Component], head: Head | None) -> Iterator[Finding]:
    for layer in _zero_layers(layers, head):
        if _stays_zero(layer):
            reason = "with relu, weights of 0 have no gradient and stay 0; remove it"
            yield (*layer.path, "kernel_initializer"), reason


def _zero_warnings(layers: Sequence[Component], head: Head | None) -> Iterator[Finding]:
    for layer in _zero_layers(layers, head):
        if not _stays_zero(layer):
            reason = "all units of a hidden layer of zeros are the same at first; remove it"
            yield (*layer.path, "kernel_initializer"), reason


def input_factor(layers: Sequence[Component]) -> float | None:
    """Return by what the first layers multiply the inputs; None if they normalize or look up."""
    factor = 1.0
    for layer in layers:
        scale = layer.arguments.get("scale")
        is_normalization = layer.name in NORMALIZATIONS and layer.name != "Rescaling"
        if is_normalization or layer.name in INDEX_LAYERS:
            return None
        if layer.name == "Rescaling":
            if not isinstance(scale, int | float):
                return None
            factor *= abs(scale)
        if _has_weights(layer):
            break
    return factor


def _scaling_warnings(config: Config, facts: Facts | None) -> Iterator[Finding]:
    """Yield a layer that scales inputs which `preprocess` scales already."""
    steps = config.preprocess.numeric
    is_default = steps is None and facts is not None and "numeric" in facts.column_types
    if not is_default and not any(isinstance(step, SCALING_STEPS) for step in steps or ()):
        return
    for layer in itertools.takewhile(lambda item: not _has_weights(item), config.model):
        scale = layer.arguments.get("scale")
        if layer.name == "Rescaling" and isinstance(scale, int | float) and abs(scale) < 1:
            advice = "remove this layer, or set `preprocess: {numeric: none}`"
            yield layer.path, f"the inputs are scaled twice, in preprocess and here; {advice}"


def _vectorize_steps(config: Config, facts: Facts | None) -> list[Vectorize]:
    """Return the steps that convert texts to numbers, as far as it is known which are texts."""
    section, loader = config.preprocess, config.dataset.loader
    steps = (Vectorize(),) if section.text is None else section.text
    if facts is not None and facts.column_types:
        types = zip(facts.columns, facts.column_types, strict=True)
        columns = [name for name, column_type in types if column_type == "text"]
    else:
        # Only texts have such steps; the types of other columns are not known yet.
        columns = list(section.columns)
        is_text = section.text is not None or isinstance(loader, TextLoader | IndexedTextLoader)
        if not columns and is_text:
            return [step for step in steps if isinstance(step, Vectorize)]
    used = [step for name in columns for step in section.columns.get(name, steps)]
    return [step for step in used if isinstance(step, Vectorize)]


def _embedding_errors(config: Config, facts: Facts | None) -> Iterator[Finding]:
    """Yield each ``Embedding`` whose inputs are not word indices or exceed ``input_dim``."""
    steps = _vectorize_steps(config, facts)
    if not steps:
        return
    max_tokens = max(step.max_tokens for step in steps)
    other_types = sorted(set(facts.column_types if facts else ()) - {"text"})
    for layer in config.model:
        if layer.name != "Embedding":
            continue
        input_dim = layer.arguments.get("input_dim")
        if any(step.output_mode != "int" for step in steps):
            yield layer.path, "Embedding needs word indices: set output_mode: int in vectorize"
        elif other_types:
            reason = f"but the data also have {', '.join(other_types)} columns"
            advice = "drop them, or set output_mode: tf_idf in vectorize and use Dense"
            yield layer.path, f"Embedding needs word indices, {reason}; {advice}"
        elif isinstance(input_dim, int) and input_dim < max_tokens:
            reason = f"{input_dim} is less than the vocabulary's max_tokens, {max_tokens}"
            advice = f"set `text: {{vectorize: {{max_tokens: {input_dim}}}}}` in `preprocess`"
            yield (*layer.path, "input_dim"), f"{reason}; {advice}"


def _sampling_rate_errors(layers: Sequence[Component], facts: Facts | None) -> Iterator[Finding]:
    """Yield spectrograms whose sampling rate is not that of the recordings."""
    if facts is None or not facts.sampling_rate:
        return
    for layer in layers:
        rate = layer.arguments.get("sampling_rate", SPECTROGRAM_RATE)
        if layer.name == "MelSpectrogram" and rate != facts.sampling_rate:
            message = f"the recordings have {facts.sampling_rate} Hz, but the layer has {rate}"
            yield (*layer.path, "sampling_rate"), message
