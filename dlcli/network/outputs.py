"""dlcli.network.outputs."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from dlcli.types import Array

# Larger blocks are no faster, and an LSTM holds several times its outputs.
BLOCK_BYTES = 4 << 20


MAX_BLOCK = 8192


# Fewer rows than these waste time, unless their results are this large.
MIN_BLOCK = 32


LARGE_BYTES = 512 << 20


class Predictor:
    """Compute outputs in blocks whose intermediate results stay small.

    Parameters
    ----------
    model : keras.Model
        With one input and one output.

    Attributes
    ----------
    input_shape, output_shape : tuple of int
        Of one sample.
    """

    engine: Literal["keras"] = "keras"

    def __init__(self, model: Any) -> None:
        import tensorflow as tf

        self.model = model
        self.input_shape: tuple[int, ...] = tuple(model.input_shape[1:])
        self.output_shape: tuple[int, ...] = tuple(model.output_shape[1:])
        spec = tf.TensorSpec((None, *self.input_shape), tf.float32)
        # Keras's layers need none of autograph, which would read the source of this file first.
        self._call = tf.function(
            lambda x: model(x, training=False), input_signature=[spec], autograph=False
        )
        self.block = rows_per_block(model)

    def __call__(self, x: Array) -> Array:
        """Return the outputs of preprocessed rows; float32, shape (n, units)."""
        if len(x) == 0:
            return np.empty((0, *self.output_shape), np.float32)
        blocks = [
            self._call(x[start : start + self.block]).numpy()
            for start in range(0, len(x), self.block)
        ]
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def rows_per_block(model: Any) -> int:
    """Return how many rows to compute at a time, so that no layer's outputs are large."""
    widest = max((_row_bytes(layer) for layer in model.layers), default=4)
    least = max(1, min(MIN_BLOCK, LARGE_BYTES // max(widest, 1)))
    return int(min(MAX_BLOCK, max(least, BLOCK_BYTES // max(widest, 1))))


def _row_bytes(layer: Any) -> int:
    shape: tuple[int | None, ...] = getattr(getattr(layer, "output", None), "shape", ())[1:]
    return 4 * math.prod(size or 1 for size in shape)
