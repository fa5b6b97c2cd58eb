"""State of callbacks, extracted for checkpoints and restored from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from dlcli.errors import DlcliError
from dlcli.files import atomic
from dlcli.network.internals import CALLBACK_FIELDS
from dlcli.parser_messages import first_problem
from dlcli.training.checkpoint import arrays_below
from dlcli.training.own_callbacks import is_own_callback, own_state, restore_own
from dlcli.types import Array

# The fields of each callback that change in a training, with their types. A field that is a
# list of arrays is stored with the arrays, or as None or [] among the plain values.
Weights = list[Any] | None
FIELDS: dict[str, dict[str, Any]] = {
    "EarlyStopping": {
        "wait": int, "stopped_epoch": int, "best": float | None, "best_epoch": int,
        "best_weights": Weights,
    },
    "ReduceLROnPlateau": {"wait": int, "best": float | None, "cooldown_counter": int},
    "ModelCheckpoint": {"best": float | None, **CALLBACK_FIELDS["ModelCheckpoint"]},
    "SwapEMAWeights": CALLBACK_FIELDS["SwapEMAWeights"],
    "TensorBoard": CALLBACK_FIELDS["TensorBoard"],
    "CSVLogger": {},  # its file is its state
    "WeightHistory": {},  # as well
    "LearningRateScheduler": {},
    "TerminateOnNaN": {},
    "BestWeights": {"best": float, "epoch": int, "weights": Weights},
    "History": {"epoch": list[int], "history": dict[str, list[float]]},
}  # fmt: skip

States = list[dict[str, Any]]


def check_resumable(callbacks: Sequence[Any]) -> None:
    """Refuse callbacks whose state cannot be saved.

    Raises
    ------
    DlcliError
        Before the training, rather than when it is resumed.
    """
    for callback in callbacks:
        if type(callback).__name__ not in FIELDS and not is_own_callback(callback):
            raise DlcliError(
                f"a training with {type(callback).__name__} cannot be resumed after a stop",
                hint="leave the callback out",
            )


def callback_states(callbacks: Sequence[Any]) -> tuple[States, dict[str, list[Array]]]:
    """Return the plain fields of each callback, and their lists of arrays by name."""
    states: States = []
    arrays: dict[str, list[Array]] = {}
    for number, callback in enumerate(callbacks):
        if is_own_callback(callback):
            own, own_arrays = own_state(callback)
            states.append(own)
            arrays |= {f"callback{number}.{name}": value for name, value in own_arrays.items()}
            continue
        state: dict[str, Any] = {}
        for name in FIELDS[type(callback).__name__]:
            value = getattr(callback, name)
            if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
                arrays[f"callback{number}.{name}"] = value
            else:
                state[name] = _plain(value)
        states.append(state)
    return states, arrays


def _plain(value: Any) -> Any:
    """Return a value as JSON represents it; metrics may be NumPy or TensorFlow scalars."""
    if isinstance(value, dict):
        return {key: [_plain(item) for item in items] for key, items in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return float(value)


def restore_callbacks(
    callbacks: Sequence[Any], states: States, arrays: Mapping[str, Sequence[Array]]
) -> None:
    """Set the fields of callbacks to what `callback_states` returned, after train-begin.

    Raises
    ------
    ValueError
        If they are the fields of other callbacks.
    """
    if len(states) != len(callbacks):
        raise ValueError(f"{len(states)} callbacks, not {len(callbacks)}")
    for number, (callback, state) in enumerate(zip(callbacks, states, strict=True)):
        kind = type(callback).__name__
        lists = arrays_below(arrays, f"callback{number}.")
        if is_own_callback(callback):
            restore_own(callback, state, lists)
            continue
        try:
            _model(kind).model_validate({**state, **lists})
        except ValidationError as error:
            raise ValueError(first_problem(error, kind)) from None
        for name in FIELDS[kind]:
            setattr(callback, name, lists[name] if name in lists else state[name])


@cache
def _model(kind: str) -> type[BaseModel]:
    """Return the type of the state of a kind of callback."""
    # Pydantic takes names with an underscore for private attributes, but not as aliases.
    fields: dict[str, Any] = {
        name.lstrip("_"): (annotation, Field(alias=name))
        for name, annotation in FIELDS[kind].items()
    }
    return create_model(kind, __config__=ConfigDict(strict=True, extra="forbid"), **fields)


def close_logs(callbacks: Sequence[Any]) -> None:
    """Close the files of ``CSVLogger``, which Keras only does after a complete training."""
    for callback in callbacks:
        file = getattr(callback, "csv_file", None)
        if file is not None:
            file.close()


def truncate_logs(callbacks: Sequence[Any], epochs: int) -> None:
    """Cut the files of callbacks to a number of epochs, and have later ones appended."""
    for callback in callbacks:
        # By name, since a command that reads states needs no Keras.
        kind = type(callback).__name__
        if kind == "WeightHistory":
            callback.keep(epochs)
        if kind != "CSVLogger":
            continue
        path = Path(callback.filename)
        if path.is_file():
            lines = path.read_bytes().splitlines(keepends=True)
            with atomic(path) as temporary:
                temporary.write_bytes(b"".join(lines[: epochs + 1]))
            callback.append = True
