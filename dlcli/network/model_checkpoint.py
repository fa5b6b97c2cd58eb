"""Keras's ModelCheckpoint, with files that appear whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dlcli.files import atomic
from dlcli.network.backend import import_keras

_callbacks: Any = import_keras().callbacks


class ModelCheckpoint(_callbacks.ModelCheckpoint):  # type: ignore[misc]
    """Save through `_WholeSaves`."""

    def set_model(self, model: Any) -> None:
        super().set_model(_WholeSaves(model))


class _WholeSaves:
    """A model whose files replace those before them when they are complete."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def save(self, filepath: str, **options: Any) -> None:
        with atomic(Path(filepath)) as temporary:
            self._model.save(temporary, **options)

    def save_weights(self, filepath: str, **options: Any) -> None:
        path = Path(filepath)
        with atomic(path) as temporary:
            # Keras goes by the whole ending, of which the temporary name has the last part.
            whole = temporary.with_suffix(".weights.h5")
            try:
                self._model.save_weights(whole, **options)
                whole.replace(temporary)
            finally:
                whole.unlink(missing_ok=True)
