"""Compute the outputs of a Keras model in blocks of rows."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from dlcli.network.backend import retracing_unmentioned
from dlcli.network.memory import FLOAT_BYTES, output_bytes
from dlcli.types import Array, Rows

# Size of the largest layer output of a block. Larger blocks are no faster, and an LSTM needs
# several times as much memory.
BLOCK_BYTES = 4 << 20
MAX_BLOCK = 8192  # rows
# Smaller blocks are slow; they are used only if the output of MIN_BLOCK rows exceeds LARGE_BYTES.
MIN_BLOCK = 32
LARGE_BYTES = 512 << 20


class Predictor:
    """Compute outputs in blocks, so that memory does not grow with the number of rows.

    Parameters
    ----------
    model : keras.Model
        With one input and one output.

    Attributes
    ----------
    input_shape, output_shape : tuple of int
        Of one sample.
    block : int
        Rows per block.
    """

    engine: Literal["keras"] = "keras"

    def __init__(self, model: Any) -> None:
        import tensorflow as tf

        self.model = model
        self.input_shape: tuple[int, ...] = tuple(model.input_shape[1:])
        self.output_shape: tuple[int, ...] = tuple(model.output_shape[1:])
        spec = tf.TensorSpec((None, *self.input_shape), tf.float32)
        # Keras's layers do not need autograph, which would parse source code first.
        self._call = tf.function(
            lambda x: model(x, training=False), input_signature=[spec], autograph=False
        )
        self.block = rows_per_block(model)

    def __call__(self, x: Rows) -> Array:
        """Return the outputs of preprocessed rows; float32, shape (n, units)."""
        if len(x) == 0:
            return np.empty((0, *self.output_shape), np.float32)
        with retracing_unmentioned():
            blocks = [
                self._call(x[start : start + self.block]).numpy()
                for start in range(0, len(x), self.block)
            ]
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def rows_per_block(model: Any) -> int:
    """Return the number of rows for which the output of every layer stays small."""
    largest = max(FLOAT_BYTES, *map(output_bytes, model.layers))
    minimum = max(1, min(MIN_BLOCK, LARGE_BYTES // largest))
    return int(min(MAX_BLOCK, max(minimum, BLOCK_BYTES // largest)))
