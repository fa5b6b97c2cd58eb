"""Build and compile the model of a config, with its callbacks."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from dlcli.config.components import PATH_ARGUMENTS, Component, parameter_kind
from dlcli.config.epoch_schedules import complete_schedule
from dlcli.config.known import Facts
from dlcli.config.metrics import resolve_metric
from dlcli.config.own_components import find_own, is_own_object
from dlcli.config.sections import Config
from dlcli.config.shape_messages import output_problem, shape_hint
from dlcli.errors import ConfigError
from dlcli.network.backend import import_keras
from dlcli.network.code_files import error_text
from dlcli.network.hardware import dtype_policy, use_xla
from dlcli.network.memory import check_weights
from dlcli.network.recordings import limit_each_recording
from dlcli.network.registration import instantiate_own
from dlcli.network.target_metrics import measure_in_target_unit

Shape = tuple[Any, ...]


def build_model(config: Config, input_shape: tuple[int, ...], facts: Facts | None = None) -> Any:
    """Build the model of a config.

    Parameters
    ----------
    config : Config
        Checked against its data set.
    input_shape : tuple of int
        Shape of one preprocessed sample.
    facts : Facts, optional
        The target, to check the number of outputs.

    Returns
    -------
    keras.Sequential
        Built, not compiled.

    Raises
    ------
    ConfigError
        If a layer cannot be built or does not accept the output of the layer before it, at the
        line of that layer.
    """
    keras = import_keras()
    # TensorFlow allows only ASCII in names; a config may be called 학생.yaml.
    name = re.sub(r"[^A-Za-z0-9]+", "_", config.name).strip("_") or "model"
    # The model itself keeps the dtype policy float32. With float16 or bfloat16 it would round its
    # inputs, which can be word indices.
    model = keras.Sequential([keras.Input(input_shape)], name=name)
    shape: Shape = input_shape
    for index in range(len(config.model)):
        shape = _add_layer(model, config, index, shape)
    message = output_problem(tuple(model.output_shape[1:]), facts, config.model)
    if message:
        raise ConfigError([config.document.problem(config.model[-1].path, message)])
    return model


def _add_layer(model: Any, config: Config, index: int, input_shape: Shape) -> Shape:
    """Add a layer and return the shape of its output."""
    component = config.model[index]
    # The outputs stay float32: losses, metrics and predictions need exact values.
    is_last = index == len(config.model) - 1
    subject, layer = component.name, None
    try:
        check_weights(component, input_shape)
        with dtype_policy("float32" if is_last else config.hardware.dtype_policy):
            layer = instantiate(component, "layers", input_shape)
            subject = f"{component.name} does not accept inputs of shape {input_shape}"
            model.add(layer)
        return tuple(model.output_shape[1:])
    except Exception as error:
        reason = _call_error(layer, input_shape) or error_text(error)
        if "OOM" in reason or isinstance(error, MemoryError):
            subject, reason = component.name, "there is not enough memory for its weights"
        hint = shape_hint(component, input_shape, config.model[index - 1] if index else None)
        reason = f"{reason.rstrip('.')}. {hint}" if hint else reason
        problem = config.document.problem(component.path, f"{subject}: {reason}")
        raise ConfigError([problem]) from error


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
    optimizer = _instantiate_for(config, config.optimizer, "optimizers")
    if config.hardware.dtype_policy == "mixed_float16":
        optimizer = _with_loss_scaling(optimizer)
    model.compile(
        optimizer=optimizer,
        loss=_instantiate_for(config, config.loss, "losses"),
        metrics=[_instantiate_for(config, metric, "metrics") for metric in metrics],
        steps_per_execution=steps_per_execution,
        jit_compile=False,
    )
    measure_in_target_unit(model, config.preprocess.target or ())
    if config.hardware.jit_compile:
        use_xla(model, config)
    # Some optimizers initialize variables from the weights, so they are built before the weights
    # change. An optimizer inside another one must be built first, or its variables are not tracked.
    inner = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    inner.build(model.trainable_variables)
    model.optimizer.build(model.trainable_variables)


def _with_loss_scaling(optimizer: Any) -> Any:
    """Scale the loss, so that small float16 gradients do not become zero.

    ``compile`` does this for the dtype policy of the model, which is float32 here.
    """
    loss_scale_optimizer = import_keras().optimizers.LossScaleOptimizer
    if isinstance(optimizer, loss_scale_optimizer):
        return optimizer
    return loss_scale_optimizer(optimizer)


def _instantiate_for(config: Config, component: Component, kind: str) -> Any:
    """Create a Keras object; an error of Keras becomes a `ConfigError` with the line."""
    try:
        return instantiate(component, kind)
    except ConfigError:
        raise
    except Exception as error:
        problem = config.document.problem(component.path, f"{component.name}: {error_text(error)}")
        raise ConfigError([problem]) from error


def _call_error(layer: Any, input_shape: Shape) -> str:
    """Return the error of a layer of one's own, whose place Keras does not keep; may be empty."""
    if layer is None or not is_own_object("layers", layer):
        return ""
    try:
        layer.call(import_keras().ops.zeros((1, *input_shape)))
    except Exception as error:  # noqa: BLE001 (whatever the layer raises)
        return error_text(error)
    return ""


