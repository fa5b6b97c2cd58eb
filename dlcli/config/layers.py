"""Layers that work and mean nothing: with this data set, this preprocessing, or this place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlcli.config.components import Component
from dlcli.config.heads import Finding
from dlcli.config.known import Facts
from dlcli.config.loaders import IndexedTextLoader, TextLoader
from dlcli.config.sections import Config
from dlcli.config.steps import Vectorize

SPECTROGRAM_RATE = 16_000  # Keras's default
TAKE_CODES = ("Embedding", "CategoryEncoding", "Hashing", "Masking")


def layer_errors(config: Config, facts: Facts | None) -> Iterator[Finding]:
    """Yield layers that cannot do what they are there for.

    Parameters
    ----------
    config : Config
    facts : Facts or None
        What is known of the data set so far.
    """
    layers = config.model
    for layer in layers:
        if layer.name == "Normalization" and not {"mean", "variance"} <= layer.arguments.keys():
            advice = "use `preprocess: {numeric: standardize}`"
            yield layer.path, f"Normalization without mean and variance does nothing; {advice}"
    if layers and layers[-1].name in (
        "Dropout",
        "GaussianDropout",
        "GaussianNoise",
        "AlphaDropout",
    ):
        yield layers[-1].path, f"{layers[-1].name} after the last layer only spoils the outputs"
    yield from _vocabulary_errors(config, facts)
    yield from _rate_errors(layers, facts)


def _vectorize(config: Config, facts: Facts | None) -> Vectorize | None:
    """Return the step that turns texts into numbers, as far as it is known that there is one."""
    steps = config.preprocess.text
    texts = isinstance(config.dataset.loader, TextLoader | IndexedTextLoader)
    if steps is None and (texts or (facts and "text" in facts.column_types)):
        return Vectorize()
    return next((step for step in steps or () if isinstance(step, Vectorize)), None)


def _vocabulary_errors(config: Config, facts: Facts | None) -> Iterator[Finding]:
    """Find an ``Embedding`` that does not fit the numbers of words that it is given."""
    step = _vectorize(config, facts)
    if step is None:
        return
    others = sorted(set(facts.column_types if facts else ()) - {"text"})
    for layer in config.model:
        if layer.name != "Embedding":
            continue
        rows = layer.arguments.get("input_dim")
        if step.output_mode != "int":
            yield layer.path, "Embedding takes numbers of words: set output_mode: int in vectorize"
        elif others:
            found = f"and the data have {', '.join(others)} columns too"
            advice = "leave them out, or set output_mode: tf_idf in vectorize and use Dense"
            yield layer.path, f"Embedding takes numbers of words, {found}; {advice}"
        elif isinstance(rows, int) and rows < step.max_tokens:
            advice = f"set `text: {{vectorize: {{max_tokens: {rows}}}}}` in `preprocess`"
            yield (
                (*layer.path, "input_dim"),
                f"{rows} is less than the vocabulary's max_tokens, {step.max_tokens}; {advice}",
            )


def _rate_errors(layers: Sequence[Component], facts: Facts | None) -> Iterator[Finding]:
    """Find a spectrogram of another sampling rate than the recordings have."""
    if facts is None or not facts.sampling_rate:
        return
    for layer in layers:
        if layer.name == "MelSpectrogram":
            rate = layer.arguments.get("sampling_rate", SPECTROGRAM_RATE)
            if rate != facts.sampling_rate:
                yield (
                    (*layer.path, "sampling_rate"),
                    f"the recordings have {facts.sampling_rate} Hz, and the layer {rate}",
                )


def layer_warnings(config: Config, facts: Facts | None) -> Iterator[Finding]:
    """Yield what works and is probably not meant."""
    step = _vectorize(config, facts)
    if step is None or step.output_mode != "int":
        return
    if not any(layer.name in TAKE_CODES for layer in config.model):
        advice = "begin with an Embedding, or set output_mode: tf_idf in vectorize"
        yield ("model",), f"numbers of words mean nothing to these layers; {advice}"
