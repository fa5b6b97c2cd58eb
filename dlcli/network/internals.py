"""Private names of Keras and TensorFlow, used in this module alone.

Each function says what it relies on, and tests/test_internals.py checks that against the installed
versions.
"""

# ruff: noqa: SLF001
from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from dlcli.network.backend import import_keras
from dlcli.types import Array

# Fields of Keras's callbacks that change during a training and have no public name, with types.
CALLBACK_FIELDS: dict[str, dict[str, Any]] = {
    "ModelCheckpoint": {"_last_batch_seen": int | None, "_batches_seen_since_last_saving": int},
    "SwapEMAWeights": {"_ema_weights_in_model": bool},
    "TensorBoard": {"_global_train_batch": int, "_global_test_batch": int},
}
# The operations of `keras.random` in TensorFlow.
RANDOM_OPS = (
    "StatelessRandomGetKeyCounter",
    "StatelessRandomUniformV2",
    "StatelessRandomUniformIntV2",
    "StatelessRandomUniformFullIntV2",
    "StatelessRandomNormalV2",
    "StatelessTruncatedNormalV2",
)


def spellings(kind: str) -> dict[str, Any]:
    """Return the table in which ``keras.<kind>.get`` looks up names.

    Relies on ``ALL_OBJECTS_DICT`` in ``keras.src.<kind>``, for losses, metrics, optimizers,
    activations, initializers, regularizers and constraints.
    """
    return dict(importlib.import_module(f"keras.src.{kind}").ALL_OBJECTS_DICT)


@contextmanager
def replaced_spectrogram(layer: Any, function: Callable[[Any], Any]) -> Iterator[None]:
    """Let a ``MelSpectrogram`` compute magnitudes with another function, within the block.

    Relies on ``_spectrogram``, which returns the magnitudes to the power of ``mag_exp``, of shape
    (n, windows, frequencies).
    """
    layer._spectrogram = function
    try:
        yield
    finally:
        del layer._spectrogram


def use_decibels(layer: Any, function: Callable[[Any], Any]) -> None:
    """Let a ``MelSpectrogram`` compute decibels with another function.

    Relies on ``_dbscale``, which takes and returns values of shape (n, windows, bins).
    """
    layer._dbscale = function


def enable_xla(model: Any) -> None:
    """Compile the training step of a model with XLA, also with deterministic operations.

    Relies on ``_jit_compile``, which ``model.jit_compile`` returns. The public setter refuses
    every model while operations are deterministic; TensorFlow itself refuses only those with an
    operation that has no deterministic kernel in XLA.
    """
    model._jit_compile = True


def clear_layer_losses(model: Any) -> None:
    """Drop the losses that layers added in the last call, such as activity regularization.

    Relies on ``_clear_losses``. The tensors belong to a graph that no longer exists, so that
    ``model.compute_loss`` would fail on them.
    """
    model._clear_losses()


def build_metrics(model: Any, x: Array, y: Array) -> None:
    """Create the variables of a compiled model's metrics before its first batch.

    Relies on ``_symbolic_build``, which does that, and on ``fit`` calling
    ``_maybe_symbolic_build``, which is switched off: on several devices it averages the first
    batch over them, which fails if their shares differ in size, and it uses up that batch.

    Parameters
    ----------
    model : keras.Sequential
        Compiled.
    x, y : ndarray
        One row or more.
    """
    with model.distribute_strategy.scope():
        model._symbolic_build(data_batch=(x[:1], y[:1]))
    model._maybe_symbolic_build = lambda **_: None


def transform_before_metrics(
    model: Any, transform: Callable[[Any, Sequence[Any]], Any], constants: Sequence[Array]
) -> None:
    """Let the metrics of a compiled model measure transformed targets and outputs.

    Relies on ``_compile_metrics``, an object of ``CompileMetrics`` made from the metrics that
    ``compile`` was given, and on its ``update_state`` and ``variables``. What ``save`` writes is
    not affected: it is a separate record of the arguments of ``compile``.

    Parameters
    ----------
    model : keras.Sequential
        Compiled; nothing was measured yet.
    transform : callable
        Takes targets or outputs of shape (n, units), and the variables of the constants.
    constants : sequence of ndarray
        Initial values; `metric_constants` returns the variables.
    """
    compiled = model._compile_metrics
    if compiled is not None:
        metrics, weighted = compiled._user_metrics, compiled._user_weighted_metrics
        model._compile_metrics = _transforming_metrics()(
            metrics, weighted, output_names=compiled.output_names
        )
        keras = import_keras()
        model._compile_metrics.transform = transform
        model._compile_metrics.constants = [
            keras.Variable(value, trainable=False) for value in constants
        ]


def metric_constants(model: Any) -> list[Any]:
    """Return the variables that `transform_before_metrics` made; empty without metrics."""
    return list(getattr(model._compile_metrics, "constants", ()))


@cache
def _transforming_metrics() -> type[Any]:
    compile_metrics: Any = importlib.import_module("keras.src.trainers.compile_utils")

    class TransformingMetrics(compile_metrics.CompileMetrics):  # type: ignore[misc]
        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            y_true = self.transform(y_true, self.constants)
            y_pred = self.transform(y_pred, self.constants)
            super().update_state(y_true, y_pred, sample_weight)

        @property
        def variables(self) -> list[Any]:
            return [*super().variables, *self.constants] if self.built else []

    return TransformingMetrics


