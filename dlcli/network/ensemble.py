"""Ensembles of dense networks as layers: several networks side by side, whose mean is predicted.

The members see the same batches and differ in their first weights and in dropout. Lakshminarayanan,
Pritzel, Blundell, "Simple and Scalable Predictive Uncertainty Estimation using Deep Ensembles",
2017; side by side in one network as in Gorishniy, Kotelnikov, Babenko, "TabM", 2025.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dlcli.network.backend import import_keras

_keras: Any = import_keras()

# Of the first layer of an ensemble, whose members share the inputs, and of the others. Letters are
# those of batch, members, inputs, outputs.
MEMBER_EQUATIONS = ("bi,mio->bmo", "bmi,mio->bmo")
TRUNCATED_DEVIATION = 0.87962566103423978


def ensemble_dense(input_shape: tuple[int, ...], members: int, units: int, **arguments: Any) -> Any:
    """Return Keras's layer for a dense layer of each member.

    Parameters
    ----------
    input_shape : tuple of int
        ``(features,)``, which all members take, or ``(members, features)``.
    members, units : int
        The output has the shape ``(members, units)``.
    **arguments
        Those of ``Dense`` in `dlcli.config.catalogue.ENSEMBLE_LAYERS`.

    Returns
    -------
    keras.layers.EinsumDense
    """
    equation = MEMBER_EQUATIONS[len(input_shape) - 1]
    initializer = _keras.initializers.get(arguments.pop("kernel_initializer", "glorot_uniform"))
    if isinstance(initializer, _keras.initializers.VarianceScaling):
        initializer = _scaled_for_member(initializer, input_shape[-1], units)
    if arguments.pop("use_bias", True):
        # A bias of shape (members, 1) would be added by TensorFlow's `bias_add` for channels, which
        # neither `tf.vectorized_map` nor ONNX computes.
        arguments["bias_axes"] = "mo" if units > 1 else "o"
    # The loss is the mean over the members, and so is the penalty; a bias "o" is that of all.
    names = ["kernel_regularizer", *(["bias_regularizer"] if units > 1 else [])]
    for name in names:
        arguments[name] = _averaged(arguments.get(name), members)
    return _keras.layers.EinsumDense(
        equation, (members, units), kernel_initializer=initializer, **arguments
    )


def is_ensemble_dense(layer: Any) -> bool:
    """Tell whether a layer is one that `ensemble_dense` returns."""
    return isinstance(layer, _keras.layers.EinsumDense) and layer.equation in MEMBER_EQUATIONS


def layer_kind(layer: Any) -> str:
    """Return the name of a layer's class, as a config has it."""
    return "EnsembleDense" if is_ensemble_dense(layer) else type(layer).__name__


def _scaled_for_member(initializer: Any, inputs: int, units: int) -> Any:
    """Return an initializer with the variance that a kernel (inputs, units) would have.

    Keras would compute it for the kernel (members, inputs, units) of all members.
    """
    size = {"fan_in": inputs, "fan_out": units, "fan_avg": (inputs + units) / 2}[initializer.mode]
    deviation = math.sqrt(initializer.scale / max(size, 1))
    seed = initializer.get_config()["seed"]
    if initializer.distribution == "uniform":
        limit = math.sqrt(3) * deviation
        return _keras.initializers.RandomUniform(-limit, limit, seed=seed)
    if initializer.distribution == "truncated_normal":
        # Cut at two standard deviations, a normal distribution has 0.88 of its deviation.
        deviation /= TRUNCATED_DEVIATION
        return _keras.initializers.TruncatedNormal(stddev=deviation, seed=seed)
    return _keras.initializers.RandomNormal(stddev=deviation, seed=seed)


def _averaged(regularizer: Any, members: int) -> Any:
    """Return the regularizer whose penalty for all members is the mean of theirs."""
    regularizers = _keras.regularizers
    regularizer = regularizers.get(regularizer)
    if not isinstance(regularizer, regularizers.L1 | regularizers.L2 | regularizers.L1L2):
        return regularizer
    factors = {name: factor / members for name, factor in regularizer.get_config().items()}
    return type(regularizer)(**factors)


class EnsembleMean(_keras.layers.Layer):  # type: ignore[misc]
    """Average the outputs of the members, then apply an activation.

    In training it adds to the loss what lies between the mean loss of the members and the loss of
    their mean, so that each member learns as if it were alone. Learning from the loss of the mean,
    members would correct each other's errors and be worse than one network (Jeffares, Liu, Crabbe,
    van der Schaar, "Joint Training of Deep Ensembles Fails Due to Learner Collusion", 2023). For
    the losses that belong to the activations, the difference does not depend on the target:

    - linear, mean squared error: the variance of the outputs;
    - softmax, cross-entropy: the mean of ``logsumexp`` less ``logsumexp`` of the mean;
    - sigmoid, binary cross-entropy: the same with ``softplus``.

    Parameters
    ----------
    activation : str, optional
        ``"linear"`` (default), ``"softmax"`` or ``"sigmoid"``.
    **kwargs
        Of ``keras.layers.Layer``.
    """

    def __init__(self, activation: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activation or "linear"

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return the mean, of shape (batch, units), for inputs of shape (batch, members, units)."""
        ops = _keras.ops
        mean = ops.mean(inputs, axis=1)
        if training:
            if self.activation == "softmax":
                spread = ops.mean(ops.logsumexp(inputs, axis=-1), axis=1)
                spread -= ops.logsumexp(mean, axis=-1)
            elif self.activation == "sigmoid":
                spread = ops.mean(ops.softplus(inputs), axis=1) - ops.softplus(mean)
            else:
                spread = ops.mean(ops.square(inputs - mean[:, None]), axis=1)
            self.add_loss(ops.mean(spread))
        return _keras.activations.get(self.activation)(mean)

    def get_config(self) -> Mapping[str, Any]:
        """Return the arguments of the layer."""
        return {**super().get_config(), "activation": self.activation}


def with_keras_layers(model: Any) -> Any:
    """Return a model for prediction with Keras's own layers only, which share its weights.

    Parameters
    ----------
    model : keras.Sequential
        Built.

    Returns
    -------
    keras.Sequential
        The model itself if all of its layers are Keras's.
    """
    if not any(isinstance(layer, EnsembleMean) for layer in model.layers):
        return model
    layers = [_keras.Input(model.input_shape[1:])]
    for layer in model.layers:
        if isinstance(layer, EnsembleMean):
            dtype = layer.dtype_policy
            layers += [
                _keras.layers.GlobalAveragePooling1D(dtype=dtype),
                _keras.layers.Activation(layer.activation, dtype=dtype),
            ]
        else:
            layers.append(layer)
    return _keras.Sequential(layers, name=model.name)
