"""Values of Keras's and TensorFlow's variables, taken out and put back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcli.types import Array


def read_values(variables: Sequence[Any]) -> list[Array]:
    """Return the values of variables, in dtypes that every NumPy knows."""
    return [_known(variable.numpy()) for variable in variables]


def _known(array: Array) -> Array:
    """View what NumPy has from elsewhere, as bfloat16, as whole numbers."""
    return array.view(np.uint16) if array.dtype.kind == "V" else array


def assign_values(variables: Sequence[Any], values: Sequence[Array]) -> None:
    """Give variables the values that `read_values` returned.

    Raises
    ------
    ValueError
        If they differ in number, shape or dtype.
    """
    if len(variables) != len(values):
        raise ValueError(f"{len(variables)} variables, {len(values)} values")
    for variable, value in zip(variables, values, strict=True):
        now = variable.numpy()
        if _known(now).dtype != value.dtype or now.shape != value.shape:
            wanted = f"{now.dtype} {now.shape}"
            raise ValueError(f"{variable.name} is {wanted}, not {value.dtype} {value.shape}")
        variable.assign(value.view(now.dtype))


def variable_bytes(variables: Sequence[Any]) -> int:
    """Return how many bytes variables hold, without reading them."""
    return sum(
        math.prod(variable.shape)
        * np.dtype(str(variable.dtype).replace("bfloat16", "uint16")).itemsize
        for variable in variables
    )
