"""Check that a training fits into memory before it starts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dlcli.errors import ConfigError, plural
from dlcli.machine import available_memory

if TYPE_CHECKING:
    from dlcli.config.components import Component
    from dlcli.config.sections import Config

FLOAT_BYTES = 4


def output_bytes(layer: Any) -> int:
    """Return the size of a layer's output for one row in bytes, as float32."""
    shape: tuple[int | None, ...] = getattr(getattr(layer, "output", None), "shape", ())[1:]
    return FLOAT_BYTES * math.prod(size or 1 for size in shape)


def check_weights(layer: Component, input_shape: tuple[int | None, ...]) -> None:
    """Refuse a layer whose weights exceed the available memory, as far as its arguments tell.

    TensorFlow would take ten seconds to refuse it.

    Parameters
    ----------
    layer : Component
    input_shape : tuple of int
        Without the batch.

    Raises
    ------
    MemoryError
    """
    columns = layer.arguments.get("units", layer.arguments.get("output_dim"))
    rows = layer.arguments.get("input_dim", input_shape[-1] if input_shape else 1)
    available = available_memory()
    if available is None or not (isinstance(columns, int) and isinstance(rows, int)):
        return
    members = layer.arguments.get("members", 1)
    if FLOAT_BYTES * columns * rows * members > available:
        raise MemoryError


def check_batch(model: Any, config: Config, rows: int) -> None:
    """Refuse a batch that exceeds the available memory.

    The system would end the process without a message. The estimate is a lower bound: the outputs
    of all layers, without gradients and temporary results.

    Parameters
    ----------
    model : keras.Sequential
        Built.
    config : Config
    rows : int
        Number of training rows.

    Raises
    ------
    ConfigError
        At ``fit.batch_size``, with a size that fits.
    """
    available = available_memory()
    batch_size = min(config.fit.batch_size, rows)
    row_bytes = sum(map(output_bytes, model.layers))
    if available is None or batch_size * row_bytes <= available:
        return
    # A power of 2 that leaves room for what the estimate leaves out.
    suggestion = 2 ** int(math.log2(max(available / (4 * row_bytes), 1)))
    message = (
        f"a batch of {plural(batch_size, 'row')} needs at least "
        f"{batch_size * row_bytes / 1e9:.1f} GB, and {available / 1e9:.1f} GB are available; "
        f"try {suggestion}"
    )
    raise ConfigError([config.document.problem(("fit", "batch_size"), message)])
