"""Convert a Keras model to an ONNX graph, and verify that it gives the same outputs."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.errors import ModelFileError, first_line
from dlcli.models.onnx.network import OnnxNetwork, import_onnxruntime
from dlcli.models.onnx.substitutes import convertible
from dlcli.network.backend import import_keras, quiet_converters
from dlcli.types import Array

TOLERANCE = 1e-5


class ExportError(Exception):
    """A model has no ONNX graph with the same outputs; the message is the reason."""


def export_graph(model: Any, x: Array) -> bytes:
    """Convert a model to ONNX, and compare the outputs of both.

    Parameters
    ----------
    model : keras.Model
        Built, with one input and one output.
    x : ndarray of float32, shape (n, …)
        Preprocessed rows for the comparison.

    Returns
    -------
    bytes
        A serialized ONNX model, whose outputs for `x` agree with Keras's to 1e-5.

    Raises
    ------
    ExportError
        If the model cannot be converted, or the outputs differ.
    """
    try:
        graph = _convert_with_weights(model)
        outputs = OnnxNetwork(graph)(x)
    except ModelFileError as error:
        raise ExportError(str(error)) from error
    except (MemoryError, OSError):
        raise  # not a property of the model
    except Exception as error:  # whatever Keras, tf2onnx and TensorFlow raise
        raise ExportError(f"{type(error).__name__}: {first_line(error)}") from error
    expected = np.asarray(model(x, training=False))
    if not np.allclose(outputs, expected, rtol=TOLERANCE, atol=TOLERANCE):
        difference = float(np.abs(outputs - expected).max())
        raise ExportError(f"its outputs differ from Keras's by up to {difference:.2g}")
    return graph


def _convert_with_weights(model: Any) -> bytes:
    """Convert a model whose weights are inputs, and insert the weights afterwards.

    The converter copies constants many times: with 50 million weights in the graph it takes half a
    minute, without them a second.
    """
    import onnx
    from onnx import numpy_helper

    weights = {
        f"weight_{number}": variable
        for number, variable in enumerate(
            [*model.trainable_variables, *model.non_trainable_variables]
        )
    }
    document = onnx.load_model_from_string(_convert(model, weights))
    for item in list(document.graph.input):
        variable = weights.get(item.name.partition(":")[0])
        if variable is not None:
            tensor = numpy_helper.from_array(variable.numpy(), item.name)
            document.graph.initializer.append(tensor)
            document.graph.input.remove(item)
    return bytes(document.SerializeToString())


def _convert(model: Any, weights: Mapping[str, Any]) -> bytes:
    """Convert a model whose inputs are a batch and its weights; return a serialized ONNX model."""
    import_onnxruntime()  # before the converter imports it with telemetry
    keras = import_keras()
    trainable = len(model.trainable_variables)

    # This model has no variables, which the converter would store as constants.
    class Stateless(keras.Model):  # type: ignore[misc, name-defined]
        def call(self, inputs: list[Any]) -> Any:
            x, *values = inputs
            # Augmentation layers are active unless `training` is False.
            outputs, _ = model.stateless_call(
                values[:trainable], values[trainable:], x, training=False
            )
            return outputs

    spec = keras.InputSpec
    inputs = [spec(shape=(None, *model.input_shape[1:]), dtype="float32", name="x")]
    inputs += [spec(shape=tuple(v.shape), dtype=v.dtype, name=n) for n, v in weights.items()]
    with quiet_converters(), convertible(model), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        stateless = Stateless()
        stateless.built = True  # it has no weights
        stateless.export(path, format="onnx", input_signature=[inputs], verbose=False)
        return path.read_bytes()
