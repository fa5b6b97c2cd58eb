"""The ONNX graph of a network, with what a model file says of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

from dlcli.errors import ModelFileError
from dlcli.models.inspection.onnx.checks import inspect_onnx
from dlcli.models.metadata import OnnxGraphInfo
from dlcli.models.onnx import ExportError, export_graph
from dlcli.network.outputs import rows_per_block
from dlcli.types import Array

# A graph of more would be larger than what ONNX's format can hold.
MAX_EXPORTED_WEIGHTS = 400_000_000
# Layers that loop over time: the converter takes a second for them, and 60 MB of memory.
LOOPS = (
    "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "GRU", "LSTM", "RNN", "SimpleRNN",
    "StackedRNNCells", "TimeDistributed",
)  # fmt: skip


@dataclass(frozen=True)
class OnnxGraph:
    """A network as a serialized ONNX model; without content, why there is none."""

    facts: OnnxGraphInfo
    content: bytes | None = field(default=None, repr=False)

    def of(self, digest: str) -> OnnxGraph:
        """Return the graph tied to what is stored of its network."""
        if self.content is None:
            return self
        update = {"model": digest, "sha256": hashlib.sha256(self.content).hexdigest()}
        return replace(self, facts=self.facts.model_copy(update=update))

    @property
    def is_whole(self) -> bool:
        """Whether the content is what the facts say."""
        return hashlib.sha256(self.content or b"").hexdigest() == self.facts.sha256


def is_converted_quickly(model: Any) -> bool:
    """Tell whether `convert_to_onnx` takes a fraction of a second, as it does without loops."""
    return not any(type(layer).__name__ in LOOPS for layer in model.layers)


def convert_to_onnx(model: Any, x: Array) -> OnnxGraph:
    """Make the ONNX graph of a model, if it has one.

    Parameters
    ----------
    model : keras.Model
    x : ndarray of float32, shape (n, …)
        Preprocessed rows for which the graph has to give what Keras gives; the first are taken.
    """
    if model.count_params() > MAX_EXPORTED_WEIGHTS:
        return OnnxGraph(OnnxGraphInfo(refused="the network is too large for ONNX"))
    block = rows_per_block(model)
    try:
        content = export_graph(model, x[:64])
        if is_converted_quickly(model):  # it goes into a file, whose reader knows nothing of it
            inspect_onnx(content, rows=block)
    except (ExportError, ModelFileError) as reason:
        return OnnxGraph(OnnxGraphInfo(refused=str(reason)))
    return OnnxGraph(OnnxGraphInfo(block=block), content)
