"""One fit: Keras's own, fed by a pipeline that costs little per batch."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.backend import import_keras
from dlcli.batches import FitData, steps_per_epoch, training_batches, validation_batches
from dlcli.config.sections import FitConfig
from dlcli.errors import DlcliError, TrainingError, first_line

if TYPE_CHECKING:
    from dlcli.callbacks import OnProgress

# What a step costs at least, and what one core computes in a second; for choosing how many
# steps run in one call, so that progress and Ctrl-C stay alive about twice a second.
STEP_SECONDS = 50e-6
FLOPS = 10e9
CALL_SECONDS = 0.4


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


def choose_steps_per_execution(model: Any, steps: int, batch_size: int) -> int:
    """Return how many steps one call of the training function should do.

    With several devices it is one: TensorFlow cannot have them meet within a loop of its own.

    Parameters
    ----------
    model : keras.Sequential
        Built; its multiplications are estimated from its weights and output sizes.
    steps : int
        Batches in an epoch.
    batch_size : int
    """
    if device_count(model) > 1:
        return 1
    seconds = max(STEP_SECONDS, computing_seconds(model, batch_size))
    return max(1, min(steps, int(CALL_SECONDS / seconds)))


def device_count(model: Any) -> int:
    """Return on how many devices at once a model trains."""
    return int(model.distribute_strategy.num_replicas_in_sync)


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
    shares = device_count(model)
    if shares > 1:
        _build_metrics(model, data)
    # Keras counts the elements of a pipeline, which are no batches if devices share them.
    whole_epochs = model.steps_per_execution == steps or shares > 1
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
                _distributed(model, data, section.batch_size, seed, epoch),
                epochs=section.epochs,
                steps_per_epoch=steps if whole_epochs else None,
                validation_data=_watching(data, section.batch_size),
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


def _build_metrics(model: Any, data: FitData) -> None:
    """Have a model make the variables of its metrics on all devices.

    Keras would do it by averaging the first batch over the devices: that fails where their
    shares differ in size, and takes the batch away.
    """
    with model.distribute_strategy.scope():
        model._symbolic_build(data_batch=(data.x[:1], data.y[:1]))  # noqa: SLF001
    model._maybe_symbolic_build = lambda **_: None  # noqa: SLF001


def _distributed(model: Any, data: FitData, batch_size: int, seed: int, epoch: Any) -> Any:
    """Return the pipeline of training batches, for all devices of a model."""
    shares = device_count(model)
    batches = training_batches(data, batch_size, seed, epoch, shares)
    if shares == 1:
        return batches
    return model.distribute_strategy.distribute_datasets_from_function(lambda _: batches)


def _watching(data: FitData, batch_size: int) -> Any:
    """Return the pipeline of validation batches."""
    if data.validation is None:
        return None
    return validation_batches(*data.validation, max(batch_size, 256))
