"""Keras's ModelCheckpoint with atomic writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dlcli.files import atomic
from dlcli.network.backend import import_keras
from dlcli.network.ensemble import with_keras_layers

_callbacks: Any = import_keras().callbacks


class ModelCheckpoint(_callbacks.ModelCheckpoint):  # type: ignore[misc]
    """ModelCheckpoint whose files are replaced only when the new ones are complete."""

    def set_model(self, model: Any) -> None:
        super().set_model(_AtomicSaves(model))


class _AtomicSaves:
    """A model whose ``save`` and ``save_weights`` write atomically."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def save(self, filepath: str, **options: Any) -> None:
        with atomic(Path(filepath)) as temporary:
            with_keras_layers(self._model).save(temporary, **options)

    def save_weights(self, filepath: str, **options: Any) -> None:
        with atomic(Path(filepath)) as temporary:
            # Keras requires the ending .weights.h5; the temporary file has only .h5.
            weights = temporary.with_suffix(".weights.h5")
            try:
                self._model.save_weights(weights, **options)
                weights.replace(temporary)
            finally:
                weights.unlink(missing_ok=True)
