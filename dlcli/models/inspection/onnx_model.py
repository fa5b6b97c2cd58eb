"""Inspect a serialized ONNX model before ONNX Runtime opens it.

The author of a model file also writes its checksums, so that they prove nothing. The graph has to
consist of operators that dlcli's export writes, store all of its tensors, and have no result larger
than a network may have. ``onnx`` infers the shapes of the results.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dlcli.errors import ModelFileError
from dlcli.models.limits import DEFAULT, Limits

Shape = tuple[int, ...]
MAX_RANK = 32
STANDARD_DOMAINS = ("", "ai.onnx")
# Sizes and axes are stored in tensors of up to so many values, and computed in larger ones.
MAX_SHAPE_VALUES, MAX_KNOWN_VALUES = 1024, 1 << 16
# Several samples are computed at a time, and may have results of this many times the limit of
# one sample; so many results of that size may be in memory at the same time.
BLOCK_FACTOR, LIVE_RESULTS = 4, 2
INTERPOLATION = 16  # Multiplications for an element of a resized image.
# Operators that dlcli writes for networks without loops, and for estimators of scikit-learn.
OPERATORS = frozenset([
    "Abs", "Add", "And", "ArgMax", "ArgMin", "AveragePool", "BatchNormalization", "Cast", "Ceil",
    "Celu", "Clip", "Concat", "Constant", "ConstantOfShape", "Conv", "ConvTranspose", "Cos", "Div",
    "Elu", "Equal", "Erf", "Exp", "Expand", "Flatten", "Floor", "Gather",
    "GatherElements", "Gemm",
    "GlobalAveragePool", "GlobalMaxPool", "Greater", "GreaterOrEqual", "HardSigmoid", "HardSwish",
    "Identity", "LeakyRelu", "Less", "LessOrEqual", "Log", "LogSoftmax", "LpNormalization",
    "MatMul", "Max", "MaxPool", "Min", "Mod", "Mul", "Neg", "Not", "OneHot", "Or", "PRelu", "Pad",
    "Pow", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin",
    "ReduceProd", "ReduceSum", "ReduceSumSquare", "Relu", "Reshape", "Resize", "Round", "Selu",
    "Shape", "Sigmoid", "Sign", "Sin", "Slice", "Softmax", "Softplus", "Softsign", "Split", "Sqrt",
    "Squeeze", "Sub", "Sum", "Tanh", "ThresholdedRelu", "Tile", "TopK", "Transpose",
    "Unsqueeze", "Where",
])  # fmt: skip


class GraphError(Exception):
    """A graph is refused; the message follows "the ONNX graph"."""


def inspect_onnx(data: bytes, *, rows: int = 1, limits: Limits = DEFAULT) -> None:
    """Inspect a serialized ONNX model.

    Parameters
    ----------
    data : bytes
        A ``ModelProto``.
    rows : int
        Samples that will be computed at a time.
    limits : Limits

    Raises
    ------
    ModelFileError
        If the graph has operators that dlcli's export does not write, refers to data in other
        files, exceeds the limits, has results of unknown size, or is damaged.
    """
    try:
        model = _parse(data)
        _check_structure(model, limits)
        _check_known_values(model.graph)
        _remove_weights(model.graph)
        for count in {1, rows}:  # either may cost more
            _check_cost(model, count, limits)
    except GraphError as error:
        raise ModelFileError(f"the ONNX graph {error}") from None
    except (UnicodeDecodeError, ValueError, KeyError, IndexError, TypeError):
        raise ModelFileError("the ONNX graph is damaged") from None


def operator_counts(data: bytes) -> dict[str, int]:
    """Return how often each operator occurs in an inspected model."""
    return dict(sorted(Counter(node.op_type for node in _parse(data).graph.node).items()))


def _parse(data: bytes) -> Any:
    import onnx

    try:
        return onnx.load_model_from_string(data)
    except Exception:  # noqa: BLE001 (an exception of protobuf, which onnx does not pass on)
        raise GraphError("is damaged") from None


def _check_structure(model: Any, limits: Limits) -> None:
    """Check that the model consists of known operators and of the tensors that they use."""
    graph = model.graph
    if model.functions or model.training_info:
        raise GraphError("has functions or training information")
    if not graph.output:
        raise GraphError("is damaged")
    if graph.sparse_initializer or graph.quantization_annotation:
        raise GraphError("has sparse or quantized tensors")
    if len(graph.node) > limits.nodes:
        raise GraphError(f"has {len(graph.node):,} operators, more than {limits.nodes:,}")
    for tensor in graph.initializer:
        _check_tensor(tensor)
    for node in graph.node:
        # `onnx` infers no shapes for operators of other domains, such as com.microsoft.
        if node.domain not in STANDARD_DOMAINS:
            raise GraphError(f"has operators of the domain {node.domain[:40]!r}")
        # The body of a loop would be another graph, which may run any number of times.
        for attribute in node.attribute:
            if any(attribute.HasField(name) for name in ("g", "sparse_tensor")) or any(
                (attribute.graphs, attribute.sparse_tensors, attribute.tensors)
            ):
                raise GraphError("has control flow or sparse tensors")
            if attribute.HasField("t"):
                _check_tensor(attribute.t)
        if node.op_type not in OPERATORS:
            name = node.op_type[:40]
            raise GraphError(f"has the operator {name!r}, which dlcli's export never writes")


def _check_tensor(tensor: Any) -> None:
    """Check that a tensor stores as many values as its shape says."""
    from onnx.helper import tensor_dtype_to_field, tensor_dtype_to_np_dtype

    # ONNX Runtime would read the tensor from the file that it names.
    if tensor.external_data or tensor.data_location:
        raise GraphError("has data in another file")
    if min(tensor.dims, default=0) < 0 or len(tensor.dims) > MAX_RANK:
        raise ValueError("a tensor with a wrong shape")
    count = math.prod(tensor.dims)
    if tensor.HasField("raw_data"):
        itemsize = tensor_dtype_to_np_dtype(tensor.data_type).itemsize
        is_complete = len(tensor.raw_data) == count * itemsize
    else:
        is_complete = len(getattr(tensor, tensor_dtype_to_field(tensor.data_type))) == count
    if not is_complete:
        raise ValueError("a tensor with missing values")


def _check_known_values(graph: Any) -> None:
    """Bound the values that shapes are computed with, of which `onnx` keeps a copy each."""
    counts = {tensor.name: math.prod(tensor.dims) for tensor in graph.initializer}
    counts = {name: count for name, count in counts.items() if count <= MAX_SHAPE_VALUES}
    for node in graph.node:
        inputs = [counts.get(name, 0) for name in node.input]
        count = sum(inputs) if node.op_type == "Concat" else max(inputs, default=0)
        if node.op_type == "Shape":
            count = MAX_RANK
        elif node.op_type == "Constant":
            count = max((math.prod(item.t.dims) for item in node.attribute), default=0)
        if count > MAX_KNOWN_VALUES:
            raise GraphError("needs too much memory")
        counts.update(dict.fromkeys(node.output, count))


def _remove_weights(graph: Any) -> None:
    """Remove the values of large tensors, and the shapes that the author of the graph claims."""
    for tensor in graph.initializer:
        if math.prod(tensor.dims) > MAX_SHAPE_VALUES:
            tensor.ClearField("raw_data")
            tensor.ClearField("float_data")
    graph.ClearField("value_info")
    for value in graph.output:
        value.type.tensor_type.ClearField("shape")


def _check_cost(model: Any, rows: int, limits: Limits) -> None:
    """Check the size of every result, of all results in memory, and the work for `rows` rows."""
    shapes = _infer_shapes(model, rows)
    graph = model.graph
    stored = {tensor.name for tensor in graph.initializer}
    computed = {*stored, *(value.name for value in graph.input)}
    max_size = BLOCK_FACTOR * limits.elements
    # ONNX Runtime frees a result after its last use.
    last_use = {name: at for at, node in enumerate(graph.node) for name in node.input}
    last_use.update((value.name, len(graph.node)) for value in graph.output)
    live = sum(math.prod(_known_shape(shapes, name)) for name in computed - stored)
    operations = 0
    for at, node in enumerate(graph.node):
        inputs, outputs = (list(filter(None, names)) for names in (node.input, node.output))
        if not computed.issuperset(inputs) or not computed.isdisjoint(outputs):
            raise GraphError("uses a tensor before it is computed, or computes one twice")
        computed.update(outputs)
        sizes = [math.prod(_known_shape(shapes, name)) for name in outputs]
        live += sum(sizes)
        if max(sizes, default=0) > max_size or live > LIVE_RESULTS * max_size:
            raise GraphError("needs too much memory")
        operations += _operations(node, [shapes[name] for name in inputs], sum(sizes))
        if operations > limits.operations * rows:
            raise GraphError("needs too much time")
        for name in {*inputs, *outputs} - stored:
            if last_use.get(name, -1) <= at:
                live -= math.prod(shapes[name])


def _known_shape(shapes: Mapping[str, Shape], name: str) -> Shape:
    shape = shapes.get(name)
    if shape is None or min(shape, default=0) < 0:
        raise GraphError("has tensors of unknown size")
    return shape


def _operations(node: Any, inputs: Sequence[Shape], size: int) -> int:
    """Return the number of multiplications of an operator with outputs of `size` elements."""
    attributes = {item.name: item for item in node.attribute}
    if node.op_type in ("MatMul", "Gemm"):
        is_transposed = "transA" in attributes and attributes["transA"].i
        return size * int(inputs[0][0 if is_transposed else -1])
    if node.op_type == "Conv":
        return size * math.prod(inputs[1][1:])
    if node.op_type == "ConvTranspose":
        return size + math.prod(inputs[0]) * math.prod(inputs[1][1:])
    if node.op_type in ("AveragePool", "MaxPool"):
        return size * int(math.prod(attributes["kernel_shape"].ints))
    if node.op_type == "Resize":
        return INTERPOLATION * size
    return max(map(math.prod, [*inputs, (size,)]))


def _infer_shapes(model: Any, rows: int) -> dict[str, Shape]:
    """Return the shape of every tensor whose sizes do not depend on the values of the inputs."""
    import onnx

    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for value in copy.graph.input:
        for axis, dimension in enumerate(value.type.tensor_type.shape.dim):
            if not dimension.dim_value:
                dimension.dim_value = 1 if axis else rows
    try:
        inferred = onnx.shape_inference.infer_shapes(
            copy, check_type=True, strict_mode=True, data_prop=True
        )
    except Exception:  # noqa: BLE001 (onnx raises several types without a common class)
        raise GraphError("has operators whose inputs do not fit") from None
    graph = inferred.graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        dimensions = value.type.tensor_type.shape.dim
        is_known = value.type.tensor_type.HasField("shape")
        if is_known and all(dimension.HasField("dim_value") for dimension in dimensions):
            shapes[value.name] = tuple(dimension.dim_value for dimension in dimensions)
    return shapes
