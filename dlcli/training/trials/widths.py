"""Narrow networks as copies of a wide one, whose further units are 0 and stay so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlcli.config.components import Component
from dlcli.config.sections import Config
from dlcli.training.trials.structure import flexible_layers
from dlcli.types import Array


def widest(config: Config, units: Sequence[Sequence[int]]) -> Config:
    """Return a config whose flexible layers have the largest of several widths.

    Parameters
    ----------
    config : Config
        One of the configs.
    units : sequence of sequence of int
        Of each config, the units of its flexible layers.
    """
    layers = list(config.model)
    for index, width in zip(flexible_layers(config), np.max(units, axis=0).tolist(), strict=True):
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
