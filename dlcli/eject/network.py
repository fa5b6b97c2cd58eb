"""The part of the script that builds and compiles the network."""

from __future__ import annotations

from typing import Any

from dlcli.config.catalogue import CHOSEN_BY_KERAS, ENSEMBLE_LAYERS, KINDS, keras_catalogue
from dlcli.config.components import Component, parameter_kind
from dlcli.config.metrics import resolve_metric
from dlcli.config.own_components import find_own
from dlcli.eject.context import Ejection, inexpressible
from dlcli.eject.ensembles import ensemble_call
from dlcli.eject.python_text import Call, assignment, expression
from dlcli.eject.script import Part

WHY = (
    "The seed decides the initial weights, and what dropout leaves out: with the same seed, the "
    "training can be repeated."
)
ENSEMBLE = (
    " Several networks stand side by side: each layer has one more dimension for them, and their "
    "mean is predicted."
)
# Layers that draw random numbers when they are built, not in their constructor.
DRAWN_WHEN_BUILT = {"SpectralNormalization"}
MODULES = {"schedules": "keras.optimizers.schedules"}
SPECTROGRAM = '''\
class MelSpectrogram(layers.MelSpectrogram):
    """Decibels limited by the loudest of each recording; Keras takes that of the whole batch."""

    def call(self, recordings):
        return keras.ops.vectorized_map(super().call, recordings)
'''


def write_network(ejection: Ejection) -> None:
    """Write the part that builds and compiles the network."""
    config, model = ejection.config, ejection.session.model
    is_ensemble = any(layer.name in ENSEMBLE_LAYERS for layer in config.model)
    part = ejection.script.part("Network", WHY + ENSEMBLE if is_ensemble else WHY)
    ejection.script.need("import keras", "import tensorflow as tf")
    ejection.script.need("from keras import layers")
    part.add(
        "keras.utils.set_random_seed(SEED)",
        "tf.config.experimental.enable_op_determinism()  # the same bits in every repetition",
        "",
    )
    if "MelSpectrogram" in repr(config.model):
        ejection.script.helper("MelSpectrogram", SPECTROGRAM)
    shape = tuple(model.input_shape[1:])
    start, write = Call("keras.Input", (), {"shape": shape}), _layer(ejection)
    stack = [write(*pair) for pair in zip(config.model, model.layers, strict=True)]
    if {layer.name for layer in config.model} & DRAWN_WHEN_BUILT:
        part.add(
            "# Layer by layer, so that each gets its random numbers before the next one.",
            assignment("model", Call("keras.Sequential", ([start],))),
            *(expression(Call("model.add", (layer,))) for layer in stack),
        )
    else:
        part.add(assignment("model", Call("keras.Sequential", ([start, *stack],))))
    part.add("model.summary()", "")
    _write_compilation(ejection, part)


def _layer(ejection: Ejection) -> Any:
    """Return the function that writes a layer."""
    policy = ejection.config.hardware.dtype_policy
    last = ejection.config.model[-1]

    def write(component: Component, layer: Any) -> Call:
        if component.name in ENSEMBLE_LAYERS:
            call = ensemble_call(ejection, component, layer)
        else:
            call = component_call(component, "layers")
        if policy == "float32" or component is last:
            return call
        return Call(call.name, call.arguments, {**call.keywords, "dtype": policy})

    return write


def component_call(component: Component, kind: str) -> Call:
    """Return the call that makes a component of Keras.

    Raises
    ------
    DlcliError
        If it is not one of Keras.
    """
    if find_own(kind, component.name) is not None:
        reason = "it is code of your own; put it into a script yourself"
        raise inexpressible(f"the {KINDS[kind]} {component.name}", reason)
    values = {
        name: argument(value, parameter_kind(kind, name))
        for name, value in component.arguments.items()
    }
    entry = keras_catalogue().find(kind, component.name)
    first: list[Any] = []
    required = entry.required if entry else ()
    if required and required[0] in values and kind in ("layers", "regularizers"):
        first = [values.pop(required[0])]
    elif entry and len(values) == 1 and entry.parameters[:1] == tuple(values):
        first = [values.popitem()[1]]
    if (kind, component.name) == ("layers", "MelSpectrogram"):
        return Call(component.name, first, values)
    module = "layers" if kind == "layers" else MODULES.get(kind, f"keras.{kind}")
    return Call(f"{module}.{component.name}", first, values)


def argument(value: Any, kind: str | None) -> Any:
    """Return an argument; components become calls, and names of activations stay names."""
    if isinstance(value, Component) and kind:
        return component_call(value, kind)
    if kind == "activations" and isinstance(value, str) and find_own(kind, value) is not None:
        raise inexpressible(f"the activation {value}", "it is code of your own")
    if isinstance(value, tuple):
        return [argument(item, kind) for item in value]
    return value


def _write_compilation(ejection: Ejection, part: Part) -> None:
    """Write the call of ``compile``."""
    config = ejection.config
    optimizer = _short(config.optimizer, "optimizers")
    if config.hardware.dtype_policy == "mixed_float16":
        optimizer = Call("keras.optimizers.LossScaleOptimizer", (optimizer,))
    keywords: dict[str, Any] = {"optimizer": optimizer, "loss": _short(config.loss, "losses")}
    if config.metrics:
        keywords["metrics"] = [_metric(ejection, metric) for metric in config.metrics]
    if config.hardware.jit_compile:
        keywords["jit_compile"] = True
    part.add(expression(Call("model.compile", (), keywords)))


def _short(component: Component, kind: str) -> Any:
    """Return a component by its short name if it has no arguments, else as a call."""
    name = component.spelled
    if not component.arguments and name and name == name.lower():
        return name
    return component_call(component, kind)


def _metric(ejection: Ejection, metric: Component) -> Any:
    units = int(ejection.session.model.output_shape[-1])
    resolved = resolve_metric(metric, ejection.config.loss, units)
    name = metric.spelled or metric.name
    is_plain = not metric.arguments and name == name.lower()
    if is_plain and (set(resolved.arguments) == {"name"} or metric.name not in CHOSEN_BY_KERAS):
        return name
    return component_call(resolved, "metrics")
