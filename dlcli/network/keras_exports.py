"""Keras's own exports of a network, and what their runtimes compute."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dlcli.network.backend import import_keras, quiet_converters
from dlcli.network.recordings import limit_each_recording
from dlcli.types import Array

# Their loops have no counterpart in the two formats.
RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN")
MAX_STEPS = 256


def longest_loop(model: Any) -> int:
    """Return the number of steps of the longest loop of a network; 0 without loops."""
    steps = [0]
    for layer in model.layers:
        inner = [layer, *(getattr(layer, name, None) for name in ("forward_layer", "layer"))]
        if any(type(item).__name__ in RECURRENT for item in inner):
            steps.append(int(layer.input.shape[1]))
    return max(steps)


def unrolled(model: Any) -> Any:
    """Return a network whose recurrent layers have no loops; the same one if there are none."""
    if not longest_loop(model):
        return model
    keras = import_keras()

    def clone(layer: Any) -> Any:
        return limit_each_recording(type(layer).from_config(_with_unroll(layer.get_config())))

    copy = keras.models.clone_model(model, clone_function=clone)
    copy.set_weights(model.get_weights())
    return copy


def _with_unroll(config: Any) -> Any:
    if isinstance(config, dict):
        changed = {key: _with_unroll(value) for key, value in config.items()}
        return {**changed, "unroll": True} if "unroll" in changed else changed
    return [_with_unroll(item) for item in config] if isinstance(config, list) else config


def write_saved_model(model: Any, path: Path) -> None:
    """Write a SavedModel of TensorFlow."""
    with quiet_converters():
        model.export(str(path), format="tf_saved_model", verbose=False)


def run_saved_model(path: Path, blocks: Sequence[Array]) -> Iterator[Array]:
    """Yield the outputs of a SavedModel for blocks of rows."""
    import tensorflow as tf

    network = tf.saved_model.load(str(path))
    for block in blocks:
        yield network.serve(block).numpy()


def write_litert(model: Any, path: Path) -> None:
    """Write a file of LiteRT, formerly TensorFlow Lite."""
    with quiet_converters():
        unrolled(model).export(str(path), format="litert", verbose=False)


def run_litert(path: Path, blocks: Sequence[Array]) -> Iterator[Array]:
    """Yield the outputs of a file of LiteRT for blocks of rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow's own interpreter is deprecated
        interpreter = _interpreter(path)
    (source,), (result,) = interpreter.get_input_details(), interpreter.get_output_details()
    for block in blocks:
        interpreter.resize_tensor_input(source["index"], block.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(source["index"], block)
        interpreter.invoke()
        yield interpreter.get_tensor(result["index"]).copy()


def _interpreter(path: Path) -> Any:
    if find_spec("ai_edge_litert") is not None:
        from ai_edge_litert.interpreter import Interpreter

        return Interpreter(str(path))
    import tensorflow as tf

    return tf.lite.Interpreter(str(path))


def write_openvino(model: Any, path: Path) -> None:
    """Write the two files of OpenVINO into a folder."""
    path.mkdir()
    with quiet_converters():
        unrolled(model).export(str(path / "model.xml"), format="openvino", verbose=False)


def run_openvino(path: Path, blocks: Sequence[Array]) -> Iterator[Array]:
    """Yield the outputs of OpenVINO for blocks of rows."""
    import openvino

    # Its default on processors with half precision is less exact.
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(path / "model.xml", "CPU", settings)
    for block in blocks:
        yield compiled(block)[0]
