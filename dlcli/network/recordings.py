"""Spectrograms of recordings that do not depend on the other recordings of a batch."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from dlcli.network.backend import import_keras
from dlcli.network.internals import use_decibels


def limit_each_recording(layer: Any) -> Any:
    """Let a ``MelSpectrogram`` limit the decibels of each recording by its own loudest value.

    Keras takes the loudest value of the batch, so that the answer for a recording would depend on
    the others. What `layer.get_config()` returns is not changed: Keras loads the saved model, and
    computes the same for one recording at a time.

    Parameters
    ----------
    layer : object
        What is no ``MelSpectrogram`` stays as it is.

    Returns
    -------
    object
        The same one.
    """
    if isinstance(layer, import_keras().layers.MelSpectrogram):
        use_decibels(layer, partial(_decibels, layer))
    return layer


def _decibels(layer: Any, powers: Any) -> Any:
    """Return decibels, in each recording those within ``top_db`` of its loudest value."""
    ops = import_keras().ops
    reference = max(abs(layer.ref_power), layer.min_power)
    decibels = 10.0 * ops.log10(ops.maximum(powers, layer.min_power)) - 10.0 * math.log10(reference)
    loudest = ops.max(decibels, axis=(-2, -1), keepdims=True)
    return ops.maximum(decibels, loudest - layer.top_db)
