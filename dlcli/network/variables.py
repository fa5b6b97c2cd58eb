"""Read and assign the values of Keras and TensorFlow variables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcli.types import Array


def read_values(variables: Sequence[Any]) -> list[Array]:
    """Return the values of variables, in dtypes that every NumPy has."""
    return [_standard(variable.numpy()) for variable in variables]


def _standard(array: Array) -> Array:
    """View an array of a dtype that NumPy itself does not have, such as bfloat16, as integers."""
    return array.view(np.uint16) if array.dtype.kind == "V" else array


def assign_values(variables: Sequence[Any], values: Sequence[Array]) -> None:
    """Assign the values that `read_values` returned.

    Raises
    ------
    ValueError
        If they differ from the variables in number, shape or dtype.
    """
    if len(variables) != len(values):
        raise ValueError(f"{len(variables)} variables, {len(values)} values")
    for variable, value in zip(variables, values, strict=True):
        current = variable.numpy()
        if _standard(current).dtype != value.dtype or current.shape != value.shape:
            raise ValueError(
                f"{variable.name} is {current.dtype} {current.shape}, "
                f"not {value.dtype} {value.shape}"
            )
        variable.assign(value.view(current.dtype))


def variable_bytes(variables: Sequence[Any]) -> int:
    """Return the size of variables in bytes, without reading them."""
    return sum(
        math.prod(variable.shape)
        * np.dtype(str(variable.dtype).replace("bfloat16", "uint16")).itemsize
        for variable in variables
    )
