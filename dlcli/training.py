"""One fit: Keras's own, fed by a pipeline that costs little per batch."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.backend import import_keras
from dlcli.config.sections import FitConfig
from dlcli.errors import DlcliError, TrainingError, first_line

if TYPE_CHECKING:
    from dlcli.callbacks import OnProgress

Array = np.ndarray[Any, Any]

# What a step costs at least, and what one core computes in a second; for choosing how many
# steps run in one call, so that progress and Ctrl-C stay alive about twice a second.
STEP_SECONDS = 50e-6
FLOPS = 10e9
CALL_SECONDS = 0.4


@dataclass(frozen=True)
class FitData:
    """Arrays of one fit, preprocessed and encoded.

    Parameters
    ----------
    x : ndarray of float32, shape (n, …)
    y : ndarray, shape (n, units) or (n, 1)
    weights : ndarray of float32, shape (n,), optional
        One per row.
    validation : tuple of ndarray, optional
        ``x`` and ``y`` of the rows that watch.
    """

    x: Array
    y: Array
    weights: Array | None = None
    validation: tuple[Array, Array] | None = None


@dataclass
class FitResult:
    """What a fit did.

    Parameters
    ----------
    history : dict
        One list per metric, an entry per epoch.
    epochs : int
        Epochs that ended.
    seconds : float
    best_epoch : int
        The epoch whose weights the model has, if it was given back earlier ones, by
        ``EarlyStopping`` or since the fit was broken off; 0 if not.
    signum : int or None
        The signal that broke it off.
    """

    history: dict[str, list[float]] = field(default_factory=dict)
    epochs: int = 0
    seconds: float = 0.0
    best_epoch: int = 0
    signum: int | None = None


def steps_per_epoch(rows: int, batch_size: int) -> int:
    """Return the number of batches in an epoch, the last one perhaps smaller."""
    return math.ceil(rows / batch_size)


def choose_steps_per_execution(model: Any, steps: int, batch_size: int) -> int:
    """Return how many steps one call of the training function should do.

    Parameters
    ----------
    model : keras.Sequential
        Built; its multiplications are estimated from its weights and output sizes.
    steps : int
        Batches in an epoch.
    batch_size : int
    """
    seconds = max(STEP_SECONDS, computing_seconds(model, batch_size))
    return max(1, min(steps, int(CALL_SECONDS / seconds)))


def computing_seconds(model: Any, batch_size: int) -> float:
    """Estimate how long one core computes at a batch, from a built model's multiplications."""
    multiplications = sum(_multiplications(layer) for layer in model.layers)
    # Two operations per multiplication, and about three times as many with the gradients.
    return 6 * multiplications * batch_size / FLOPS


def _multiplications(layer: Any) -> int:
    """Estimate the multiplications of a layer for one sample."""
    positions = _positions(layer.output.shape)
    kernels: int = sum(math.prod(weight.shape) for weight in layer.weights if len(weight.shape) > 1)
    if type(layer).__name__ == "Embedding":
        return 0
    if type(layer).__name__ in ("LSTM", "GRU", "SimpleRNN", "Bidirectional"):
        # A mask, as Embedding and Masking make one, is an input too.
        first = layer.input[0] if isinstance(layer.input, list) else layer.input
        positions = _positions(first.shape)
    return kernels * positions


def _positions(shape: tuple[int | None, ...]) -> int:
    """Return how often a kernel is applied to one sample."""
    return math.prod(size or 1 for size in shape[1:-1])


def training_batches(data: FitData, batch_size: int, seed: int, epoch: Any = None) -> Any:
    """Make the pipeline of training batches.

    The order of epoch e is a permutation drawn from (seed, e) alone, so that it needs no
    generator whose state would have to be saved.

    Parameters
    ----------
    data : FitData
    batch_size : int
    seed : int
    epoch : tf.Variable, optional
        int64 scalar with the number of the epoch, read when its iterator is made. Without it
        the pipeline runs on from epoch 0 without end: making an iterator takes longer than
        many an epoch of a small table.

    Returns
    -------
    tf.data.Dataset
        Of ``(x, y)`` or ``(x, y, weights)``.
    """
    import tensorflow as tf

    rows = len(data.x)
    steps = steps_per_epoch(rows, batch_size)
    with tf.device("cpu:0"):
        arrays = [
            tf.constant(array) for array in (data.x, data.y, data.weights) if array is not None
        ]

    def batches(number: Any) -> Any:
        pair = tf.stack([tf.constant(seed, tf.int64), number])
        order = tf.random.experimental.stateless_shuffle(tf.range(rows), seed=pair)

        def batch(step: Any) -> tuple[Any, ...]:
            indices = order[step * batch_size : (step + 1) * batch_size]
            return tuple(tf.gather(array, indices) for array in arrays)

        return tf.data.Dataset.range(steps).map(batch)

    if epoch is None:
        dataset = tf.data.Dataset.range(2**31).flat_map(batches)
    else:
        dataset = tf.data.Dataset.from_tensors(0).flat_map(lambda _: batches(epoch.read_value()))
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(steps))
    return _plain_options(dataset, rows)


