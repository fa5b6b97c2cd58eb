"""Check what callbacks monitor, the files they write, and what they need of the optimizer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dlcli.config.components import Component
from dlcli.config.heads import Finding
from dlcli.config.metrics import better_when, is_share, logged_keys, metric_key
from dlcli.config.parameter_values import is_number
from dlcli.config.sections import Config
from dlcli.errors import ConfigError, did_you_mean

MONITORING = ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau")
RATE_SETTERS = ("LearningRateScheduler", "ReduceLROnPlateau")
CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")
# Keras does not know whether less or more of these is better.
COUNT_METRICS = ("FalseNegatives", "FalsePositives", "TrueNegatives", "TruePositives")


def check_monitors(config: Config, *, validation: bool) -> None:
    """Check what callbacks monitor, once it is known whether there are validation rows.

    Raises
    ------
    ConfigError
        If a callback monitors a value that is not logged.
    """
    findings = list(monitor_errors(config, validation=validation))
    if findings:
        raise ConfigError(config.document.problem(*finding) for finding in findings)


def monitor_errors(config: Config, *, validation: bool) -> Iterator[Finding]:
    """Yield callbacks that use values which are not logged.

    Parameters
    ----------
    config : Config
    validation : bool
        Whether there are validation rows.
    """
    keys = logged_keys(config.metrics, validation=validation)
    for callback in config.callbacks:
        if callback.name in MONITORING:
            yield from _monitor_errors(callback, keys, config.metrics)
        if callback.name == "ModelCheckpoint":
            yield from _file_errors(callback, keys)


def _monitor_errors(
    callback: Component, keys: Sequence[str], metrics: Sequence[Component]
) -> Iterator[Finding]:
    arguments = callback.arguments
    monitor = str(arguments.get("monitor", "val_loss"))
    # A checkpoint that saves every epoch does not use its monitor.
    unused = callback.name == "ModelCheckpoint" and not arguments.get("save_best_only")
    if monitor not in keys:
        if "monitor" in arguments:
            yield (*callback.path, "monitor"), _not_logged(f"monitor {monitor!r}", monitor, keys)
        elif not unused:
            yield callback.path, _not_logged(f"monitor {monitor!r}", monitor, keys)
    elif not unused:
        yield from _direction_errors(callback, monitor, metrics)


def _direction_errors(
    callback: Component, monitor: str, metrics: Sequence[Component]
) -> Iterator[Finding]:
    """Yield a mode and thresholds with which a callback would act at once, or never."""
    arguments = callback.arguments
    key, mode = monitor.removeprefix("val_"), arguments.get("mode", "auto")
    metric = next((metric for metric in metrics if metric_key(metric) == key), None)
    better = "min" if key == "loss" else better_when(metric) if metric is not None else None
    is_unclear = metric is not None and (better is None or metric.name in COUNT_METRICS)
    if mode == "auto" and is_unclear:
        yield callback.path, f"set mode to min or max: Keras cannot infer it for {monitor!r}"
    if mode in ("min", "max") and better is not None and mode != better:
        degree = "larger" if better == "max" else "smaller"
        message = f"{monitor!r} is better the {degree} it is; set mode: {better}, or remove mode"
        yield (*callback.path, "mode"), message
    if metric is None or not is_share(metric):
        return
    for name in ("min_delta", "baseline"):
        value = arguments.get(name, 0)
        if is_number(value) and abs(value) >= 1:
            message = f"{monitor!r} lies between 0 and 1, so it never gets better by {value:g}"
            if name == "baseline":
                message = f"{monitor!r} lies between 0 and 1, so it never gets above {value:g}"
            yield (*callback.path, name), message


def _file_errors(checkpoint: Component, keys: Sequence[str]) -> Iterator[Finding]:
    """Yield the problems of the file name of a ``ModelCheckpoint``."""
    pattern = str(checkpoint.arguments.get("filepath", ""))
    path = (*checkpoint.path, "filepath")
    for name in re.findall(r"\{(\w+)[^{}]*\}", pattern):
        if name not in ("epoch", *keys):
            yield path, _not_logged(f"{{{name}}}", name, keys)
    ending = ".weights.h5" if checkpoint.arguments.get("save_weights_only") else ".keras"
    if not pattern.endswith(ending):
        yield path, f"must end in {ending}, as Keras 3 writes it, got {pattern!r}"


def _not_logged(spelling: str, name: str, keys: Sequence[str]) -> str:
    if name.startswith("val_") and name.removeprefix("val_") in keys:
        advice = "There are no validation rows: set split.validation, or monitor a training metric."
    else:
        advice = did_you_mean(name, keys) or f"Choose from {', '.join(keys)}."
    return f"{spelling} will not exist. {advice}"


def optimizer_errors(config: Config) -> Iterator[Finding]:
    """Yield settings of the optimizer, and of callbacks that depend on it, that cannot work."""
    arguments = config.optimizer.arguments
    clips = [name for name in CLIPPING if arguments.get(name) is not None]
    if len(clips) > 1:
        yield config.optimizer.path, f"only one of {' and '.join(clips)} is possible; remove one"
    rate = arguments.get("learning_rate")
    yield from _schedule_errors(rate)
    for callback in config.callbacks:
        yield from _schedule_errors(callback.arguments.get("schedule"))
        if callback.name in RATE_SETTERS and isinstance(rate, Component):
            reason = "cannot be combined with a learning-rate schedule in the optimizer"
            yield callback.path, f"{callback.name} {reason}"
        if callback.name == "SwapEMAWeights" and arguments.get("use_ema") is not True:
            name = config.optimizer.spelled or config.optimizer.name
            reason = "needs the moving average of the weights, which the optimizer does not keep"
            yield (
                callback.path,
                f"{callback.name} {reason}; write `optimizer: {{{name}: {{use_ema: true}}}}`",
            )


def _schedule_errors(schedule: object) -> Iterator[Finding]:
    """Yield a schedule whose steps and values do not fit each other."""
    if not isinstance(schedule, Component) or schedule.name != "PiecewiseConstantDecay":
        return
    boundaries, values = (schedule.arguments.get(name) for name in ("boundaries", "values"))
    if not isinstance(boundaries, list) or not isinstance(values, list):
        return
    if not all(map(is_number, boundaries)):  # reported by the reader
        return
    if len(values) != len(boundaries) + 1:
        wanted = f"one value more than boundaries: {len(boundaries) + 1}, got {len(values)}"
        yield (*schedule.path, "values"), f"expected {wanted}"
    if sorted(set(boundaries)) != boundaries:
        yield (*schedule.path, "boundaries"), f"expected increasing steps, got {boundaries}"
