"""From a Keras model to an ONNX graph that is known to give the same outputs."""

from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.backend import import_keras
from dlcli.errors import ModelFileError, first_line
from dlcli.onnx.network import OnnxNetwork

Array = np.ndarray[Any, Any]
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
    """
    try:
        graph = _exported(model)
        outputs = OnnxNetwork(graph)(x)
    except ModelFileError as error:
        raise ExportError(str(error)) from error
    except Exception as error:  # whatever Keras, tf2onnx and TensorFlow raise
        raise ExportError(f"{type(error).__name__}: {first_line(error)}") from error
    expected = np.asarray(model(x, training=False))
    if not np.allclose(outputs, expected, rtol=TOLERANCE, atol=TOLERANCE):
        difference = float(np.abs(outputs - expected).max())
        raise ExportError(f"its outputs differ from Keras's by up to {difference:.2g}")
    return graph


def _exported(model: Any) -> bytes:
    keras = import_keras()
    # Layers that augment pictures do so unless they are told not to.
    inputs = keras.Input(model.input_shape[1:])
    inference = keras.Model(inputs, model(inputs, training=False))
    # The converter's own advice and progress are of no use here.
    loggers = [logging.getLogger(name) for name in ("tf2onnx", "absl")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
            warnings.simplefilter("ignore")
            path = Path(folder) / "model.onnx"
            spec = [keras.InputSpec(shape=inputs.shape, dtype="float32")]
            inference.export(path, format="onnx", input_signature=spec, verbose=False)
            return path.read_bytes()
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
