"""ONNX graphs of networks, as they are embedded in model files and cached."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

from dlcli.errors import ModelFileError
from dlcli.models.inspection.onnx_model import inspect_onnx
from dlcli.models.metadata import OnnxGraphInfo
from dlcli.models.onnx import ExportError, export_graph
from dlcli.network.outputs import rows_per_block
from dlcli.types import Rows

# ONNX's format holds up to 2 GB.
MAX_EXPORTED_WEIGHTS = 400_000_000
# Of the conversion. In graphs of revision 1, spectrograms depend on the recordings beside them.
REVISION = 2
# Layers that become loops, whose conversion takes a second and 60 MB of memory.
LOOP_LAYERS = (
    "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "GRU", "LSTM", "RNN", "SimpleRNN",
    "StackedRNNCells", "TimeDistributed",
)  # fmt: skip


@dataclass(frozen=True)
class OnnxGraph:
    """A network as a serialized ONNX model.

    Parameters
    ----------
    info : OnnxGraphInfo
    content : bytes or None
        None if the network has no graph or the file lacks it.
    """

    info: OnnxGraphInfo
    content: bytes | None = field(default=None, repr=False)

    def with_digests(self, digest: str) -> OnnxGraph:
        """Return the graph with its own SHA-256 and that of the network that it belongs to."""
        if self.content is None:
            return self
        update = {"model": digest, "sha256": hashlib.sha256(self.content).hexdigest()}
        return replace(self, info=self.info.model_copy(update=update))

    @property
    def is_intact(self) -> bool:
        """Whether the content has the recorded SHA-256."""
        return hashlib.sha256(self.content or b"").hexdigest() == self.info.sha256

    def obstacle(self, digest: str) -> str:
        """Return why the graph cannot compute a network; empty if it can.

        Parameters
        ----------
        digest : str
            SHA-256 of the architecture and weights of the network.
        """
        if self.info.refused:
            return self.info.refused
        if self.content is None:
            return "it is missing"
        if not self.is_intact:
            return "it is damaged"
        return "" if self.info.model == digest else "it does not belong to the weights"


def is_converted_quickly(model: Any) -> bool:
    """Return whether `convert_to_onnx` takes a fraction of a second, as it does without loops."""
    return not any(type(layer).__name__ in LOOP_LAYERS for layer in model.layers)


def convert_to_onnx(model: Any, x: Rows, *, embed: bool = True) -> OnnxGraph:
    """Convert a Keras model to an ONNX graph with the same outputs.

    Parameters
    ----------
    model : keras.Model
    x : ndarray of float32, shape (n, …)
        Preprocessed rows. The outputs of the first 64 are compared with those of Keras.
    embed : bool
        Whether the graph has to pass the inspection, for embedding it in a model file.

    Returns
    -------
    OnnxGraph
        Without content, and with the reason in its info, if the conversion fails.
    """
    if model.count_params() > MAX_EXPORTED_WEIGHTS:
        return OnnxGraph(OnnxGraphInfo(refused="the network is too large for ONNX"))
    block = rows_per_block(model)
    try:
        content = export_graph(model, x[:64])
        if embed:
            inspect_onnx(content, rows=block)
    except (ExportError, ModelFileError) as error:
        return OnnxGraph(OnnxGraphInfo(refused=str(error)))
    return OnnxGraph(OnnxGraphInfo(block=block, revision=REVISION), content)
