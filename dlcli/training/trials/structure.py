"""What of a config must be equal for trials to be trained in one program, and what may differ."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.config.catalogue import keras_catalogue
from dlcli.config.sections import Config
from dlcli.training.stacked import LEARNING_RATE

# Arguments of optimizers that may differ, beside learning rate and weight decay.
OPTIMIZER_NUMBERS = {
    "Adam": ("beta_1", "beta_2", "epsilon"),
    "AdamW": ("beta_1", "beta_2", "epsilon"),
    "SGD": ("momentum",),
    "RMSprop": ("rho", "epsilon"),
}
LAYER_NUMBERS = {"Dropout": "rate", "GaussianNoise": "stddev"}
REGULARIZERS = ("L1", "L2", "L1L2")
SMOOTHED_LOSSES = ("BinaryCrossentropy", "CategoricalCrossentropy")
# Activations that map 0 to 0: a unit with weights of 0 then contributes nothing and learns nothing.
ZERO_AT_ZERO = (
    None, "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "mish",
    "tanh", "softsign", "celu", "hard_tanh", "soft_shrink", "hard_shrink", "tanh_shrink",
)  # fmt: skip
# Layers that keep units of 0 at 0, each by itself, and draw no random numbers.
UNIT_WISE = ("Identity", "ReLU", "LeakyReLU", "ELU", "BatchNormalization")
ANY = "*"


@dataclass(frozen=True)
class Structure:
    """A config, divided into what copies in one program share and what is each one's own.

    Parameters
    ----------
    key : str
        Equal for configs whose models can be copies of one.
    numbers : mapping
        Positive numbers by place; see `dlcli.training.stacked`.
    units : tuple of int
        Units of the layers whose width may differ.
    """

    key: str
    numbers: Mapping[str, float]
    units: tuple[int, ...]


def structure_of(config: Config) -> Structure:
    """Divide a config; its seed and the arguments of its callbacks are in no part."""
    plain = config.plain()
    numbers: dict[str, float] = {}
    _take_optimizer_numbers(config, plain, numbers)
    _take_loss_numbers(config, plain, numbers)
    widths = flexible_layers(config)
    for index, layer in enumerate(config.model):
        arguments = dict(layer.arguments)
        _take_layer_numbers(layer.name, index, arguments, numbers)
        if index in widths:
            arguments["units"] = ANY
        plain["model"][index] = [layer.name, _plain(arguments)]
    plain["callbacks"] = [callback.name for callback in config.callbacks]
    del plain["seed"]
    units = tuple(config.model[index].arguments["units"] for index in widths)
    return Structure(json.dumps(plain, sort_keys=True, default=str), numbers, units)


def differing(structures: Sequence[Structure]) -> list[dict[str, float]]:
    """Return the numbers that are not the same in all of some structures of one key."""
    places = [
        place
        for place in structures[0].numbers
        if len({structure.numbers[place] for structure in structures}) > 1
    ]
    return [{place: structure.numbers[place] for place in places} for structure in structures]


def flexible_layers(config: Config) -> list[int]:
    """Return the indices of the dense layers that can be narrower in one copy than in another."""
    layers = config.model
    indices = []
    for index, layer in enumerate(layers[:-1]):
        if not _is_flexible(layer.name, layer.arguments):
            continue
        following = iter(layers[index + 1 :])
        after = next((item for item in following if not _keeps_zero(item)), None)
        if after is not None and after.name == "Dense" and _adds_up(after.arguments):
            indices.append(index)
    return indices


def _is_flexible(name: str, arguments: Mapping[str, Any]) -> bool:
    plain = {"units", "activation", "kernel_initializer", "bias_initializer", "use_bias"}
    regularized = {"kernel_regularizer", "bias_regularizer"}
    return (
        name == "Dense"
        and isinstance(arguments.get("units"), int)
        and set(arguments) <= plain | regularized
        and _adds_up(arguments)
        and arguments.get("activation") in ZERO_AT_ZERO
    )


def _adds_up(arguments: Mapping[str, Any]) -> bool:
    """Return whether further weights of 0 change no regularizer of a layer, as they do a mean."""
    regularizers = (arguments.get(f"{name}_regularizer") for name in ("kernel", "bias"))
    return all(
        regularizer is None or getattr(regularizer, "name", "") in REGULARIZERS
        for regularizer in regularizers
    )


def _keeps_zero(layer: Any) -> bool:
    if layer.name == "Activation":
        return layer.arguments.get("activation") in ZERO_AT_ZERO
    return layer.name in UNIT_WISE and not layer.arguments


def _take_optimizer_numbers(
    config: Config, plain: dict[str, Any], numbers: dict[str, float]
) -> None:
    """Move numbers of the optimizer from the plain config to `numbers`."""
    optimizer = config.optimizer
    arguments = {**_defaults("optimizers", optimizer.name), **optimizer.arguments}
    names = ("weight_decay", *OPTIMIZER_NUMBERS.get(optimizer.name, ()))
    for name in names:
        if _is_positive(arguments.get(name)):
            numbers[f"optimizer.{name}"] = float(arguments[name])
            arguments[name] = ANY
    if _is_positive(arguments.get("learning_rate")):
        numbers[LEARNING_RATE] = float(arguments["learning_rate"])
        arguments["learning_rate"] = ANY
    plain["optimizer"] = [optimizer.name, _plain(arguments)]


def _take_loss_numbers(config: Config, plain: dict[str, Any], numbers: dict[str, float]) -> None:
    loss = config.loss
    arguments = dict(loss.arguments)
    if loss.name in SMOOTHED_LOSSES and _is_positive(arguments.get("label_smoothing")):
        numbers["loss.label_smoothing"] = float(arguments["label_smoothing"])
        arguments["label_smoothing"] = ANY
    plain["loss"] = [loss.name, _plain(arguments)]


def _take_layer_numbers(
    name: str, index: int, arguments: dict[str, Any], numbers: dict[str, float]
) -> None:
    own = LAYER_NUMBERS.get(name, "")
    if _is_positive(arguments.get(own)):
        numbers[f"layers.{index}.{own}"] = float(arguments[own])
        arguments[own] = ANY
    for parameter in ("kernel_regularizer", "bias_regularizer"):
        regularizer: Any = arguments.get(parameter)
        if name != "Dense" or getattr(regularizer, "name", "") not in REGULARIZERS:
            continue
        factors = {**_defaults("regularizers", regularizer.name), **regularizer.arguments}
        for factor in ("l1", "l2"):
            if _is_positive(factors.get(factor)):
                numbers[f"layers.{index}.{parameter}.{factor}"] = float(factors[factor])
                factors[factor] = ANY
        arguments[parameter] = [regularizer.name, factors]


def _defaults(kind: str, name: str) -> dict[str, Any]:
    """Return Keras's defaults of the arguments of a component."""
    entry = keras_catalogue().find(kind, name)
    return dict(entry.optional) if entry else {}


def _is_positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value.plain() if hasattr(value, "plain") else value for key, value in arguments.items()
    }
