"""Check the network of a config against the data and the machine, before Keras is imported."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator

import numpy as np

from dlcli.config.heads import RESHAPING, Finding
from dlcli.config.network_shapes import ShapeError, infer_shapes, network_errors
from dlcli.config.sections import Config
from dlcli.errors import ConfigError
from dlcli.network.environment import has_gpu
from dlcli.preparation.rows import blocks
from dlcli.training.session import Session

# Layers that TensorFlow computes on a CPU only if the channels are the last dimension.
CHANNELS_LAST = (
    "Conv1D", "Conv2D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose",
    "ConvLSTM1D", "ConvLSTM2D",
)  # fmt: skip


def check_network(session: Session) -> bool:
    """Check the layers, and what callbacks need.

    Parameters
    ----------
    session : Session

    Returns
    -------
    bool
        Whether the shapes of all layers are known; otherwise only Keras can check them.

    Raises
    ------
    ConfigError
        With every problem and its line.
    """
    config, facts = session.prepared.config, session.prepared.dataset.facts
    input_shape = session.preprocessor.input_shape
    findings = [*_machine_errors(config), *_index_errors(session)]
    shapes = None
    try:
        shapes = infer_shapes(config.model, input_shape)
    except ShapeError as error:
        findings.append(error.finding)
    if shapes is not None and not findings:
        findings += network_errors(config, input_shape, facts, shapes)
    if findings:
        raise ConfigError(config.document.problem(*finding) for finding in findings)
    return shapes is not None


def _machine_errors(config: Config) -> Iterator[Finding]:
    """Yield what this machine cannot compute or lacks."""
    for layer in config.model:
        first = layer.arguments.get("data_format") == "channels_first"
        if first and layer.name in CHANNELS_LAST and not has_gpu():
            reason = "channels_first needs a GPU, and this machine has none"
            advice = "remove it; `Permute: [2, 3, 1]` before it moves the channels of images"
            yield (*layer.path, "data_format"), f"{reason}; {advice}"
    for callback in config.callbacks:
        if callback.name == "TensorBoard" and importlib.util.find_spec("tensorboard") is None:
            reason = "TensorBoard is not installed"
            yield callback.path, f"{reason}: `pip install 'dlcli[tensorboard]'`"


def _index_errors(session: Session) -> Iterator[Finding]:
    """Yield a first ``Embedding`` whose inputs are not indices below ``input_dim``."""
    layers = session.prepared.config.model
    first = next((layer for layer in layers if layer.name not in RESHAPING), layers[0])
    input_dim = first.arguments.get("input_dim")
    if first.name != "Embedding" or not isinstance(input_dim, int):
        return
    low, high = math.inf, -math.inf
    are_whole = True
    for block in blocks(session.x("train")):
        low, high = min(low, float(block.min())), max(high, float(block.max()))
        are_whole = are_whole and np.array_equal(block, np.floor(block))
    if low < 0 or not are_whole:
        reason = (
            f"looks up whole numbers from 0, but the inputs are numbers from {low:g} to {high:g}"
        )
        advice = "use Dense, or `preprocess: {categorical: ordinal}` for categories"
        yield first.path, f"{reason}; {advice}"
    elif high >= input_dim:
        path = (*first.path, "input_dim")
        yield path, f"the inputs reach {high:g}; set input_dim to {high + 1:g} or more"
