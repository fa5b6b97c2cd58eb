"""From the model section to a compiled ``keras.Sequential``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from dlcli.config.components import PATH_ARGUMENTS, Component, parameter_kind
from dlcli.config.heads import possible_units
from dlcli.config.known import Facts
from dlcli.config.metrics import resolve_metric
from dlcli.config.sections import Config
from dlcli.errors import ConfigError, first_line
from dlcli.network.backend import import_keras
from dlcli.network.hardware import dtype_policy, use_xla
from dlcli.network.memory import check_weights


def build_model(config: Config, input_shape: tuple[int, ...], facts: Facts | None = None) -> Any:
    """Build the model of a config.

    Parameters
    ----------
    config : Config
        Checked against its data set.
    input_shape : tuple of int
        Of one preprocessed sample.
    facts : Facts, optional
        What the outputs must fit.

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
    # TensorFlow's scopes are ASCII; a config may be called 학생.yaml.
    name = re.sub(r"[^A-Za-z0-9]+", "_", config.name).strip("_") or "model"
    # It keeps the policy float32 itself: with another one it would round its inputs, which may
    # be the numbers of words.
    model = keras.Sequential([keras.Input(input_shape)], name=name)
    shape: tuple[Any, ...] = input_shape
    for index in range(len(config.model)):
        shape = _add_layer(model, config, index, shape)
    wrong = _output_complaint(tuple(model.output_shape[1:]), facts)
    if wrong:
        raise ConfigError([config.document.problem(config.model[-1].path, wrong)])
    return model


def _add_layer(model: Any, config: Config, index: int, before: tuple[Any, ...]) -> tuple[Any, ...]:
    """Add a layer to what comes `before` it, and return the shape of its output."""
    layer = config.model[index]
    # Losses, metrics and predictions want exact outputs.
    last = index == len(config.model) - 1
    complaint = layer.name
    try:
        check_weights(layer, before)
        with dtype_policy("float32" if last else config.hardware.dtype_policy):
            made = instantiate(layer, "layers")
            complaint = f"{layer.name} does not take inputs of shape {before}"
            model.add(made)
        return tuple(model.output_shape[1:])
    except Exception as error:
        said = first_line(error)
        if "OOM" in said or isinstance(error, MemoryError):
            complaint, said = layer.name, "there is not enough memory for its weights"
        hint = _shape_hint(layer, before, config.model[index - 1] if index else None)
        said = f"{said.rstrip('.')}.{hint}" if hint else said
        problem = config.document.problem(layer.path, f"{complaint}: {said}")
        raise ConfigError([problem]) from error


def _output_complaint(shape: tuple[Any, ...], facts: Facts | None) -> str:
    """Say how the model's output does not fit the target, or nothing."""
    if len(shape) != 1:
        advice = "Add Flatten, or a pooling layer, before the last layer."
        wanted = "one number" if facts and facts.task == "regression" else "one number per class"
        return f"the model's output has shape {shape}, not {wanted}. {advice}"
    if facts is None:
        return ""
    units = possible_units(facts)
    if shape[0] in units:
        return ""
    return f"the model has {shape[0]} outputs; the target needs {' or '.join(map(str, units))}"


def _shape_hint(layer: Component, before: tuple[Any, ...], previous: Component | None) -> str:
    recurrent = ("LSTM", "GRU", "SimpleRNN", "Bidirectional")
    wants_more = layer.name in recurrent or layer.name.startswith(("Conv", "MaxPool", "Average"))
    if len(before) == 1 and wants_more:
        if previous is not None and previous.name in recurrent:
            return f" Give the {previous.name} before it return_sequences: true."
        if previous is not None and previous.name.startswith(("Flatten", "Global")):
            return f" The {previous.name} before it leaves a row of numbers; move it behind."
        what = "Recurrent layers are" if layer.name in recurrent else "Convolutions are"
        return f" {what} for images and sequences; Reshape makes one of a row."
    if len(before) > 1 and _outgrows(layer, before):
        return " Its window is larger than what comes in; make it smaller, or set padding: same."
    return ""


def _outgrows(layer: Component, before: tuple[Any, ...]) -> bool:
    """Tell whether a convolution or pooling looks at more than there is."""
    window = layer.arguments.get("kernel_size", layer.arguments.get("pool_size"))
    sizes = window if isinstance(window, list | tuple) else [window] * (len(before) - 1)
    pairs = zip(sizes, before[:-1], strict=False)
    return any(isinstance(size, int) and side and size > side for size, side in pairs)


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
    metrics = [resolve_metric(metric, config.loss, units) for metric in config.metrics]
    optimizer = _checked(config, config.optimizer, "optimizers")
    if config.hardware.dtype_policy == "mixed_float16":
        optimizer = _scaling_losses(optimizer)
    model.compile(
        optimizer=optimizer,
        loss=_checked(config, config.loss, "losses"),
        metrics=[_checked(config, metric, "metrics") for metric in metrics],
        steps_per_execution=steps_per_execution,
        jit_compile=False,
    )
    if config.hardware.jit_compile:
        use_xla(model, config)
    # Some optimizers start their slots from the weights, which must be the first ones. An optimizer
    # in another would hide some of its variables, were it not built before.
    inner = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    inner.build(model.trainable_variables)
    model.optimizer.build(model.trainable_variables)


def _scaling_losses(optimizer: Any) -> Any:
    """Keep small gradients from vanishing in float16, as ``compile`` does for its own policy."""
    scaling = import_keras().optimizers.LossScaleOptimizer
    return optimizer if isinstance(optimizer, scaling) else scaling(optimizer)


def _checked(config: Config, component: Component, kind: str) -> Any:
    """Make a Keras object; what Keras objects to is a problem of the config."""
    try:
        return instantiate(component, kind)
    except ConfigError:
        raise
    except Exception as error:
        problem = config.document.problem(component.path, f"{component.name}: {first_line(error)}")
        raise ConfigError([problem]) from error


def instantiate(component: Component, kind: str) -> Any:
    """Make the Keras object that a component names.

    Parameters
    ----------
    component : Component
    kind : str
        Its catalogue kind.
    """
    arguments = {}
    for name, value in component.arguments.items():
        arguments[name] = _made(value, parameter_kind(kind, name))
    return getattr(_namespace(component, kind), component.name)(**arguments)


def _namespace(component: Component, kind: str) -> Any:
    """Return the module that has a component."""
    if component.name == "ModelCheckpoint":
        from dlcli.network import model_checkpoint

        return model_checkpoint
    keras = import_keras()
    return keras.optimizers.schedules if kind == "schedules" else getattr(keras, kind)


def _made(value: Any, kind: str | None) -> Any:
    """Return the value of an argument, components made into Keras objects."""
    if isinstance(value, Component) and kind:
        return instantiate(value, kind)
    if isinstance(value, tuple):
        return [_made(item, kind) for item in value]
    return value


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
        # Keras prints to standard output, which is for results.
        arguments = {name: v for name, v in callback.arguments.items() if name != "verbose"}
        if argument is not None:
            if folder is None:
                continue
            arguments[argument] = str(folder / str(arguments.get(argument, "logs")))
        if callback.name == "LearningRateScheduler":
            schedule = _checked(config, callback.arguments["schedule"], "schedules")
            made.append(_scheduler(schedule))
            continue
        complete = Component(callback.name, arguments, "", callback.path)
        made.append(_checked(config, complete, "callbacks"))
    return made


def _scheduler(schedule: Any) -> Any:
    """Make a scheduler that asks a learning-rate schedule once per epoch."""
    return import_keras().callbacks.LearningRateScheduler(lambda epoch: float(schedule(epoch)))
