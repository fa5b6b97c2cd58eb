"""What a step of a training costs, estimated before it is made."""

from __future__ import annotations

import math
from typing import Any

# What a step costs at least, and what one core computes in a second; for choosing how many
# steps run in one call, so that progress and Ctrl-C stay alive about twice a second.
STEP_SECONDS = 50e-6
FLOPS = 10e9
CALL_SECONDS = 0.4


def choose_steps_per_execution(model: Any, steps: int, batch_size: int) -> int:
    """Return how many steps one call of the training function should do.

    With several devices it is one: TensorFlow cannot have them meet within a loop of its own.

    Parameters
    ----------
    model : keras.Sequential
        Built; its multiplications are estimated from its weights and output sizes.
    steps : int
        Batches in an epoch.
    batch_size : int
    """
    if device_count(model) > 1:
        return 1
    seconds = max(STEP_SECONDS, batch_seconds(model, batch_size))
    return max(1, min(steps, int(CALL_SECONDS / seconds)))


def device_count(model: Any) -> int:
    """Return on how many devices at once a model trains."""
    return int(model.distribute_strategy.num_replicas_in_sync)


def batch_seconds(model: Any, batch_size: int) -> float:
    """Estimate how long one core computes at a batch, from a built model's multiplications."""
    multiplications = sum(_multiplications(layer) for layer in model.layers)
    # Two operations per multiplication, and about three times as many with the gradients.
    return 6 * multiplications * batch_size / FLOPS


def _multiplications(layer: Any) -> int:
    """Estimate the multiplications of a layer for one sample."""
    positions = _positions(layer.output.shape)
    kernels: int = sum(math.prod(weight.shape) for weight in layer.weights if len(weight.shape) > 1)
    if type(layer).__name__ == "Embedding":
        return 0
    if type(layer).__name__ in ("LSTM", "GRU", "SimpleRNN", "Bidirectional"):
        # A mask, as Embedding and Masking make one, is an input too.
        first = layer.input[0] if isinstance(layer.input, list) else layer.input
        positions = _positions(first.shape)
    return kernels * positions


def _positions(shape: tuple[int | None, ...]) -> int:
    """Return how often a kernel is applied to one sample."""
    return math.prod(size or 1 for size in shape[1:-1])
