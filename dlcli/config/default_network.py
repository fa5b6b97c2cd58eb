"""The default network for tables, which ``model: auto`` means and ``dlcli init`` writes."""

from __future__ import annotations

from typing import Any, NamedTuple

from dlcli.config.components import AUTO, ComponentReader
from dlcli.config.heads import BINARY_LOSSES, CATEGORICAL_LOSSES, from_logits
from dlcli.config.known import Facts
from dlcli.config.sections import Config
from dlcli.errors import ConfigError

ACTIVATION = "mish"
DROPOUT = 0.15
WEIGHT_DECAY = 0.02


class Training(NamedTuple):
    """How a network is trained: by Adam, or if there is a first learning rate, by AdamW.

    The learning rate of AdamW falls to 0 by the last epoch, along a cosine.
    """

    batch_size: int
    epochs: int
    patience: int
    learning_rate: float | None = None


class TableNetwork(NamedTuple):
    """A network for tables of some size."""

    members: int
    units: tuple[int, ...]
    training: Training


# Upper bounds of the rows of a table, each with a network. Wider networks overfit small tables;
# the more rows, the less members differ. Chosen by comparing variants on tables of
# `benchmarks/yardstick.py`, one to three splits each.
TABLE_NETWORKS = (
    (2_000, TableNetwork(8, (64, 64), Training(32, 100, 25, 3e-3))),
    (100_000, TableNetwork(2, (256, 256, 256), Training(256, 60, 15, 5e-3))),
    (10**12, TableNetwork(1, (256, 256, 256), Training(512, 20, 5, 5e-3))),
)


def table_network(rows: int) -> TableNetwork:
    """Return the network for a table with a number of rows."""
    return next(network for limit, network in TABLE_NETWORKS if rows < limit)


def table_layers(network: TableNetwork, activation: str | None) -> list[Any]:
    """Return the layers of a network as in YAML.

    Parameters
    ----------
    network : TableNetwork
    activation : str or None
        Of the outputs; None for numbers.
    """
    members = {"members": network.members} if network.members > 1 else {}
    dense = "EnsembleDense" if members else "Dense"
    layers: list[Any] = []
    for units in network.units:
        layers.append({dense: {**members, "units": units, "activation": ACTIVATION}})
        layers.append({"Dropout": DROPOUT})
    if members:
        mean = {"EnsembleMean": activation} if activation else "EnsembleMean"
        return [*layers, {dense: network.members}, mean]
    return [*layers, {dense: {"activation": activation}} if activation else dense]


def replace_auto(config: Config, facts: Facts) -> Config:
    """Return a config with the layers of the default network in place of ``model: auto``.

    Raises
    ------
    ConfigError
        If the data are not a table.
    """
    if [layer.name for layer in config.model] != [AUTO]:
        return config
    if not facts.column_types or set(facts.column_types) <= {"text", "audio"}:
        reason = "auto is for tables; `dlcli init` writes a network for images, sound and texts"
        raise ConfigError([config.document.problem(("model",), reason)])
    activation = None
    if not from_logits(config.loss):
        is_binary = config.loss.name in BINARY_LOSSES
        is_categorical = config.loss.name in CATEGORICAL_LOSSES
        activation = "sigmoid" if is_binary else "softmax" if is_categorical else None
    reader = ComponentReader(config.document, [])
    layers = table_layers(table_network(facts.rows), activation)
    model = tuple(reader.read("layers", layer, ("model",)) for layer in layers)
    return config.model_copy(update={"model": model})
