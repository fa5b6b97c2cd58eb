"""Other ways to compute what the converter or ONNX Runtime lacks, used during a conversion alone.

Each gives the same outputs up to rounding; `export_graph` compares them with those of Keras.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np

from dlcli.network.backend import import_keras
from dlcli.network.internals import replaced_spectrogram
from dlcli.network.saved_model import all_layers

# The kernels of a spectrogram have twice the square of its length; these need 17 MB.
MAX_FFT_LENGTH = 2048


@contextmanager
def convertible(model: Any) -> Iterator[None]:
    """Replace, within the block, what cannot be converted in the layers of a model.

    Parameters
    ----------
    model : keras.Model
    """
    from dlcli.network.ensemble import is_ensemble_dense  # imports Keras

    keras = import_keras()
    with ExitStack() as stack:
        for layer in all_layers(model):
            if getattr(layer, "activation", None) is keras.activations.gelu:
                stack.enter_context(_replaced(layer, "activation", _gelu))
            kind = type(layer).__name__
            if kind == "Discretization" and layer.output_mode == "int":
                stack.enter_context(_replaced(layer, "call", partial(_bins, layer)))
            if is_ensemble_dense(layer):
                stack.enter_context(_replaced(layer, "call", partial(_members, layer)))
            if kind == "MelSpectrogram" and layer.fft_length <= MAX_FFT_LENGTH:
                stack.enter_context(replaced_spectrogram(layer, partial(_spectrogram, layer)))
        yield


@contextmanager
def _replaced(layer: Any, name: str, value: Any) -> Iterator[None]:
    previous = getattr(layer, name)
    setattr(layer, name, value)
    try:
        yield
    finally:
        setattr(layer, name, previous)


def _members(layer: Any, x: Any, training: bool = False) -> Any:  # noqa: ARG001 (of EinsumDense)
    """Return the outputs of the members of an ensemble without ``einsum``.

    Of that the converter makes shapes that are unknown until a row is computed.
    """
    ops = import_keras().ops
    if len(x.shape) == 2:
        x = ops.expand_dims(x, 1)  # to be broadcast to all members
    x = ops.matmul(ops.transpose(x, (1, 0, 2)), layer.kernel)
    x = ops.transpose(x, (1, 0, 2))
    return layer.activation(x if layer.bias is None else x + layer.bias)


def _gelu(x: Any) -> Any:
    """Return gelu by the error function; TensorFlow uses its complement."""
    ops = import_keras().ops
    return 0.5 * x * (1 + ops.erf(x * float(np.sqrt(0.5))))


def _bins(layer: Any, x: Any) -> Any:
    """Return the number of boundaries that do not exceed each value."""
    ops = import_keras().ops
    boundaries = np.asarray(layer.bin_boundaries, np.float32)
    reached = ops.greater_equal(ops.expand_dims(x, -1), boundaries)
    return ops.cast(ops.sum(ops.cast(reached, "float32"), axis=-1), layer.compute_dtype)


def _spectrogram(layer: Any, x: Any) -> Any:
    """Return magnitudes of the Fourier transform of each window, computed by a convolution.

    Parameters
    ----------
    layer : keras.layers.MelSpectrogram
    x : tensor, shape (n, samples)

    Returns
    -------
    tensor, shape (n, windows, fft_length // 2 + 1)
    """
    ops = import_keras().ops
    size, length = layer.fft_length, layer.sequence_length
    bins = size // 2 + 1
    angles = 2 * np.pi * np.outer(np.arange(size), np.arange(bins)) / size
    waves = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    kernel = (waves * _window(layer.window, length, size)[:, np.newaxis]).astype(np.float32)
    x = ops.pad(x, [(0, 0), (size // 2, size // 2)], mode="reflect")
    parts = ops.conv(
        ops.expand_dims(x, -1),
        ops.convert_to_tensor(kernel[:, np.newaxis, :]),
        strides=layer.sequence_stride,
        padding="valid",
        data_format="channels_last",
    )
    squares = ops.square(parts[..., :bins]) + ops.square(parts[..., bins:])
    return ops.power(ops.sqrt(squares), layer.mag_exp)


def _window(name: str | None, length: int, size: int) -> Any:
    """Return the weights of a window, with zeros on both sides up to a size."""
    turns = 2 * np.pi * np.arange(length) / length
    first = {None: 1.0, "hann": 0.5, "hamming": 0.54}[name]
    left = (size - length) // 2
    return np.pad(first - (1 - first) * np.cos(turns), (left, size - length - left))
