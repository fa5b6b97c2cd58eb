"""The task that the loss and the last layer of a config are for."""

from __future__ import annotations

from dlcli.config.heads import VECTOR_LOSSES, find_head
from dlcli.config.known import Task
from dlcli.config.loss_checks import CLASS_LOSSES
from dlcli.config.sections import Config


def implied_task(config: Config) -> Task | None:
    """Return the task that loss and last layer are for, or None if they fit both.

    A mean squared error with a sigmoid can be meant for classes; with a single linear output it
    compares numbers.
    """
    if config.loss.name in CLASS_LOSSES:
        return "classification"
    if config.loss.name in VECTOR_LOSSES:
        return None
    head = find_head(config.model)
    counts_hits = any("accuracy" in metric.name.lower() for metric in config.metrics)
    if head is None or counts_hits or head.activation != "linear" or head.units not in (None, 1):
        return None
    return "regression"
