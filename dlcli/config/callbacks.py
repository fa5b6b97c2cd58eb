"""Check what callbacks monitor, the files they write, and that they can set the learning rate."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dlcli.config.components import Component
from dlcli.config.heads import Finding
from dlcli.config.metrics import logged_keys, metric_key
from dlcli.config.sections import Config
from dlcli.errors import ConfigError, did_you_mean

MONITORING = ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau")
RATE_SETTERS = ("LearningRateScheduler", "ReduceLROnPlateau")
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
    elif not unused and arguments.get("mode", "auto") == "auto":
        counts = [metric_key(metric) for metric in metrics if metric.name in COUNT_METRICS]
        if monitor.removeprefix("val_") in counts:
            yield callback.path, f"set mode to min or max: Keras cannot infer it for {monitor!r}"


def _file_errors(checkpoint: Component, keys: Sequence[str]) -> Iterator[Finding]:
    """Yield the problems of the file name of a ``ModelCheckpoint``."""
    pattern = str(checkpoint.arguments.get("filepath", ""))
    path = (*checkpoint.path, "filepath")
    for name in re.findall(r"\{(\w+)[^{}]*\}", pattern):
        if name not in ("epoch", *keys):
            yield path, _not_logged(f"{{{name}}}", name, keys)
    ending = ".weights.h5" if checkpoint.arguments.get("save_weights_only") else ".keras"
    if not pattern.endswith(ending):
        yield path, f"must end in {ending}, got {pattern!r}"


def _not_logged(spelling: str, name: str, keys: Sequence[str]) -> str:
    if name.startswith("val_") and name.removeprefix("val_") in keys:
        advice = "There are no validation rows: set split.validation, or monitor a training metric."
    else:
        advice = did_you_mean(name, keys) or f"Choose from {', '.join(keys)}."
    return f"{spelling} will not exist. {advice}"


def schedule_errors(config: Config) -> Iterator[Finding]:
    """Yield callbacks that set a learning rate which a schedule of the optimizer already sets."""
    if not isinstance(config.optimizer.arguments.get("learning_rate"), Component):
        return
    for callback in config.callbacks:
        if callback.name in RATE_SETTERS:
            reason = "cannot be combined with a learning-rate schedule in the optimizer"
            yield callback.path, f"{callback.name} {reason}"
