"""Narrow networks as copies of a wide one, whose further units are 0 and stay so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlcli.config.components import Component
from dlcli.config.sections import Config
from dlcli.training.trials.structure import flexible_layers
from dlcli.types import Array

# Widths of different batches of trials are often equal after rounding up, and few units cost
# nothing: a processor computes with several numbers at once.
MULTIPLE = 8


def common_widths(units: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Return the widths of the layers of a network whose copies are all of some networks.

    Parameters
    ----------
    units : sequence of sequence of int
        Of each network, the units of its flexible layers.

    Returns
    -------
    tuple of int
        The largest width of each layer, rounded up if the widths differ.
    """
    return tuple(
        max(widths) if min(widths) == max(widths) else -(-max(widths) // MULTIPLE) * MULTIPLE
        for widths in zip(*units, strict=True)
    )


def with_widths(config: Config, widths: Sequence[int]) -> Config:
    """Return a config whose flexible layers have other widths."""
    layers = list(config.model)
    for index, width in zip(flexible_layers(config), widths, strict=True):
        layer = layers[index]
        arguments = {**layer.arguments, "units": width}
        layers[index] = Component(layer.name, arguments, layer.spelled, layer.path)
    wide = config.model_copy(update={"model": tuple(layers)})
    return wide.attach(config.name, config.document, config.warnings)


def embed(values: Sequence[Array], shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    """Pad the variables of a narrow network with zeros to the shapes of a wide one."""
    return [
        np.pad(value, [(0, size - own) for own, size in zip(value.shape, shape, strict=True)])
        for value, shape in zip(values, shapes, strict=True)
    ]
