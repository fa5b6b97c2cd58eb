"""Check layers that Keras accepts although they cannot work with the data set or in their place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlcli.config.components import Component
from dlcli.config.heads import Finding, find_head
from dlcli.config.known import Facts
from dlcli.config.loaders import IndexedTextLoader, TextLoader
from dlcli.config.sections import Config
from dlcli.config.steps import Vectorize

SPECTROGRAM_RATE = 16_000  # Keras's default
NOISE_LAYERS = ("Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout")
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
    for index, layer in enumerate(layers):
        if layer.name == "Normalization" and not {"mean", "variance"} <= layer.arguments.keys():
            advice = "use `preprocess: {numeric: standardize}`"
            yield layer.path, f"Normalization without mean and variance does nothing; {advice}"
        is_last_dense = head is not None and index == head.index
        if layer.name == "Dense" and "units" not in layer.arguments and not is_last_dense:
            yield layer.path, "Dense needs 'units'; only the last one is inferred"
    if layers and layers[-1].name in NOISE_LAYERS:
        yield layers[-1].path, f"{layers[-1].name} after the last layer only distorts the outputs"
    yield from _embedding_errors(config, facts)
    yield from _sampling_rate_errors(layers, facts)


def layer_warnings(config: Config, facts: Facts | None) -> Iterator[Finding]:
    """Yield models that work but are probably mistakes."""
    step = _vectorize_step(config, facts)
    if step is None or step.output_mode != "int":
        return
    if not any(layer.name in INDEX_LAYERS for layer in config.model):
        advice = "start with an Embedding, or set output_mode: tf_idf in vectorize"
        yield ("model",), f"these layers treat word indices as quantities; {advice}"


def _vectorize_step(config: Config, facts: Facts | None) -> Vectorize | None:
    """Return the step that converts texts to numbers; None if there are no texts, or unknown."""
    steps = config.preprocess.text
    has_text = isinstance(config.dataset.loader, TextLoader | IndexedTextLoader)
    if steps is None and (has_text or (facts and "text" in facts.column_types)):
        return Vectorize()
    return next((step for step in steps or () if isinstance(step, Vectorize)), None)


def _embedding_errors(config: Config, facts: Facts | None) -> Iterator[Finding]:
    """Yield each ``Embedding`` whose inputs are not word indices or exceed ``input_dim``."""
    step = _vectorize_step(config, facts)
    if step is None:
        return
    other_types = sorted(set(facts.column_types if facts else ()) - {"text"})
    for layer in config.model:
        if layer.name != "Embedding":
            continue
        input_dim = layer.arguments.get("input_dim")
        if step.output_mode != "int":
            yield layer.path, "Embedding needs word indices: set output_mode: int in vectorize"
        elif other_types:
            reason = f"but the data also have {', '.join(other_types)} columns"
            advice = "drop them, or set output_mode: tf_idf in vectorize and use Dense"
            yield layer.path, f"Embedding needs word indices, {reason}; {advice}"
        elif isinstance(input_dim, int) and input_dim < step.max_tokens:
            reason = f"{input_dim} is less than the vocabulary's max_tokens, {step.max_tokens}"
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
