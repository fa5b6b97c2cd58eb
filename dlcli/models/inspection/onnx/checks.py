"""Inspect a serialized ONNX model before ONNX Runtime opens it.

The author of a model file also writes its checksums, so that they prove nothing. The graph has to
consist of the operators that dlcli's export writes, store all of its tensors, and have no result
larger than a network may have.
"""

from __future__ import annotations

from collections import Counter

from dlcli.errors import ModelFileError
from dlcli.models.inspection.onnx.compute_operators import COMPUTE_RULES
from dlcli.models.inspection.onnx.parsing import ParsedGraph, parse_model
from dlcli.models.inspection.onnx.protobuf import fields
from dlcli.models.inspection.onnx.shape_operators import SHAPE_RULES
from dlcli.models.inspection.onnx.tensors import GraphError, Rule, Tensors
from dlcli.models.limits import DEFAULT, Limits

MAX_DEPTH = 20
RULES: dict[str, Rule] = {**COMPUTE_RULES, **SHAPE_RULES}
# Fields by number that hold a message of the named kind, for each kind of message that can hold
# operators or tensors.
CHILDREN: dict[str, dict[int, str]] = {
    "model": {7: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
# Fields that no network of Keras's layers needs.
REFUSED_FIELDS = {
    ("model", 20): "training information",
    ("model", 25): "functions",
    ("tensor", 13): "data in another file",
    ("tensor", 14): "data in another file",
}
NODE_DOMAIN = 7
STANDARD_DOMAINS = (b"", b"ai.onnx")


def inspect_onnx(
    data: bytes, *, check_cost: bool = True, rows: int = 1, limits: Limits = DEFAULT
) -> None:
    """Inspect a serialized ONNX model.

    Parameters
    ----------
    data : bytes
        A ``ModelProto``.
    check_cost : bool
        Whether to refuse control flow and to check the size of every result. It is not needed
        for a graph that was exported here, from an inspected network.
    rows : int
        Samples that will be computed at a time.
    limits : Limits

    Raises
    ------
    ModelFileError
        If the graph has operators that are not standard, refers to data in other files, exceeds
        the limits, has results of unknown size, or is damaged.
    """
    message = memoryview(data)
    try:
        _check_message(message, "model", 0)
        if check_cost:
            graph = parse_model(message)
            for count in {1, rows}:  # either may cost more
                _check_graph(graph, count, limits)
    except (IndexError, ValueError, KeyError, TypeError, OverflowError):
        raise ModelFileError("the ONNX graph is damaged") from None
    except GraphError as error:
        raise ModelFileError(f"the ONNX graph {error}") from None


def operator_counts(data: bytes) -> dict[str, int]:
    """Return how often each operator occurs in an inspected model."""
    counts = Counter(node.operator for node in parse_model(memoryview(data)).nodes)
    return dict(sorted(counts.items()))


def _check_message(message: memoryview, kind: str, depth: int) -> None:
    """Check the fields of a message, and those of the messages in it."""
    if depth > MAX_DEPTH:
        raise GraphError("is nested too deeply")
    children = CHILDREN[kind]
    for number, value in fields(message):
        refused = REFUSED_FIELDS.get((kind, number))
        if refused and value:
            raise GraphError(f"has {refused}")
        if kind == "node" and number == NODE_DOMAIN and bytes(value) not in STANDARD_DOMAINS:
            name = bytes(value).decode("ascii", "replace")
            raise GraphError(f"has operators of the domain {name!r}")
        if number in children:
            if not isinstance(value, memoryview):
                raise ValueError("a number instead of a message")
            _check_message(value, children[number], depth + 1)


def _check_graph(graph: ParsedGraph, rows: int, limits: Limits) -> None:
    """Compute the shapes of all results, and small values, and check them against the limits."""
    if len(graph.nodes) > limits.nodes:
        raise GraphError(f"has {len(graph.nodes):,} operators, more than {limits.nodes:,}")
    tensors = Tensors(graph.initializers, limits, rows)
    for name, shape in graph.inputs.items():
        if name not in graph.initializers:
            sizes = (size or (1 if axis else rows) for axis, size in enumerate(shape))
            tensors.add(name, tuple(sizes))
    last_use = {name: at for at, node in enumerate(graph.nodes) for name in node.inputs}
    last_use.update(dict.fromkeys(graph.outputs, len(graph.nodes)))
    for at, node in enumerate(graph.nodes):
        rule = RULES.get(node.operator)
        if rule is None:
            raise GraphError(
                f"has the operator {node.operator[:40]!r}, which dlcli's export never writes"
            )
        rule(node, tensors)
        for name in {*node.inputs, *node.outputs}:
            if last_use.get(name, -1) <= at:
                tensors.release(name)
