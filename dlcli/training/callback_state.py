"""What callbacks remember, taken out to be kept and put back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.errors import DlcliError
from dlcli.files import atomic
from dlcli.types import Array

# The fields of each callback that change in a training; all others of a config have none.
FIELDS = {
    "EarlyStopping": ("wait", "stopped_epoch", "best", "best_epoch", "best_weights"),
    "ReduceLROnPlateau": ("wait", "best", "cooldown_counter"),
    "ModelCheckpoint": ("best", "_last_batch_seen", "_batches_seen_since_last_saving"),
    "SwapEMAWeights": ("_ema_weights_in_model",),
    "TensorBoard": ("_global_train_batch", "_global_test_batch"),
    "CSVLogger": (),  # its file is all it has
    "LearningRateScheduler": (),
    "TerminateOnNaN": (),
    "BestKeeper": ("best", "epoch", "weights"),
    "History": ("epoch", "history"),
}

States = list[dict[str, Any]]


def check_resumable(callbacks: Sequence[Any]) -> None:
    """Refuse a callback whose state nobody knows how to keep.

    Raises
    ------
    DlcliError
        Before a training starts, not when it is to go on.
    """
    for callback in callbacks:
        if type(callback).__name__ not in FIELDS:
            raise DlcliError(
                f"a training with {type(callback).__name__} cannot be resumed after a stop",
                hint="leave the callback out",
            )


def callback_states(callbacks: Sequence[Any]) -> tuple[States, dict[str, list[Array]]]:
    """Return the plain fields of each callback, and its lists of arrays by name."""
    states: States = []
    arrays: dict[str, list[Array]] = {}
    for number, callback in enumerate(callbacks):
        plain: dict[str, Any] = {}
        for name in FIELDS[type(callback).__name__]:
            value = getattr(callback, name)
            if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
                arrays[f"callback{number}.{name}"] = value
            else:
                plain[name] = _plain(value)
        states.append(plain)
    return states, arrays


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; metrics may be scalars of NumPy or TensorFlow."""
    if isinstance(value, dict):
        return {key: [_plain(item) for item in items] for key, items in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return float(value)


def restore_callbacks(
    callbacks: Sequence[Any], states: States, arrays: dict[str, Sequence[Array]]
) -> None:
    """Give callbacks back what `callback_states` took; to be called once a training has begun."""
    if len(states) != len(callbacks):
        raise KeyError("other callbacks")
    for number, (callback, plain) in enumerate(zip(callbacks, states, strict=True)):
        for name in FIELDS[type(callback).__name__]:
            kept = arrays.get(f"callback{number}.{name}")
            setattr(callback, name, plain[name] if kept is None else list(kept))


def close_logs(callbacks: Sequence[Any]) -> None:
    """Close the files of ``CSVLogger``, which Keras does only at a good end."""
    for callback in callbacks:
        file = getattr(callback, "csv_file", None)
        if file is not None:
            file.close()


def cut_logs(callbacks: Sequence[Any], epochs: int) -> None:
    """Cut the files of ``CSVLogger`` to some epochs, and have them written on from there."""
    for callback in callbacks:
        if type(callback).__name__ != "CSVLogger":
            continue
        path = Path(callback.filename)
        if path.is_file():
            lines = path.read_bytes().splitlines(keepends=True)
            with atomic(path) as temporary:
                temporary.write_bytes(b"".join(lines[: epochs + 1]))
            callback.append = True
