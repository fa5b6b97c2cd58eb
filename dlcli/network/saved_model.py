"""Load a model file with Keras."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dlcli.errors import ModelFileError, first_line
from dlcli.network.backend import import_keras
from dlcli.network.recordings import limit_each_recording


def load_saved_model(path: Path) -> Any:
    """Load a ``.keras`` or ``.h5`` file that was inspected before.

    Returns
    -------
    keras.Model
        Not compiled.

    Raises
    ------
    ModelFileError
        If Keras cannot load the file, or loading it changes global settings of Keras.
    """
    keras = import_keras()
    settings = _settings(keras)
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        raise ModelFileError(f"Keras cannot load {path}: {first_line(error)}") from error
    if _settings(keras) != settings:
        raise ModelFileError(f"{path} is refused: loading it changed Keras's settings")
    for layer in all_layers(model):
        limit_each_recording(layer)
    return model


def all_layers(model: Any) -> Iterator[Any]:
    """Yield the layers of a model, with those inside other layers."""
    for layer in model.layers:
        yield layer
        inner = getattr(layer, "layer", None)
        if inner is not None:
            yield inner
        if hasattr(layer, "layers"):
            yield from all_layers(layer)


def _settings(keras: Any) -> tuple[Any, ...]:
    return keras.config.floatx(), keras.config.epsilon(), keras.config.image_data_format()
