"""Build an ONNX graph operator by operator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcli.types import Array

OPSET, IR = 18, 10  # those of the graphs of networks


class GraphBuilder:
    """An ONNX graph of float32 rows, built from the input on.

    Parameters
    ----------
    input_shape : tuple of int
        Of one sample.

    Attributes
    ----------
    rows : str
        Name of the flat rows: float32, shape (n, features).
    """

    def __init__(self, input_shape: Sequence[int]) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self.input_shape = tuple(input_shape)
        self.features = math.prod(input_shape)
        self.rows = "x"
        if len(self.input_shape) != 1:
            self.rows = self.add("Reshape", "x", np.array([-1, self.features]))

    def constant(self, value: Any) -> str:
        """Return the name of a new constant."""
        from onnx import numpy_helper

        name = f"c{len(self._constants)}"
        array = np.ascontiguousarray(value)
        self._constants.append(numpy_helper.from_array(array.reshape(np.shape(value)), name))
        return name

    def add(self, operator: str, *inputs: Any, outputs: int = 1, **attributes: Any) -> str:
        """Add an operator, and return the name of its last output; arrays become constants."""
        from onnx import helper

        names = [item if isinstance(item, str) else self.constant(item) for item in inputs]
        results = [f"r{len(self._nodes)}_{at}" for at in range(outputs)]
        self._nodes.append(helper.make_node(operator, names, results, **attributes))
        return results[-1]

    def cast(self, name: str, dtype: Any) -> str:
        """Add a conversion to another type."""
        from onnx import helper

        return self.add("Cast", name, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def doubles(self) -> str:
        """Return the name of the rows as float64."""
        return self.cast(self.rows, np.float64)

    def affine(self, rows: str, matrix: Array, offset: Array) -> str:
        """Add a product with a matrix, and a sum."""
        return self.add("Add", self.add("MatMul", rows, matrix), offset)

    def with_complement(self, shares: str, dtype: Any) -> str:
        """Return the shares of both classes from those of the second, of shape (n, 1)."""
        first = self.add("Sub", np.array(1, dtype), shares)
        return self.add("Concat", first, shares, axis=1)

    def finish(self, output: str, units: int) -> bytes:
        """Return the serialized model, whose output is converted to float32."""
        from onnx import TensorProto, helper

        self._nodes.append(
            helper.make_node("Cast", [output], ["y"], to=TensorProto.FLOAT)
        )  # fmt: skip
        ends = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, *shape])
            for name, shape in (("x", self.input_shape), ("y", (units,)))
        ]
        graph = helper.make_graph(self._nodes, "estimator", ends[:1], ends[1:], self._constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR
        )
        return bytes(model.SerializeToString())
