"""Decide whether copies of a model can be trained together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# Optimizers whose update of a weight depends on that weight and its gradient alone, so that the
# weights of all layers and copies can be updated as one matrix.
OPTIMIZERS = {
    "SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl", "Lion",
}  # fmt: skip
# Options with which an optimizer does more than one update per batch.
UNSUPPORTED_OPTIONS = ("use_ema", "gradient_accumulation_steps", "loss_scale_factor")
LAYERS = {
    "InputLayer", "Dense", "EinsumDense", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU",
    "Softmax", "Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout",
    "BatchNormalization", "LayerNormalization", "RMSNormalization", "UnitNormalization",
    "Normalization", "Rescaling", "ActivityRegularization", "Flatten", "Reshape", "Permute",
    "RepeatVector", "EnsembleMean", "Identity", "GlobalAveragePooling1D", "GlobalMaxPooling1D",
}  # fmt: skip
# Layers with sparse gradients: Keras's optimizers sum the repeated rows of those, which changes
# the result of element-wise updates.
SPARSE_LAYERS = {"Embedding"}
CALLBACKS = {"EarlyStopping", "ReduceLROnPlateau", "LearningRateScheduler", "TerminateOnNaN"}


class NotStackable(Exception):  # noqa: N818 (each copy can be trained, but not together)
    """Copies cannot be trained in one program; the message is a short reason."""


def stacking_obstacle(model: Any, callbacks: Sequence[Any]) -> str | None:
    """Return why copies of a model cannot be trained together, as far as that is known.

    Parameters
    ----------
    model : keras.Sequential
        Compiled.
    callbacks : sequence of keras.callbacks.Callback
        Those of one copy.

    Returns
    -------
    str or None
        None if nothing is known against it; tracing the program may still raise.
    """
    for layer in model.layers:
        kind = type(layer).__name__
        if kind in SPARSE_LAYERS:
            return f"the gradient of {kind} is sparse"
        if kind not in LAYERS:
            return f"models with {kind} layers cannot be trained together"
    dtypes = {str(layer.compute_dtype) for layer in model.layers} - {"float32"}
    if dtypes:
        return f"the model computes in {', '.join(sorted(dtypes))}"
    if model.jit_compile:
        return "XLA compiles one model at a time"
    if any(str(variable.dtype) != "float32" for variable in model.trainable_variables):
        return "not all weights are float32"
    optimizer = model.optimizer
    if type(optimizer).__name__ not in OPTIMIZERS:
        return f"{type(optimizer).__name__} is not an element-wise optimizer"
    for option in UNSUPPORTED_OPTIONS:
        if getattr(optimizer, option, None):
            return f"the optimizer has {option}"
    for callback in callbacks:
        if type(callback).__name__ not in CALLBACKS:
            return f"{type(callback).__name__} works with one model at a time"
    return None
