"""Estimate the cost of a training step from the model alone."""

from __future__ import annotations

import math
from typing import Any

# Least duration of a step, and operations per second of one CPU core. They determine how many
# steps run in one call: a call should take no longer than CALL_SECONDS, so that progress is shown
# and Ctrl-C works at least about twice a second.
STEP_SECONDS = 50e-6
FLOPS = 10e9
CALL_SECONDS = 0.4
RECURRENT = ("LSTM", "GRU", "SimpleRNN", "Bidirectional")


def choose_steps_per_execution(model: Any, steps: int, batch_size: int) -> int:
    """Return the number of steps for one call of the training function.

    It is 1 on several devices, since TensorFlow cannot synchronize them within a loop of its own.

    Parameters
    ----------
    model : keras.Sequential
        Built.
    steps : int
        Batches per epoch.
    batch_size : int
    """
    if device_count(model) > 1:
        return 1
    seconds = max(STEP_SECONDS, batch_seconds(model, batch_size))
    return max(1, min(steps, int(CALL_SECONDS / seconds)))


def device_count(model: Any) -> int:
    """Return the number of devices that train a model together."""
    return int(model.distribute_strategy.num_replicas_in_sync)


def batch_seconds(model: Any, batch_size: int) -> float:
    """Estimate the time that one CPU core needs to train on a batch, in seconds.

    It is estimated from the numbers of multiplications, by the shapes of weights and outputs.
    """
    multiplications = sum(_multiplications(layer) for layer in model.layers)
    # A multiplication comes with an addition, and gradients cost about twice as much as outputs.
    return 6 * multiplications * batch_size / FLOPS


def _multiplications(layer: Any) -> int:
    """Estimate the multiplications of a layer for one sample."""
    from dlcli.network.ensemble import is_ensemble_dense  # imports Keras, which made the layer

    kind = type(layer).__name__
    if kind == "Embedding":
        return 0
    shape = layer.output.shape
    if kind in RECURRENT:
        # With a mask, as from Embedding and Masking, the input is a list.
        first = layer.input[0] if isinstance(layer.input, list) else layer.input
        shape = first.shape
    # A kernel is applied at every position: the pixels of an image, the steps of a sequence. The
    # kernel of an ensemble already has a part for each member.
    sizes = () if is_ensemble_dense(layer) else shape[1:-1]
    positions: int = math.prod(size or 1 for size in sizes)
    kernels: int = sum(math.prod(weight.shape) for weight in layer.weights if len(weight.shape) > 1)
    return kernels * positions
