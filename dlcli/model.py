"""From the model section to a compiled ``keras.Sequential``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from dlcli.backend import import_keras
from dlcli.catalogue import CHOSEN_BY_KERAS
from dlcli.config.checks import metric_key
from dlcli.config.components import PATH_ARGUMENTS, Component, parameter_kind
from dlcli.config.heads import SPARSE_LOSSES
from dlcli.config.sections import Config
from dlcli.errors import ConfigError


def build_model(config: Config, input_shape: tuple[int, ...]) -> Any:
    """Build the model of a config.

    Parameters
    ----------
    config : Config
        Checked against its data set.
    input_shape : tuple of int
        Of one preprocessed sample.

    Returns
    -------
    keras.Sequential
        Built, not compiled.

    Raises
    ------
    ConfigError
        If a layer does not take what the layer before it gives, located at that layer.
    """
    keras = import_keras()
    model = keras.Sequential([keras.Input(input_shape)], name=re.sub(r"\W+", "_", config.name))
    shape: tuple[Any, ...] = input_shape
    for layer in config.model:
        before = shape
        try:
            model.add(instantiate(layer, "layers"))
            shape = tuple(model.output_shape[1:])
        except Exception as error:
            message = f"{layer.name} does not take inputs of shape {before}: {_first_line(error)}"
            hint = _shape_hint(layer, before)
            problem = config.document.problem(layer.path, message + hint)
            raise ConfigError([problem]) from error
    if len(model.output_shape) != 2:
        last = config.model[-1]
        message = (
            f"the model's output has shape {model.output_shape[1:]}, one number per class or a "
        )
        message += "single one is needed. Add Flatten, or a pooling layer, before the last layer."
        raise ConfigError([config.document.problem(last.path, message)])
    return model


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _shape_hint(layer: Component, before: tuple[Any, ...]) -> str:
    if layer.name in ("LSTM", "GRU", "SimpleRNN") and len(before) == 1:
        return " A recurrent layer before it needs return_sequences: true."
    if layer.name.startswith("Conv") and len(before) == 1:
        return " Convolutions are for images and sequences; Reshape makes one of a row."
    return ""


def compile_model(model: Any, config: Config, *, steps_per_execution: int = 1) -> None:
    """Compile a built model with the loss, optimizer and metrics of its config.

    Parameters
    ----------
    model : keras.Sequential
    config : Config
    steps_per_execution : int
        Batches per call of the compiled training function.
    """
    units = int(model.output_shape[-1])
    model.compile(
        optimizer=instantiate(config.optimizer, "optimizers"),
        loss=instantiate(config.loss, "losses"),
        metrics=[_metric(metric, config.loss, units) for metric in config.metrics],
        steps_per_execution=steps_per_execution,
        jit_compile=False,
    )


def instantiate(component: Component, kind: str) -> Any:
    """Make the Keras object that a component names.

    Parameters
    ----------
    component : Component
    kind : str
        Its catalogue kind.
    """
    keras = import_keras()
    namespace = keras.optimizers.schedules if kind == "schedules" else getattr(keras, kind)
    arguments = {}
    for name, value in component.arguments.items():
        arguments[name] = _made(value, parameter_kind(kind, name))
    return getattr(namespace, component.name)(**arguments)


def _made(value: Any, kind: str | None) -> Any:
    """Return the value of an argument, components made into Keras objects."""
    if isinstance(value, Component) and kind:
        return instantiate(value, kind)
    if isinstance(value, tuple):
        return [_made(item, kind) for item in value]
    return value


def _metric(metric: Component, loss: Component, units: int) -> Any:
    """Make a metric under the name that the config gives it."""
    name = metric.name
    if name in CHOSEN_BY_KERAS:
        what = "Accuracy" if name.startswith("acc") else "Crossentropy"
        sparse = loss.name in SPARSE_LOSSES
        form = "SparseCategorical" if sparse else "Binary" if units == 1 else "Categorical"
        name = form + what
    arguments = {**metric.arguments, "name": metric_key(metric)}
    return instantiate(Component(name, arguments, "", metric.path), "metrics")


def make_callbacks(config: Config, folder: Path | None) -> list[Any]:
    """Make the callbacks of a config.

    Parameters
    ----------
    config : Config
    folder : Path or None
        Where callbacks may write; None leaves out those that do, as k-fold must.
    """
    made = []
    for callback in config.callbacks:
        argument = PATH_ARGUMENTS.get(callback.name)
        arguments = dict(callback.arguments)
        if argument is not None:
            if folder is None:
                continue
            arguments[argument] = str(folder / str(arguments.get(argument, "logs")))
        if callback.name == "LearningRateScheduler":
            made.append(_scheduler(callback))
            continue
        made.append(instantiate(Component(callback.name, arguments), "callbacks"))
    return made


def _scheduler(callback: Component) -> Any:
    """Make a scheduler that asks a learning-rate schedule once per epoch."""
    schedule = instantiate(callback.arguments["schedule"], "schedules")
    return import_keras().callbacks.LearningRateScheduler(lambda epoch: float(schedule(epoch)))
