"""Which models can be trained together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# One step of theirs is the same for every number of a weight, whatever tensor it stands in.
OPTIMIZERS = {
    "SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl", "Lion",
}  # fmt: skip
# These do more than a step at every batch.
BETWEEN_STEPS = ("use_ema", "gradient_accumulation_steps", "loss_scale_factor")
LAYERS = {
    "InputLayer", "Dense", "EinsumDense", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU",
    "Softmax", "Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout",
    "BatchNormalization", "LayerNormalization", "RMSNormalization", "UnitNormalization",
    "Normalization", "Rescaling", "ActivityRegularization", "Flatten", "Reshape", "Permute",
    "RepeatVector", "Identity", "GlobalAveragePooling1D", "GlobalMaxPooling1D",
}  # fmt: skip
# Keras's optimizers treat the repeated rows of a sparse gradient in a way of their own.
SPARSE = {"Embedding"}
CALLBACKS = {"EarlyStopping", "ReduceLROnPlateau", "LearningRateScheduler", "TerminateOnNaN"}


class NotStackable(Exception):  # noqa: N818 (the trainings are possible, only not together)
    """Trainings cannot run as one program; the message says why, in a few words."""


def why_not(model: Any, callbacks: Sequence[Any]) -> str | None:
    """Say why copies of a model cannot be trained together, if that is known beforehand.

    Parameters
    ----------
    model : keras.Sequential
        Compiled.
    callbacks : sequence of keras.callbacks.Callback
        Of one copy.
    """
    for layer in model.layers:
        kind = type(layer).__name__
        if kind in SPARSE:
            return f"the gradient of {kind} is sparse"
        if kind not in LAYERS:
            return f"{kind} layers cannot be trained together"
    computing = {str(layer.compute_dtype) for layer in model.layers} - {"float32"}
    if computing:
        return f"the model computes in {', '.join(sorted(computing))}"
    if model.jit_compile:
        return "XLA compiles one training at a time"
    if any(str(variable.dtype) != "float32" for variable in model.trainable_variables):
        return "not all weights are float32"
    optimizer = model.optimizer
    if type(optimizer).__name__ not in OPTIMIZERS:
        return f"{type(optimizer).__name__} is not element-wise"
    for option in BETWEEN_STEPS:
        if getattr(optimizer, option, None):
            return f"the optimizer has {option}"
    for callback in callbacks:
        if type(callback).__name__ not in CALLBACKS:
            return f"{type(callback).__name__} follows one training only"
    return None