def instantiate(component: Component, kind: str, input_shape: Shape = ()) -> Any:
    """Create the Keras object that a component describes.

    Parameters
    ----------
    component : Component
    kind : str
        ``"layers"``, ``"losses"``, …: a key of the catalogue.
    input_shape : tuple of int
        For layers: the input without the batch.
    """
    arguments = {
        name: _argument_value(value, parameter_kind(kind, name))
        for name, value in component.arguments.items()
    }
    own_component = find_own(kind, component.name)
    if own_component is not None:
        return limit_each_recording(instantiate_own(own_component, arguments))
    if component.name == "EnsembleDense":
        from dlcli.network.ensemble import ensemble_dense

        return ensemble_dense(input_shape, **arguments)
    instance = getattr(_namespace(component, kind), component.name)(**arguments)
    return limit_each_recording(instance) if kind == "layers" else instance


def _namespace(component: Component, kind: str) -> Any:
    """Return the module that contains the class of a component."""
    if component.name == "ModelCheckpoint":
        from dlcli.network import model_checkpoint

        return model_checkpoint
    if component.name == "EnsembleMean":
        from dlcli.network import ensemble

        return ensemble
    keras = import_keras()
    return keras.optimizers.schedules if kind == "schedules" else getattr(keras, kind)


def _argument_value(value: Any, kind: str | None) -> Any:
    """Return the value of an argument, with Keras objects in place of components."""
    if isinstance(value, Component) and kind:
        return instantiate(value, kind)
    own_component = (
        find_own(kind, value) if kind == "activations" and isinstance(value, str) else None
    )
    if own_component is not None:
        return own_component.target
    if isinstance(value, tuple):
        return [_argument_value(item, kind) for item in value]
    return value


def make_callbacks(config: Config, folder: Path | None) -> list[Any]:
    """Create the callbacks of a config.

    Parameters
    ----------
    config : Config
    folder : Path or None
        Folder for the files of callbacks. None leaves out callbacks that write files; k-fold does,
        since its folds would overwrite each other's.
    """
    callbacks = []
    for component in config.callbacks:
        if component.name == "LearningRateScheduler":
            schedule = _instantiate_for(config, complete_schedule(config, component), "schedules")
            callbacks.append(_scheduler(schedule))
            continue
        # With `verbose` Keras would print to standard output, which is for results.
        arguments = {name: v for name, v in component.arguments.items() if name != "verbose"}
        path_argument = PATH_ARGUMENTS.get(component.name)
        if path_argument is not None:
            if folder is None:
                continue
            arguments[path_argument] = str(folder / str(arguments.get(path_argument, "logs")))
        quiet = replace(component, arguments=arguments)
        callbacks.append(_instantiate_for(config, quiet, "callbacks"))
    return callbacks


def _scheduler(schedule: Any) -> Any:
    """Return a callback that applies a learning-rate schedule once per epoch."""
    return import_keras().callbacks.LearningRateScheduler(lambda epoch: float(schedule(epoch)))
