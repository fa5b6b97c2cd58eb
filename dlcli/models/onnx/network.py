"""Compute the outputs of a network with ONNX Runtime."""

from __future__ import annotations

import os
from typing import Any, Literal

import numpy as np

from dlcli.errors import ModelFileError, first_line
from dlcli.machine import cpu_count
from dlcli.types import Array, Rows


def import_onnxruntime() -> Any:
    """Import ONNX Runtime with telemetry disabled; it would start at the import."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime


class OnnxNetwork:
    """A network that ONNX Runtime computes.

    Parameters
    ----------
    graph : bytes
        A serialized ONNX model with one input and one output, both float32, that was exported
        here or passed `inspect_onnx`.
    block : int
        Rows per call.

    Attributes
    ----------
    input_shape, output_shape : tuple of int
        Of one sample.

    Raises
    ------
    ModelFileError
        If the graph is damaged or cannot be loaded.
    """

    engine: Literal["onnx"] = "onnx"

    def __init__(self, graph: bytes, block: int = 8192) -> None:
        onnxruntime = import_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        # By default it binds each thread to a processor, whether or not this process may use it,
        # and waits until all have started: minutes where another process keeps one busy.
        options.intra_op_num_threads = cpu_count()
        # Refuse the runtime's own format (ORT), which the inspection cannot read.
        options.add_session_config_entry("session.load_model_format", "ONNX")
        try:
            self._session = onnxruntime.InferenceSession(
                graph, options, providers=["CPUExecutionProvider"]
            )
        # ONNX Runtime's exceptions have no common base class.
        except Exception as error:
            raise ModelFileError(
                f"ONNX Runtime cannot load the graph: {first_line(error)}"
            ) from error
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        ends = (*inputs, *outputs)
        if len(inputs) != 1 or len(outputs) != 1 or {end.type for end in ends} != {"tensor(float)"}:
            raise ModelFileError("the ONNX graph does not have one input and one output of float32")
        try:
            self._input: str = inputs[0].name
            self.input_shape, self.output_shape = (tuple(end.shape[1:]) for end in ends)
        except UnicodeDecodeError:
            raise ModelFileError("a name in the ONNX graph is not valid UTF-8") from None
        if not all(isinstance(size, int) for size in (*self.input_shape, *self.output_shape)):
            raise ModelFileError("the ONNX graph has samples of variable size")
        self.block = block

    def __call__(self, x: Rows) -> Array:
        """Return the outputs of preprocessed rows; float32, shape (n, units)."""
        starts = range(0, len(x), self.block)
        blocks = [self._run(x[start : start + self.block]) for start in starts]
        if len(blocks) == 1:
            return np.asarray(blocks[0])
        return np.concatenate(blocks) if blocks else np.empty((0, *self.output_shape), np.float32)

    def _run(self, x: Array) -> Array:
        try:
            (outputs,) = self._session.run(None, {self._input: x})
        except Exception as error:
            raise ModelFileError(f"the ONNX graph fails: {first_line(error)}") from error
        if outputs.shape != (len(x), *self.output_shape):
            raise ModelFileError(f"the ONNX graph returns shape {outputs.shape} for {len(x)} rows")
        return np.asarray(outputs)
