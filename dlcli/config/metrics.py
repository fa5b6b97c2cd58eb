"""dlcli.config.metrics."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dlcli.config.catalogue import CHOSEN_BY_KERAS
from dlcli.config.components import Component
from dlcli.config.heads import HINGE_LOSSES, SPARSE_LOSSES, from_logits

KNOW_LOGITS = (
    "AUC", "BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy",
)  # fmt: skip


def resolve_metric(metric: Component, loss: Component, units: int) -> Component:
    """Return a metric with the name that the config gives it, and the loss's idea of outputs."""
    name = metric.name
    arguments = {**metric.arguments, "name": metric_key(metric)}
    if name in CHOSEN_BY_KERAS:
        what = "Accuracy" if name.startswith("acc") else "Crossentropy"
        sparse = loss.name in SPARSE_LOSSES
        form = "SparseCategorical" if sparse else "Binary" if units == 1 else "Categorical"
        name = form + what
    if name == "BinaryAccuracy" and (from_logits(loss) or loss.name in HINGE_LOSSES):
        arguments.setdefault("threshold", 0.0)
    if from_logits(loss) and name in KNOW_LOGITS:
        arguments.setdefault("from_logits", True)
    if name in ("F1Score", "FBetaScore") and units == 1:
        arguments = {"threshold": 0.5, "average": "micro", **arguments}
    return Component(name, arguments, "", metric.path)


def metric_key(metric: Component) -> str:
    """Return the name under which a metric is logged."""
    from dlcli.config.catalogue import CHOSEN_BY_KERAS, keras_catalogue

    if "name" in metric.arguments:
        return str(metric.arguments["name"])
    if metric.name in CHOSEN_BY_KERAS or metric.spelled not in ("", metric.name):
        return metric.spelled or metric.name
    entry = keras_catalogue().find("metrics", metric.name)
    default = entry.optional.get("name") if entry else None
    return str(default or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", metric.name).lower())


def logged_keys(metrics: Sequence[Component], *, validation: bool) -> list[str]:
    """Return the keys that every epoch logs."""
    keys = ["loss", *(metric_key(metric) for metric in metrics)]
    return [*keys, *(f"val_{key}" for key in keys)] if validation else keys
