"""Put preprocessing, network and answers of a model into one ONNX model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcli.errors import first_line
from dlcli.exports.errors import ExportError
from dlcli.exports.onnx.answers import answers
from dlcli.exports.onnx.inputs import Input, inputs_of, tensors_of
from dlcli.exports.onnx.steps import transformed
from dlcli.exports.onnx.tensors import (
    IR_VERSION,
    MICROSOFT,
    ML,
    ML_OPSET,
    OPSET,
    TEXT,
    Graph,
    Tensor,
)
from dlcli.models.signature import Signature
from dlcli.preparation.preprocessor import Group
from dlcli.version import __version__

PREFIX = "network:/"


def onnx_document(signature: Signature, network: bytes, units: int, name: str) -> Any:
    """Return a model as an ONNX model whose inputs are its columns.

    Parameters
    ----------
    signature : Signature
    network : bytes
        The ONNX graph of the network.
    units : int
        Number of its outputs.
    name : str
        Of the model.

    Returns
    -------
    onnx.ModelProto

    Raises
    ------
    ExportError
        If ONNX has no operators for a step.
    """
    from onnx import helper

    graph = Graph()
    x = _preprocessed(graph, signature)
    graph.refuse(_not_finite(graph, x.reshape(0, -1)))
    outputs, domains = _append_network(graph, network, x.reshape(-1, *signature.input_shape))
    results = answers(graph, signature, outputs, units)
    inputs = inputs_of(signature)
    names = _free_names(results, {item.name for item in inputs})
    for result, tensor in results.items():
        graph.nodes.append(helper.make_node("Identity", [tensor.name], [names[result]]))
    ends = [_output_info(names[key], tensor, signature) for key, tensor in results.items()]
    body = helper.make_graph(
        graph.nodes,
        name or "dlcli",
        [_input_info(item) for item in inputs],
        ends,
        graph.initializers,
    )
    versions = {"": OPSET, ML: ML_OPSET, **domains}
    if any(node.domain == MICROSOFT for node in graph.nodes):
        versions[MICROSOFT] = 1
    document = helper.make_model(
        body,
        producer_name="dlcli",
        producer_version=__version__,
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid(*item) for item in versions.items()],
    )
    facts = {"class_names": list(signature.class_names), "outputs": names}
    helper.set_model_props(document, {"dlcli": json.dumps(facts, ensure_ascii=False)})
    return document


def _preprocessed(graph: Graph, signature: Signature) -> Tensor:
    """Return the preprocessed rows: float32, shape (n, …)."""
    tensors = tensors_of(graph, signature)
    preprocessor = signature.preprocessor
    if not preprocessor.shape:
        return graph.concat([_group(graph, group, tensors) for group in preprocessor.groups])
    (values,) = tensors.values()
    values = values.reshape(0, -1).cast(np.float32)
    if signature.medium.kind == "image" and signature.medium.high != 255:
        values = values * (signature.medium.high / 255)
    for step in preprocessor.groups[0].steps:
        values = transformed(graph, step, values)
    return values.cast(np.float32)


def _group(graph: Graph, group: Group, tensors: Mapping[str, Tensor]) -> Tensor:
    columns = [tensors[name] for name in group.columns]
    if len({column.dtype for column in columns}) > 1:
        raise ExportError(f"columns of different types in one group: {', '.join(group.columns)}")
    values = graph.concat(columns)
    for step in group.steps:
        values = transformed(graph, step, values)
    if values.dtype == TEXT:
        raise ExportError(f"column {group.columns[0]!r} has no step that makes numbers of texts")
    return values.cast(np.float32)


def _not_finite(graph: Graph, values: Tensor) -> Tensor:
    return graph.either_of(
        graph.op("IsNaN", values, dtype=bool), graph.op("IsInf", values, dtype=bool)
    )


def _append_network(graph: Graph, content: bytes, x: Tensor) -> tuple[Tensor, dict[str, int]]:
    """Append the nodes of a network; return its outputs, and the versions of further domains."""
    import onnx
    from onnx import compose, version_converter

    try:
        network = onnx.load_model_from_string(content)
        version = next(item.version for item in network.opset_import if not item.domain)
        if version != OPSET:
            network = version_converter.convert_version(network, OPSET)
        network = compose.add_prefix(network, PREFIX)
    except Exception as error:  # of ONNX's C++ code
        raise ExportError(
            f"the network cannot be converted to version {OPSET} of ONNX: {first_line(error)}"
        ) from error
    constants = {item.name for item in network.graph.initializer}
    (name,) = [item.name for item in network.graph.input if item.name not in constants]
    graph.nodes.append(onnx.helper.make_node("Identity", [x.name], [name]))
    graph.nodes.extend(network.graph.node)
    graph.initializers.extend(network.graph.initializer)
    domains = {item.domain: item.version for item in network.opset_import if item.domain}
    return Tensor(graph, network.graph.output[0].name, np.float32), domains


def _free_names(results: Mapping[str, Tensor], taken: set[str]) -> dict[str, str]:
    """Return the names of the outputs; an underscore is added to those of columns."""
    names = {}
    for name in results:
        free = name
        while free in taken:
            free += "_"
        names[name] = free
    return names


def _input_info(item: Input) -> Any:
    from onnx import TensorProto, helper

    kind = (
        TensorProto.STRING
        if item.dtype == "string"
        else helper.np_dtype_to_tensor_dtype(np.dtype(item.dtype))
    )
    labels = ["rows", "samples"]
    shape = [labels[at] if size is None else size for at, size in enumerate(item.shape)]
    return helper.make_tensor_value_info(item.name, kind, shape, item.meaning)


def _output_info(name: str, tensor: Tensor, signature: Signature) -> Any:
    from onnx import TensorProto, helper

    kind = (
        TensorProto.STRING
        if tensor.dtype == TEXT
        else helper.np_dtype_to_tensor_dtype(tensor.dtype)
    )
    several = signature.target is not None and len(signature.target.outputs) > 1
    width = len(signature.class_names) or (
        len(signature.target.outputs) if several and signature.target else 0
    )
    is_vector = tensor.dtype == TEXT or (not signature.class_names and not several)
    return helper.make_tensor_value_info(name, kind, ["rows"] if is_vector else ["rows", width])
