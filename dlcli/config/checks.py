"""Check whether the sections of a config fit each other and the data set, before any training."""

from __future__ import annotations

from collections.abc import Iterator

from dlcli.config.callbacks import monitor_errors, optimizer_errors
from dlcli.config.components import Component
from dlcli.config.default_network import replace_auto
from dlcli.config.ensembles import ensemble_errors, ensemble_warnings
from dlcli.config.epoch_schedules import schedule_warnings
from dlcli.config.heads import Finding, find_head, output_units
from dlcli.config.known import Facts
from dlcli.config.label_checks import (
    calibration_errors,
    resolve_labels,
    stratify_warnings,
    threshold_errors,
)
from dlcli.config.layers import layer_errors, layer_warnings
from dlcli.config.loaders import FilesLoader
from dlcli.config.loss_checks import head_errors, head_warnings
from dlcli.config.metrics import metric_errors, metric_warnings, repeated_metrics
from dlcli.config.own_loaders import OwnLoader
from dlcli.config.sections import Config
from dlcli.config.table_loaders import CsvLoader, Table
from dlcli.config.target_checks import network_facts, target_scale_warnings, target_step_errors
from dlcli.errors import ConfigError, unknown


def find_errors(config: Config, facts: Facts | None) -> list[Finding]:
    """Return everything that cannot work.

    Parameters
    ----------
    config : Config
    facts : Facts or None
        The facts of the data set, if they are known yet.
    """
    if config.has_model:
        return []
    head = find_head(config.model)
    # A column may mark validation rows; whether it does is known when the table is read.
    validation = config.split.validation != 0 or config.split.column is not None
    findings = [
        *monitor_errors(config, validation=validation),
        *optimizer_errors(config),
        *metric_errors(config.metrics, config.loss, head, facts),
        *repeated_metrics(config.metrics),
        *layer_errors(config, facts),
        *ensemble_errors(config),
        *_split_errors(config, facts),
        *_class_weight_errors(config, facts),
        *threshold_errors(config, facts),
        *calibration_errors(config, facts),
        *target_step_errors(config),
    ]
    if head is not None and not any(target_step_errors(config)):
        findings += head_errors(head, config.loss, network_facts(config, facts))
    return findings


def find_warnings(config: Config, facts: Facts | None) -> list[Finding]:
    """Return everything that works but is probably a mistake."""
    head = find_head(config.model)
    findings = (
        list(head_warnings(head, config.loss, network_facts(config, facts)))
        if head is not None
        else []
    )
    findings += target_scale_warnings(config, head, facts) if head is not None else ()
    findings += layer_warnings(config, facts)
    findings += ensemble_warnings(config)
    findings += metric_warnings(config.metrics, facts)
    findings += stratify_warnings(config, facts)
    findings += _learning_rate_warnings(config.optimizer)
    findings += schedule_warnings(config)
    for callback in config.callbacks:
        if callback.name == "EarlyStopping" and callback.arguments.get("patience", 0) == 0:
            message = "patience is 0 by default: training stops at the first epoch without progress"
            findings.append((callback.path, message))
        if callback.arguments.get("verbose"):
            message = "has no effect: dlcli prints a line for each epoch itself; remove it"
            findings.append(((*callback.path, "verbose"), message))
    return findings


def check_data(config: Config, facts: Facts) -> Config:
    """Check a config against the data set that was loaded.

    Returns
    -------
    Config
        With the units of the last layer and the warnings.

    Raises
    ------
    ConfigError
        With every contradiction between config and data.
    """
    config = replace_auto(config, facts)
    findings = find_errors(config, facts)
    if findings:
        raise ConfigError(config.document.problem(*finding) for finding in findings)
    warnings = [config.document.problem(*finding) for finding in find_warnings(config, facts)]
    return resolve_labels(infer_units(config, facts), facts).attach(
        config.name, config.document, tuple(dict.fromkeys((*config.warnings, *warnings)))
    )


def infer_units(config: Config, facts: Facts) -> Config:
    """Add the number of outputs to a last ``Dense`` without ``units``."""
    head = find_head(config.model)
    if head is None or not head.infers_units:
        return config
    dense = head.layer
    arguments = {"units": output_units(head, config.loss, facts), **dense.arguments}
    layers = list(config.model)
    layers[head.index] = Component(dense.name, arguments, dense.spelled, dense.path)
    return config.model_copy(update={"model": tuple(layers)})


def _learning_rate_warnings(optimizer: Component) -> Iterator[Finding]:
    rate = optimizer.arguments.get("learning_rate")
    path = (*optimizer.path, "learning_rate")
    if isinstance(rate, Component):
        path = (*rate.path, "initial_learning_rate")
        rate = rate.arguments.get("initial_learning_rate")
    if isinstance(rate, int | float) and rate > 1:
        yield path, f"{rate:g} is very large; 0.001 is usual"


def _split_errors(config: Config, facts: Facts | None) -> Iterator[Finding]:
    """Yield settings of ``split`` that the data set does not support."""
    if facts and facts.official_test and config.split.test is not None:
        yield ("split", "test"), "this data set has official test rows; remove 'test'"
    loader = config.dataset.loader
    is_series = isinstance(loader, CsvLoader) and loader.window is not None
    if isinstance(loader, Table | OwnLoader) and not is_series:
        return
    for key in ("column", "group"):
        if getattr(config.split, key) is None:
            continue
        if is_series:
            yield ("split", key), "a series is split in time order; remove it"
        elif isinstance(loader, FilesLoader) and loader.lists_files:
            continue  # columns of the table
        elif key == "group" and isinstance(loader, FilesLoader):
            field = f"{{{config.split.group}}}"
            if field not in (loader.pattern or ""):
                yield ("split", key), f"the pattern of the loader has no {field}"
        else:
            yield ("split", key), "is only for tables in text files"


def _class_weight_errors(config: Config, facts: Facts | None) -> Iterator[Finding]:
    weights, path = config.fit.class_weight, ("fit", "class_weight")
    if not weights or facts is None:
        return
    if facts.task == "regression":
        yield path, "the target is a number and has no classes"
    elif facts.task == "multilabel":
        yield path, "weights the rows of classes that exclude each other; remove it"
    elif isinstance(weights, dict) and facts.class_names:
        for name in weights:
            if name not in facts.class_names:
                yield (*path, name), unknown("class", name, facts.class_names)
        if not any(weights.get(name, 1.0) for name in facts.class_names):
            yield path, "every class has weight 0, so nothing would be learned"
