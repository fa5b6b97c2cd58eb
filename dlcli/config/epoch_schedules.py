"""Learning-rate schedules of ``LearningRateScheduler``, which counts epochs.

Arguments that such a schedule leaves out follow from the config, so that a change of
``optimizer.learning_rate`` or ``fit.epochs`` is a change of the schedule.
"""

from __future__ import annotations

from collections.abc import Iterator

from dlcli.config.catalogue import inferred_arguments, keras_catalogue
from dlcli.config.components import Component
from dlcli.config.heads import Finding
from dlcli.config.parameter_values import is_number
from dlcli.config.sections import Config

SCHEDULER = "LearningRateScheduler"


def complete_schedule(config: Config, callback: Component) -> Component:
    """Return the schedule of a ``LearningRateScheduler`` with all its arguments.

    Parameters
    ----------
    config : Config
    callback : Component
    """
    schedule: Component = callback.arguments["schedule"]
    known = {
        "initial_learning_rate": _learning_rate(config.optimizer),
        "decay_steps": config.fit.epochs,
    }
    inferred = {name: known[name] for name in left_out(schedule)}
    arguments = {**inferred, **schedule.arguments}
    return Component(schedule.name, arguments, schedule.spelled, schedule.path)


def left_out(schedule: Component) -> list[str]:
    """Return the arguments that a schedule takes from the config."""
    entry = keras_catalogue().find("schedules", schedule.name)
    if entry is None:  # one of the user's own
        return []
    inferred = inferred_arguments("schedules", entry)
    return [name for name in inferred if name not in schedule.arguments]


def ends_with_training(config: Config) -> bool:
    """Tell whether a schedule depends on the number of epochs."""
    return any("decay_steps" in left_out(each) for each in _schedules(config))


def schedule_warnings(config: Config) -> Iterator[Finding]:
    """Yield a rate, or epochs, on which the numbers of a scheduler leave no effect."""
    rate = config.optimizer.arguments.get("learning_rate")
    for schedule in _schedules(config):
        initial = schedule.arguments.get("initial_learning_rate")
        if rate not in (None, initial) and "initial_learning_rate" not in left_out(schedule):
            advice = "" if initial is None else "; leave out its initial_learning_rate"
            reason = f"{rate} has no effect: {SCHEDULER} sets the rate{advice}"
            yield (*config.optimizer.path, "learning_rate"), reason
        steps = schedule.arguments.get("decay_steps")
        if schedule.name != "CosineDecay" or steps is None or not is_number(steps):
            continue
        if steps < config.fit.epochs and not schedule.arguments.get("alpha"):
            reason = f"the learning rate is 0 after {steps:g} of {config.fit.epochs} epochs"
            yield (*schedule.path, "decay_steps"), f"{reason}; leave it out to fall until the end"


def _schedules(config: Config) -> Iterator[Component]:
    for callback in config.callbacks:
        if callback.name == SCHEDULER:
            yield callback.arguments["schedule"]


def _learning_rate(optimizer: Component) -> float:
    """Return the learning rate of an optimizer, or of the one that it wraps."""
    inner = optimizer.arguments.get("inner_optimizer")
    if isinstance(inner, Component):
        return _learning_rate(inner)
    entry = keras_catalogue().find("optimizers", optimizer.name)
    default = entry.optional.get("learning_rate", 0.001) if entry is not None else 0.001
    return float(optimizer.arguments.get("learning_rate", default))
