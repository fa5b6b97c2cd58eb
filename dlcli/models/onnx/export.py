"""From a Keras model to an ONNX graph that is known to give the same outputs."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.errors import ModelFileError, first_line
from dlcli.models.onnx.network import OnnxNetwork, import_onnxruntime
from dlcli.network.backend import import_keras
from dlcli.types import Array

TOLERANCE = 1e-5


class ExportError(Exception):
    """A model has no ONNX graph that gives the same outputs; the message says why."""


def export_graph(model: Any, x: Array) -> bytes:
    """Make the ONNX graph of a model, and compare the two.

    Parameters
    ----------
    model : keras.Model
        Built, with one input and one output.
    x : ndarray of float32, shape (n, …)
        Preprocessed rows to compare with.

    Returns
    -------
    bytes
        A serialized ONNX model whose outputs for `x` are those of Keras to 1e-5.

    Raises
    ------
    ExportError
        If there is none.
    """
    try:
        graph = _exported(model)
        outputs = OnnxNetwork(graph)(x)
    except ModelFileError as error:
        raise ExportError(str(error)) from error
    except (MemoryError, OSError):
        raise  # it says nothing of the model
    except Exception as error:  # whatever Keras, tf2onnx and TensorFlow raise
        raise ExportError(f"{type(error).__name__}: {first_line(error)}") from error
    expected = np.asarray(model(x, training=False))
    if not np.allclose(outputs, expected, rtol=TOLERANCE, atol=TOLERANCE):
        difference = float(np.abs(outputs - expected).max())
        raise ExportError(f"its outputs differ from Keras's by up to {difference:.2g}")
    return graph


def _exported(model: Any) -> bytes:
    """Convert a model with its weights as inputs, and put them in afterwards.

    The converter copies whatever stands in a graph many times: with 50 million weights it takes
    half a minute, without them a second.
    """
    import onnx
    from onnx import numpy_helper

    weights = {
        f"weight_{number}": variable
        for number, variable in enumerate(
            [*model.trainable_variables, *model.non_trainable_variables]
        )
    }
    whole = onnx.load_model_from_string(_converted(model, weights))
    for item in list(whole.graph.input):
        variable = weights.get(item.name.partition(":")[0])
        if variable is not None:
            tensor = numpy_helper.from_array(variable.numpy(), item.name)
            whole.graph.initializer.append(tensor)
            whole.graph.input.remove(item)
    return bytes(whole.SerializeToString())


def _converted(model: Any, weights: Mapping[str, Any]) -> bytes:
    """Return the ONNX model of a Keras model that takes a batch and its own weights."""
    import_onnxruntime()  # before the converter does
    keras = import_keras()
    trainable = len(model.trainable_variables)

    class Stateless(keras.Model):  # type: ignore[misc, name-defined]
        def call(self, inputs: list[Any]) -> Any:
            x, *values = inputs
            # Layers that augment pictures do so unless they are told not to.
            outputs, _ = model.stateless_call(
                values[:trainable], values[trainable:], x, training=False
            )
            return outputs

    spec = keras.InputSpec
    inputs = [spec(shape=(None, *model.input_shape[1:]), dtype="float32", name="x")]
    inputs += [spec(shape=tuple(v.shape), dtype=v.dtype, name=n) for n, v in weights.items()]
    with _quiet(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        stateless = Stateless()
        stateless.built = True  # it has nothing to build
        stateless.export(path, format="onnx", input_signature=[inputs], verbose=False)
        return path.read_bytes()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the converter's advice and progress from whoever watches."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
