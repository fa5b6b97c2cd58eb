"""Build an ONNX graph with expressions of tensors, as NumPy computes with arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from dlcli.types import Array

# StringSplit and the comparison of texts need it; ONNX Runtime has it since 1.17 (2024).
OPSET, ML_OPSET, IR_VERSION = 20, 4, 9
ML = "ai.onnx.ml"
MICROSOFT = "com.microsoft"
# A category that is missing; no file has such a text.
MISSING_TEXT = "\0missing"
TEXT = np.dtype(object)
Operand: TypeAlias = "Tensor | Array | float"


class Tensor:
    """A value in a graph.

    Parameters
    ----------
    graph : Graph
    name : str
    dtype : dtype
        Objects are texts.
    """

    __array_ufunc__ = None  # an array on the left leaves the operation to the tensor

    def __init__(self, graph: Graph, name: str, dtype: Any) -> None:
        self.graph, self.name, self.dtype = graph, name, np.dtype(dtype)

    def __add__(self, other: Operand) -> Tensor:
        return self.graph.op("Add", self, other)

    def __radd__(self, other: Operand) -> Tensor:
        return self.graph.op("Add", other, self)

    def __sub__(self, other: Operand) -> Tensor:
        return self.graph.op("Sub", self, other)

    def __rsub__(self, other: Operand) -> Tensor:
        return self.graph.op("Sub", other, self)

    def __mul__(self, other: Operand) -> Tensor:
        return self.graph.op("Mul", self, other)

    def __rmul__(self, other: Operand) -> Tensor:
        return self.graph.op("Mul", other, self)

    def __truediv__(self, other: Operand) -> Tensor:
        return self.graph.op("Div", self, other)

    def __rtruediv__(self, other: Operand) -> Tensor:
        return self.graph.op("Div", other, self)

    def __neg__(self) -> Tensor:
        return self.graph.op("Neg", self)

    def __pow__(self, other: Operand) -> Tensor:
        return self.graph.op("Pow", self, other)

    def __lt__(self, other: Array | float) -> Tensor:  # type: ignore[misc]
        return self.graph.op("Less", self, other, dtype=bool)

    def __le__(self, other: Array | float) -> Tensor:  # type: ignore[misc]
        return self.graph.op("LessOrEqual", self, other, dtype=bool)

    def __gt__(self, other: Array | float) -> Tensor:  # type: ignore[misc]
        return self.graph.op("Greater", self, other, dtype=bool)

    def __ge__(self, other: Array | float) -> Tensor:  # type: ignore[misc]
        return self.graph.op("GreaterOrEqual", self, other, dtype=bool)

    def equals(self, other: Operand | str) -> Tensor:
        """Return where two tensors are equal."""
        return self.graph.op("Equal", self, other, dtype=bool)

    def cast(self, dtype: Any) -> Tensor:
        """Return the values in another type."""
        from onnx import helper

        dtype = np.dtype(dtype)
        if dtype == self.dtype:
            return self
        return self.graph.op("Cast", self, dtype=dtype, to=helper.np_dtype_to_tensor_dtype(dtype))

    def column(self, index: int) -> Tensor:
        """Return a column as a tensor of shape (n, 1)."""
        return self.columns([index])

    def columns(self, indices: Sequence[int]) -> Tensor:
        """Return some columns, in this order."""
        return self.graph.op("Gather", self, np.array(indices, np.int64), axis=1)

    def reshape(self, *shape: int) -> Tensor:
        """Return the values in another shape; -1 is what remains."""
        return self.graph.op("Reshape", self, np.array(shape, np.int64))

    def sum(self, axis: int = 1) -> Tensor:
        """Return the sums along an axis, which stays with length 1."""
        return self.graph.op("ReduceSum", self, np.array([axis]), keepdims=1)


class Graph:
    """The nodes and constants of a graph."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.refusals: list[Tensor] = []
        self._constants: dict[tuple[Any, ...], Tensor] = {}
        self._names = 0

    def name(self, kind: str) -> str:
        """Return a new name."""
        self._names += 1
        return f"dlcli:/{kind}_{self._names}"

    def constant(self, value: Any, dtype: Any = None) -> Tensor:
        """Return an array as a constant."""
        from onnx import numpy_helper

        array = np.asarray(value, dtype)
        array = array.astype(TEXT) if array.dtype.kind == "U" else array
        content = tuple(array.ravel().tolist()) if array.dtype == TEXT else array.tobytes()
        key = (array.dtype.str, array.shape, content)
        if key not in self._constants:
            tensor = Tensor(self, self.name("constant"), array.dtype)
            self.initializers.append(numpy_helper.from_array(array, tensor.name))
            self._constants[key] = tensor
        return self._constants[key]

    def op(self, kind: str, *inputs: Any, dtype: Any = None, **attributes: Any) -> Tensor:
        """Append a node with one output.

        Parameters
        ----------
        kind : str
            Its operator.
        *inputs : Tensor, array, number or str
            Numbers become constants of the type of the first tensor.
        dtype : dtype, optional
            Of the output; default: that of the first tensor.
        **attributes
            Of the node.
        """
        return self.ops(kind, *inputs, dtypes=[dtype], **attributes)[0]

    def ops(
        self, kind: str, *inputs: Any, dtypes: Sequence[Any], domain: str = "", **attributes: Any
    ) -> list[Tensor]:
        """Append a node with several outputs; see `op`."""
        from onnx import helper

        first = next(item for item in inputs if isinstance(item, Tensor))
        tensors = [self._tensor(item, first.dtype) for item in inputs]
        outputs = [Tensor(self, self.name(kind.lower()), dtype or first.dtype) for dtype in dtypes]
        self.nodes.append(
            helper.make_node(
                kind, [t.name for t in tensors], [t.name for t in outputs], domain=domain,
                **attributes,
            )
        )  # fmt: skip
        return outputs

    def _tensor(self, item: Any, dtype: np.dtype[Any]) -> Tensor:
        if isinstance(item, Tensor):
            return item
        if isinstance(item, int | float):
            return self.constant(item, dtype)
        is_alike = np.asarray(item).dtype.kind == dtype.kind != "O"
        return self.constant(item, dtype if is_alike else None)

    def where(self, condition: Tensor, value: Operand | str, other: Operand | str) -> Tensor:
        """Return one value where a condition holds, and another one elsewhere."""
        tensors = [item for item in (value, other) if isinstance(item, Tensor)]
        dtype = tensors[0].dtype if tensors else np.dtype(np.float64)
        if isinstance(value, str) or isinstance(other, str):
            dtype = TEXT
        pair = [
            item if isinstance(item, Tensor) else self.constant(item, dtype)
            for item in (value, other)
        ]
        return self.op("Where", condition, *pair, dtype=dtype)

    def concat(self, tensors: Sequence[Tensor], axis: int = 1) -> Tensor:
        """Return tensors side by side."""
        if len(tensors) == 1:
            return tensors[0]
        return self.op("Concat", *tensors, axis=axis)

    def either_of(self, *masks: Tensor) -> Tensor:
        """Return where one of several conditions holds."""
        mask = masks[0]
        for other in masks[1:]:
            mask = self.op("Or", mask, other)
        return mask

    def refuse(self, mask: Tensor) -> None:
        """Note rows that `predict` refuses, where a condition of shape (n, columns) holds."""
        count = mask.cast(np.int64).sum().reshape(-1)
        self.refusals.append(count > 0)

    def encode(self, texts: Tensor, codes: dict[str, int], default: int) -> Tensor:
        """Return the code of each text; int64."""
        if not codes:
            return self.op("Mul", texts.equals("").cast(np.int64), 0) + default
        return self.op(
            "LabelEncoder", texts, dtype=np.int64, domain=ML, keys_strings=list(codes),
            values_int64s=list(codes.values()), default_int64=default,
        )  # fmt: skip


Converter: TypeAlias = Callable[[Graph, Any, Tensor], Tensor]
