"""Check configs of targets with several labels per row, and fill in what such targets need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from dlcli.config.components import Component
from dlcli.config.heads import HINGE_LOSSES, SOFTMAXES, VECTOR_LOSSES, Finding, Head
from dlcli.config.known import Facts
from dlcli.config.metrics import F_SCORES, metric_key
from dlcli.config.sections import Config
from dlcli.errors import plural, unknown

MAX_LISTED = 5
# Of the names that Keras resolves by the shape of the outputs, those for labels.
METRICS_OF_LABELS = {
    "accuracy": "BinaryAccuracy", "acc": "BinaryAccuracy", "crossentropy": "BinaryCrossentropy",
    "ce": "BinaryCrossentropy",
}  # fmt: skip


def label_errors(head: Head, loss: Component, facts: Facts) -> Iterator[Finding]:
    """Yield heads and losses that cannot work with several labels per row.

    Parameters
    ----------
    head : Head
    loss : Component
    facts : Facts
        Of several labels.
    """
    labels = f"{facts.num_classes} labels ({_listed(facts)}), of which a row has several"
    if head.activation in SOFTMAXES:
        reason = f"{head.activation} is for classes that exclude each other"
        yield head.path, f"{reason}, but the target has {labels}; use sigmoid"
    if loss.name in VECTOR_LOSSES:
        reason = "is for classes that exclude each other"
        advice = "use binary_crossentropy with sigmoid"
        yield loss.path, f"{reason}, but the target has {labels}; {advice}"
    if head.units is not None and head.units != facts.num_classes:
        noun = "filter" if "filters" in head.layer.arguments else "unit"
        message = f"the target has {labels}, but the last layer has {plural(head.units, noun)}"
        yield head.layer.path, f"{message}; use {facts.num_classes}"


def _listed(facts: Facts) -> str:
    rest = ", …" if len(facts.class_names) > MAX_LISTED else ""
    return ", ".join(facts.class_names[:MAX_LISTED]) + rest


def threshold_errors(config: Config, facts: Facts | None) -> Iterator[Finding]:
    """Yield thresholds that the target does not have."""
    thresholds, path = config.thresholds, ("thresholds",)
    if thresholds is None or facts is None:
        return
    if facts.task != "multilabel":
        yield path, "is for targets with several labels per row; remove it"
        return
    if config.loss.name in HINGE_LOSSES:
        yield path, "this loss gives scores, not probabilities; use binary_crossentropy"
    if isinstance(thresholds, Mapping):
        for name in thresholds:
            if name not in facts.class_names:
                yield (*path, name), unknown("label", name, facts.class_names)
    elif config.split.validation_share == 0 and config.split.column is None:
        yield path, "'tune' needs validation rows; set `split: {validation: 0.2}`"


def calibration_errors(config: Config, facts: Facts | None) -> Iterator[Finding]:
    """Yield calibrations that cannot be fitted."""
    path = ("calibrate",)
    if config.calibrate is False:
        return
    if config.loss.name in HINGE_LOSSES:
        yield path, "this loss gives scores, not probabilities; use binary_crossentropy"
    # Whether rows are marked for validation is known when they are split.
    is_marked = config.split.column is not None or (facts is not None and facts.official_test)
    if facts is not None and config.split.validation_share == 0 and not is_marked:
        yield path, "needs validation rows; set `split: {validation: 0.2}`"


def stratify_warnings(config: Config, facts: Facts | None) -> Iterator[Finding]:
    """Yield the wish to stratify by several labels, which is not done."""
    is_wish = config.split.stratify and "stratify" in config.split.model_fields_set
    if facts is not None and facts.task == "multilabel" and is_wish:
        yield ("split", "stratify"), "rows with several labels are split at random; remove it"


def resolve_labels(config: Config, facts: Facts) -> Config:
    """Choose the metrics of labels, and split at random.

    Keras would choose metrics by the shape of the outputs, and takes several for those of classes
    that exclude each other.
    """
    if facts.task != "multilabel":
        return config
    metrics = tuple(_of_labels(metric) for metric in config.metrics)
    split = config.split.model_copy(update={"stratify": False})
    return config.model_copy(update={"metrics": metrics, "split": split})


def _of_labels(metric: Component) -> Component:
    name = METRICS_OF_LABELS.get(metric.name)
    if name is not None:
        return Component(name, {"name": metric_key(metric)}, "", metric.path)
    if metric.name in F_SCORES and metric.arguments.get("threshold") is None:
        return replace(metric, arguments={**metric.arguments, "threshold": 0.5})
    return metric
