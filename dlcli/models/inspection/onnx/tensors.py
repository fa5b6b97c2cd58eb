"""Shapes, and small values, of the tensors of an ONNX graph."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from dlcli.models.limits import Limits
from dlcli.types import Array

Shape = tuple[int, ...]
# Values are followed in arrays of up to so many elements, from which shapes are computed.
MAX_KNOWN_VALUES = 1024
# Several samples are computed at a time, and may have results of this many times the limit of
# one sample; so many results of that size may be in memory at the same time.
BLOCK_FACTOR, LIVE_RESULTS = 4, 2


class GraphError(Exception):
    """A graph exceeds the limits or is inconsistent; the message follows "the ONNX graph"."""


class Tensors:
    """Tensors that were computed so far.

    Parameters
    ----------
    initializers : dict
        Shape and, of small ones, values of the tensors that the graph stores.
    limits : Limits
    rows : int
        Samples that are computed at a time.
    """

    def __init__(
        self, initializers: dict[str, tuple[Shape, Array | None]], limits: Limits, rows: int
    ) -> None:
        self._tensors = dict(initializers)
        self._initializers = set(initializers)
        self._max_size = BLOCK_FACTOR * limits.elements
        self._operations_left = limits.operations * max(rows, 1)
        self._live_elements = 0

    def shape(self, name: str) -> Shape:
        """Return the shape of a tensor."""
        if name not in self._tensors:
            raise GraphError("uses a tensor that it does not compute")
        return self._tensors[name][0]

    def values(self, name: str) -> Array:
        """Return the values of a tensor on which a shape depends."""
        self.shape(name)
        values = self._tensors[name][1]
        if values is None:
            raise GraphError("has results of unknown size")
        return values

    def known_values(self, name: str) -> Array | None:
        """Return the values of a tensor, if they are known."""
        return self._tensors[name][1] if name in self._tensors else None

    def integers(self, name: str) -> list[int]:
        """Return the values of a tensor of sizes or axes."""
        return [int(value) for value in self.values(name).ravel()]

    def add(self, name: str, shape: Sequence[int], values: Array | None = None) -> None:
        """Add a result, and count an operation for each of its elements."""
        if not name:
            return
        if name in self._tensors:
            raise GraphError("computes a tensor twice")
        if min(shape, default=0) < 0:
            raise GraphError("has a result of negative size")
        size = math.prod(shape)
        self._live_elements += size
        if size > self._max_size or self._live_elements > LIVE_RESULTS * self._max_size:
            raise GraphError("needs too much memory")
        self.count(size)
        self._tensors[name] = tuple(shape), values

    def release(self, name: str) -> None:
        """Note that no later operator uses a result."""
        if name in self._tensors and name not in self._initializers:
            shape, _ = self._tensors[name]
            self._live_elements -= math.prod(shape)
            self._tensors[name] = shape, None

    def count(self, operations: int) -> None:
        """Count multiplications."""
        self._operations_left -= operations
        if self._operations_left < 0:
            raise GraphError("needs too much time")


Rule = Callable[[Any, Tensors], None]