def use_steps_per_row(optimizer: Any, rows: int) -> None:
    """Give a built optimizer one step counter for each row of its variables.

    Relies on ``_iterations`` and, in Nadam, ``_u_product`` entering an update only element by
    element, so that a column broadcasts over the rows.

    Parameters
    ----------
    optimizer : keras.Optimizer
        Built for one matrix, before its first step.
    rows : int
        Rows of that matrix.
    """
    keras = import_keras()
    zeros = np.zeros((rows, 1), np.int64)
    optimizer._iterations = keras.Variable(zeros, dtype="int64", trainable=False)
    if hasattr(optimizer, "_u_product"):
        ones = np.ones((rows, 1), np.float32)
        optimizer._u_product = keras.Variable(ones, trainable=False)


def use_learning_rate_per_row(optimizer: Any, rows: int) -> None:
    """Give a built optimizer one learning rate for each row of its variables.

    Relies on ``_learning_rate`` entering an update only element by element. Afterwards
    ``optimizer.learning_rate`` is a variable of shape (rows, 1).
    """
    rates = np.full((rows, 1), float(optimizer.learning_rate), np.float32)
    optimizer._learning_rate = import_keras().Variable(rates, trainable=False)


@contextmanager
def replaced_loss_argument(loss: Any, name: str, value: Any) -> Iterator[None]:
    """Replace an argument of a loss within the block.

    Relies on ``_fn_kwargs``, the arguments with which a loss calls its function.
    """
    before = loss._fn_kwargs[name]
    loss._fn_kwargs[name] = value
    try:
        yield
    finally:
        loss._fn_kwargs[name] = before


def clip_gradients(optimizer: Any, gradients: Sequence[Any]) -> list[Any]:
    """Clip the gradients of one model as its optimizer is configured to.

    Relies on ``_clip_gradients``, which ``apply`` calls.
    """
    return list(optimizer._clip_gradients(list(gradients)))


def extend_vectorized_map() -> None:
    """Add converters to ``tf.vectorized_map`` for random operations and two of metrics.

    Relies on ``tensorflow.python.ops.parallel_for.pfor``: on its registry and, in the converters
    below, on ``_PforInput``, ``wrap`` and ``_create_op``. A converter receives one operation of
    the mapped function and creates the operations that compute it for all elements. TensorFlow's
    own converters are kept.
    """
    from tensorflow.python.ops.parallel_for import pfor

    converters = dict.fromkeys(RANDOM_OPS, _convert_random)
    converters |= {"Bitcast": _convert_bitcast, "InTopKV2": _convert_in_top_k}
    for op_type, convert in converters.items():
        if op_type not in pfor._pfor_converter_registry:
            pfor.RegisterPFor(op_type)(convert)


def _convert_random(pfor_input: Any) -> list[Any]:
    """Convert a random operation whose seed differs between the elements.

    Each element draws by an operation of its own, with its own seed and shape: it receives the
    very numbers that it would receive alone, which one draw for all elements would not give.
    """
    import tensorflow as tf
    from tensorflow.python.ops.parallel_for import pfor

    inputs = [pfor_input.input(number) for number in range(pfor_input.num_inputs)]
    unstacked = [tf.unstack(tensor) if stacked else None for tensor, stacked, _ in inputs]
    count = next(len(tensors) for tensors in unstacked if tensors is not None)
    draws = []
    for element in range(count):
        own_inputs = [
            shared if tensors is None else tensors[element]
            for tensors, (shared, _, _) in zip(unstacked, inputs, strict=True)
        ]
        draws.append(_repeat_operation(pfor_input, own_inputs))
    return [pfor.wrap(tf.stack(list(outputs)), True) for outputs in zip(*draws, strict=True)]


def _convert_bitcast(pfor_input: Any) -> Any:
    """Convert a bitcast between types of the same size, which keeps the shape."""
    from tensorflow.python.ops.parallel_for import pfor

    operation = pfor_input.op
    if operation.inputs[0].dtype.size != operation.outputs[0].dtype.size:
        raise ValueError("a bitcast that changes the shape is not vectorized")
    (output,) = _repeat_operation(pfor_input, [pfor_input.stacked_input(0)])
    return pfor.wrap(output, True)


def _convert_in_top_k(pfor_input: Any) -> Any:
    """Convert InTopK, which compares row by row: the rows of all elements make one matrix."""
    import tensorflow as tf
    from tensorflow.python.ops.parallel_for import pfor

    pfor_input.stack_inputs([0, 1])
    predictions, targets = pfor_input.stacked_input(0), pfor_input.stacked_input(1)
    result = tf.raw_ops.InTopKV2(
        predictions=tf.reshape(predictions, [-1, tf.shape(predictions)[-1]]),
        targets=tf.reshape(targets, [-1]),
        k=pfor_input.unstacked_input(2),
    )
    return pfor.wrap(tf.reshape(result, tf.shape(targets)), True)


def _repeat_operation(pfor_input: Any, inputs: Sequence[Any]) -> list[Any]:
    """Create the operation that is converted once more, with other inputs."""
    from tensorflow.python.ops.parallel_for import pfor

    operation = pfor_input.op
    dtypes = [output.dtype for output in operation.outputs]
    new = pfor._create_op(operation.type, list(inputs), dtypes, attrs=operation.node_def.attr)
    return list(new.outputs)