def validation_batches(x: Array, y: Array, batch_size: int) -> Any:
    """Make the pipeline of validation batches, in the order of the rows."""
    import tensorflow as tf

    with tf.device("cpu:0"):
        dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(batch_size)
    if len(x) <= batch_size:
        dataset = dataset.cache()
    return _plain_options(dataset, len(x))


def _plain_options(dataset: Any, rows: int) -> Any:
    """Switch off what costs more than it brings for rows in memory."""
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    options.threading.private_threadpool_size = 1
    dataset = dataset.with_options(options)
    return dataset.prefetch(2) if rows > 10_000 else dataset


def fit(
    model: Any,
    data: FitData,
    section: FitConfig,
    *,
    seed: int,
    callbacks: Sequence[Any] = (),
    history_file: Path | None = None,
    on_progress: OnProgress | None = None,
) -> FitResult:
    """Fit a compiled model.

    Parameters
    ----------
    model : keras.Sequential
        Compiled with the ``steps_per_execution`` that `choose_steps_per_execution` returns.
    data : FitData
    section : FitConfig
    seed : int
        Of the order of rows.
    callbacks : sequence of keras.callbacks.Callback
        The config's own.
    history_file : Path, optional
        Where a row per epoch is written.
    on_progress : callable, optional
        Called with a `Progress` after every epoch and a few times a second within.

    Returns
    -------
    FitResult
        If SIGINT or SIGTERM came, the model has the weights of the best epoch so far.

    Raises
    ------
    TrainingError
        If the loss or a weight stops being finite.
    """
    import tensorflow as tf

    from dlcli import callbacks as own

    steps = steps_per_epoch(len(data.x), section.batch_size)
    whole_epochs = model.steps_per_execution == steps
    epoch = None if whole_epochs else tf.Variable(0, dtype=tf.int64, trainable=False)
    keeper = own.BestKeeper("val_loss" if data.validation else "loss")
    watcher = own.SignalWatcher()
    history = import_keras().callbacks.History()
    used: list[Any] = [own.FiniteGuard(), *callbacks, keeper, history]
    if epoch is not None:
        used.append(own.EpochCounter(epoch))
    if history_file is not None:
        used.append(own.HistoryFile(history_file))
    if on_progress is not None:
        used.append(own.Reporter(on_progress, section.epochs, steps))
    used.append(watcher)
    started = time.monotonic()
    result = FitResult()
    with watcher.listening():
        try:
            model.fit(
                training_batches(data, section.batch_size, seed, epoch),
                epochs=section.epochs,
                steps_per_epoch=steps if whole_epochs else None,
                validation_data=_validation(data, section.batch_size),
                shuffle=False,
                callbacks=used,
                verbose=0,
            )
            result.best_epoch = own.restored_epoch(callbacks)
        except own.Interrupted as interrupted:
            result.signum = interrupted.signum
            result.best_epoch = keeper.restore(callbacks)
        except TrainingError as error:
            error.best_epoch = keeper.restore(callbacks)
            raise
        except (MemoryError, DlcliError):
            raise
        except Exception as error:
            raise TrainingError(f"training failed: {first_line(error)}") from error
    result.history = {key: [float(v) for v in values] for key, values in history.history.items()}
    result.epochs = len(history.epoch)
    result.seconds = time.monotonic() - started
    return result


def _validation(data: FitData, batch_size: int) -> Any:
    if data.validation is None:
        return None
    x, y = data.validation
    return validation_batches(x, y, max(batch_size, 256))
