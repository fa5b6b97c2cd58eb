"""Whether a training fits into memory, as far as that can be told before it begins."""

from __future__ import annotations

import math
from typing import Any

from dlcli.config.components import Component
from dlcli.config.sections import Config
from dlcli.errors import ConfigError
from dlcli.network.environment import available_memory

FLOAT_BYTES = 4


def check_weights(layer: Component, before: tuple[int | None, ...]) -> None:
    """Refuse a layer whose weights do not fit, as far as its arguments say.

    TensorFlow would wait ten seconds before it refuses it.

    Parameters
    ----------
    layer : Component
    before : tuple of int
        Shape that it is given.

    Raises
    ------
    MemoryError
    """
    made = layer.arguments.get("units", layer.arguments.get("output_dim"))
    taken = layer.arguments.get("input_dim", before[-1] if before else 1)
    left = available_memory()
    if left is None or not (isinstance(made, int) and isinstance(taken, int)):
        return
    if FLOAT_BYTES * made * taken > left:
        raise MemoryError


def row_bytes(model: Any) -> int:
    """Return what the outputs of all layers of a built model take for one row, at the least."""
    sizes = [math.prod(size or 1 for size in layer.output.shape[1:]) for layer in model.layers]
    return FLOAT_BYTES * int(sum(sizes))


def check_batch(model: Any, config: Config, rows: int) -> None:
    """Refuse a batch that cannot fit into memory: the system would kill the process in the end.

    Parameters
    ----------
    model : keras.Sequential
        Built.
    config : Config
    rows : int
        Of the training; a batch has no more.

    Raises
    ------
    ConfigError
        At ``fit.batch_size``, with a size that is possible.
    """
    left = available_memory()
    batch = min(config.fit.batch_size, rows)
    each = row_bytes(model)
    if left is None or batch * each <= left:
        return
    fitting = 2 ** int(math.log2(max(left / (4 * each), 1)))
    needs = f"{batch} rows at a time need {batch * each / 1e9:.1f} GB or more"
    advice = f"{left / 1e9:.1f} GB are left; try {fitting}"
    raise ConfigError([config.document.problem(("fit", "batch_size"), f"{needs}, and {advice}")])
