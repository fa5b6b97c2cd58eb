"""What a config can be told before any work: all that needs no data, or only its facts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dlcli.config.components import Component
from dlcli.config.heads import (
    Finding,
    find_head,
    head_errors,
    head_warnings,
    metric_errors,
    output_units,
)
from dlcli.config.known import Facts
from dlcli.config.layers import layer_errors, layer_warnings
from dlcli.config.loaders import CsvLoader, FilesLoader, Table
from dlcli.config.metrics import logged_keys, metric_key
from dlcli.config.sections import Config
from dlcli.errors import ConfigError, did_you_mean

MONITORS = ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau")

# Keras does not know which direction of these is better.
COUNTS = ("FalseNegatives", "FalsePositives", "TrueNegatives", "TruePositives")


def has_validation(config: Config) -> bool:
    """Tell whether a run of the config has validation rows, as far as it can be known."""
    return config.split.validation > 0 or config.split.column is not None


def errors(config: Config, facts: Facts | None) -> list[Finding]:
    """Find everything that cannot work.

    Parameters
    ----------
    config : Config
    facts : Facts or None
        What is known of the data set so far.
    """
    found = list(_monitor_errors(config, validation=has_validation(config)))
    found += metric_errors(config.metrics, config.loss, find_head(config.model), facts)
    found += layer_errors(config, facts)
    found += _rate_errors(config)
    found += _repeated_metrics(config.metrics)
    head = find_head(config.model)
    if head is not None:
        found += head_errors(head, config.loss, facts)
    for index, layer in enumerate(config.model):
        last = head is not None and index == head.index
        if layer.name == "Dense" and "units" not in layer.arguments and not last:
            found.append((layer.path, "Dense needs 'units'; only the last one is inferred"))
    found += _split_errors(config, facts)
    return found


def warnings(config: Config, facts: Facts | None) -> list[Finding]:
    """Find everything that works and is probably not meant."""
    found: list[Finding] = []
    head = find_head(config.model)
    if head is not None:
        found += head_warnings(head, config.loss, facts)
    found += layer_warnings(config, facts)
    rate = config.optimizer.arguments.get("learning_rate")
    where = (*config.optimizer.path, "learning_rate")
    if isinstance(rate, Component):
        where = (*rate.path, "initial_learning_rate")
        rate = rate.arguments.get("initial_learning_rate")
    if isinstance(rate, int | float) and rate > 1:
        found.append((where, f"{rate:g} is very large; 0.001 is usual"))
    for callback in config.callbacks:
        if callback.name == "EarlyStopping" and callback.arguments.get("patience", 0) == 0:
            message = "patience is 0 by default: the first epoch without progress ends the training"
            found.append((callback.path, message))
    return found


def check_data(config: Config, facts: Facts) -> Config:
    """Check a config against the data set it met, and fill in what the data decides.

    Returns
    -------
    Config
        With the last layer's size.

    Raises
    ------
    ConfigError
        With every contradiction between config and data.
    """
    found = errors(config, facts)
    if found:
        raise ConfigError(config.document.problem(path, message) for path, message in found)
    noted = [config.document.problem(path, message) for path, message in warnings(config, facts)]
    return complete(config, facts).attach(
        config.name, config.document, tuple(dict.fromkeys((*config.warnings, *noted)))
    )


def complete(config: Config, facts: Facts) -> Config:
    """Give the last ``Dense`` its units, where the config leaves them to the data set."""
    head = find_head(config.model)
    if head is None or head.units is not None:
        return config
    layers = list(config.model)
    units = output_units(head, config.loss, facts)
    layers[head.index] = Component(
        head.dense.name,
        {"units": units, **head.dense.arguments},
        head.dense.spelled,
        head.dense.path,
    )
    return config.model_copy(update={"model": tuple(layers)})


def check_monitors(config: Config, *, validation: bool) -> None:
    """Check what callbacks monitor, once it is known whether there are validation rows.

    Raises
    ------
    ConfigError
        If a callback watches what will not be measured.
    """
    found = list(_monitor_errors(config, validation=validation))
    if found:
        raise ConfigError(config.document.problem(path, message) for path, message in found)


def _monitor_errors(config: Config, *, validation: bool) -> Iterator[Finding]:
    available = logged_keys(config.metrics, validation=validation)
    for callback in config.callbacks:
        path = callback.path
        if callback.name in MONITORS:
            monitor = callback.arguments.get("monitor", "val_loss")
            # A checkpoint that keeps every epoch does not look at its monitor.
            idle = callback.name == "ModelCheckpoint" and not callback.arguments.get(
                "save_best_only"
            )
            explicit = "monitor" in callback.arguments
            if monitor not in available and (explicit or not idle):
                where = (*path, "monitor") if explicit else path
                yield (
                    where,
                    f"monitor {monitor!r} will not exist. {_advice(str(monitor), available)}",
                )
            elif callback.name == "EarlyStopping" or not idle:
                yield from _mode_errors(callback, str(monitor), config.metrics)
        if callback.name == "ModelCheckpoint":
            yield from _pattern_errors(callback, available)


def _advice(name: str, available: Sequence[str]) -> str:
    if name.startswith("val_") and name.removeprefix("val_") in available:
        return "There are no validation rows: set split.validation, or monitor the training's own."
    return did_you_mean(name, available) or f"Choose from {', '.join(available)}."


def _mode_errors(
    callback: Component, monitor: str, metrics: Sequence[Component]
) -> Iterator[Finding]:
    counts = [metric_key(metric) for metric in metrics if metric.name in COUNTS]
    automatic = callback.arguments.get("mode", "auto") == "auto"
    if automatic and monitor.removeprefix("val_") in counts:
        yield callback.path, f"say with mode: min or max which {monitor!r} is better"


def _pattern_errors(callback: Component, available: Sequence[str]) -> Iterator[Finding]:
    pattern = str(callback.arguments.get("filepath", ""))
    path = (*callback.path, "filepath")
    for name in re.findall(r"\{(\w+)[^{}]*\}", pattern):
        if name not in ("epoch", *available):
            yield path, f"{{{name}}} will not exist. {_advice(name, available)}"
    weights = callback.arguments.get("save_weights_only", False)
    ending = ".weights.h5" if weights else ".keras"
    if not pattern.endswith(ending):
        yield path, f"must end in {ending}, got {pattern!r}"


def _rate_errors(config: Config) -> Iterator[Finding]:
    """Keras cannot set a learning rate that a schedule decides already."""
    if not isinstance(config.optimizer.arguments.get("learning_rate"), Component):
        return
    for callback in config.callbacks:
        if callback.name in ("LearningRateScheduler", "ReduceLROnPlateau"):
            yield (
                callback.path,
                f"{callback.name} and a schedule in the optimizer exclude each other",
            )


def _repeated_metrics(metrics: Sequence[Component]) -> Iterator[Finding]:
    seen: set[str] = {"loss"}
    for metric in metrics:
        key = metric_key(metric)
        if key in seen:
            yield metric.path, f"{key!r} would be logged twice; give one of them a name"
        seen.add(key)


def _aside_errors(config: Config) -> Iterator[Finding]:
    """Find columns of the split where the data have none."""
    loader = config.dataset.loader
    series = isinstance(loader, CsvLoader) and loader.window is not None
    if isinstance(loader, Table) and not series:
        return
    for key in ("column", "group"):
        if getattr(config.split, key) is None:
            continue
        if series:
            yield ("split", key), "a series is split in the order of time"
        elif key == "group" and isinstance(loader, FilesLoader):
            if f"{{{config.split.group}}}" not in (loader.pattern or ""):
                yield ("split", key), f"the loader's pattern has no {{{config.split.group}}}"
        else:
            yield ("split", key), "is for tables from a text file"


def _split_errors(config: Config, facts: Facts | None) -> Iterator[Finding]:
    if facts and facts.official_test and config.split.test is not None:
        yield ("split", "test"), "this data set has official test rows; leave 'test' out"
    yield from _aside_errors(config)
    if isinstance(config.fit.class_weight, dict) and facts and facts.class_names:
        for name in config.fit.class_weight:
            if name not in facts.class_names:
                hint = (
                    did_you_mean(name, facts.class_names)
                    or f"Classes: {', '.join(facts.class_names)}."
                )
                yield ("fit", "class_weight", name), f"no class {name!r}. {hint}"
        if not any(config.fit.class_weight.get(name, 1.0) for name in facts.class_names):
            yield ("fit", "class_weight"), "every class has weight 0, so nothing would be learned"
    if config.fit.class_weight and facts and facts.task == "regression":
        yield ("fit", "class_weight"), "the target is a number and has no classes"
