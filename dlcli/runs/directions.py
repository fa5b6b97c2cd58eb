"""Whether a metric of a run is better the smaller or the larger it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from dlcli.config.catalogue import CHOSEN_BY_KERAS, stored_catalogue
from dlcli.config.components import Component, split_spelling
from dlcli.config.metrics import better_when, metric_key

Direction = Literal["min", "max"]
# What every run measures, whatever the metrics of its config.
ALWAYS: Mapping[str, Direction] = {
    "loss": "min", "mae": "min", "rmse": "min", "hamming_loss": "min", "r2": "max",
    "accuracy": "max", "subset_accuracy": "max", "f1_micro": "max", "f1_macro": "max",
}  # fmt: skip


def metric_direction(name: str, config: Mapping[str, Any] | None) -> Direction | None:
    """Return how a metric is better; None if that is not known.

    Parameters
    ----------
    name : str
        As it is logged.
    config : mapping or None
        The plain config of the run, which says what has this name.
    """
    for metric in _metrics(config):
        if metric_key(metric) == name:
            entry = stored_catalogue().find("metrics", metric.name)
            is_known = entry is not None or metric.name in CHOSEN_BY_KERAS
            return better_when(metric) if is_known else None
    return ALWAYS.get(name)


def _metrics(config: Mapping[str, Any] | None) -> Iterator[Component]:
    metrics = (config or {}).get("metrics")
    for value in metrics if isinstance(metrics, list) else ():
        spelling = split_spelling(value)
        if isinstance(spelling, str):
            continue
        name, arguments = spelling
        entry = stored_catalogue().find("metrics", str(name))
        plain = arguments if isinstance(arguments, Mapping) else {}
        yield Component(entry.name if entry else str(name), plain, str(name))
