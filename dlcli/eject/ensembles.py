"""The layers of ensembles in Keras's own words."""

from __future__ import annotations

from typing import Any

from dlcli.config.components import Component
from dlcli.eject.context import Ejection, inexpressible
from dlcli.eject.python_text import Call

MEAN = '''\
class EnsembleMean(layers.Layer):
    """The mean of the outputs of several networks side by side.

    What is added to the loss lets each network learn as if it were alone; learning from the
    loss of the mean, they would correct each other's errors.
    """

    def call(self, outputs, training=None):
        mean = keras.ops.mean(outputs, axis=1)
        if training:
            {spread}
            self.add_loss(keras.ops.mean(spread))
        return {result}
'''
SPREADS = {
    "linear": ["spread = keras.ops.mean(keras.ops.square(outputs - mean[:, None]), axis=1)"],
    "sigmoid": [
        "spread = keras.ops.mean(keras.ops.softplus(outputs), axis=1)",
        "spread -= keras.ops.softplus(mean)",
    ],
    "softmax": [
        "spread = keras.ops.mean(keras.ops.logsumexp(outputs, axis=-1), axis=1)",
        "spread -= keras.ops.logsumexp(mean, axis=-1)",
    ],
}
OF_ONE_MEMBER = '''\
def of_one_member(initializer, inputs, units):
    """Return Glorot's initializer for the kernel of one network; Keras sees those of all."""
    deviation = math.sqrt(initializer.scale / ((inputs + units) / 2))
    limit = math.sqrt(3) * deviation
    return keras.initializers.RandomUniform(-limit, limit)
'''
WRITTEN = {"members", "units", "activation", "use_bias", "kernel_regularizer", "bias_regularizer"}


def ensemble_call(ejection: Ejection, component: Component, layer: Any) -> Call:
    """Return the call that makes a layer of an ensemble.

    Parameters
    ----------
    ejection : Ejection
    component : Component
        ``EnsembleDense`` or ``EnsembleMean``.
    layer : keras.layers.Layer
        Built: its initial values depend on its inputs.
    """
    if component.name == "EnsembleMean":
        kind = layer.activation
        result = "mean" if kind == "linear" else f"keras.activations.{kind}(mean)"
        spread = f"\n{' ' * 12}".join(SPREADS[kind])
        text = MEAN.format(spread=spread, result=result)
        return Call(ejection.script.helper("EnsembleMean", text))
    for name in component.arguments:
        if name not in WRITTEN:
            raise inexpressible(f"EnsembleDense with {name}", "Keras has no such layer")
    config = layer.get_config()
    keywords: dict[str, Any] = {"output_shape": tuple(config["output_shape"])}
    if config["bias_axes"]:
        keywords["bias_axes"] = config["bias_axes"]
    if not isinstance(config["activation"], str):
        raise inexpressible("EnsembleDense with such an activation", "name one of Keras")
    if config["activation"] != "linear":
        keywords["activation"] = config["activation"]
    inputs, units = layer.kernel.shape[1:]
    glorot = Call("keras.initializers.GlorotUniform")
    ejection.script.need("import math")
    name = ejection.script.helper("of_one_member", OF_ONE_MEMBER)
    keywords["kernel_initializer"] = Call(name, (glorot, int(inputs), int(units)))
    for name in ("kernel_regularizer", "bias_regularizer"):
        if getattr(layer, name) is not None:
            regularizer = getattr(layer, name)
            kind = f"keras.regularizers.{type(regularizer).__name__}"
            keywords[name] = Call(kind, (), regularizer.get_config())
    return Call("layers.EinsumDense", (layer.equation,), keywords)
