"""Export a model as one ONNX graph with its preprocessing."""

from __future__ import annotations

import json
from typing import Any

from dlcli.exports.comparison import Comparison
from dlcli.exports.errors import ExportError
from dlcli.exports.onnx.comparison import compare, open_graph
from dlcli.exports.onnx.document import onnx_document
from dlcli.exports.reference import reference
from dlcli.exports.rows import as_raw_pixels, generated_rows, real_rows
from dlcli.models.loading import LoadedModel
from dlcli.models.onnx_cache import load_cached_graph
from dlcli.models.onnx_conversion import network_rows, number_of_codes
from dlcli.models.onnx_graph import convert_to_onnx
from dlcli.models.signature import signature_of


def onnx_content(loaded: LoadedModel) -> tuple[bytes, Comparison, list[str]]:
    """Return a model as a serialized ONNX model that answers like `predict`.

    Parameters
    ----------
    loaded : LoadedModel

    Returns
    -------
    content : bytes
    comparison : Comparison
        On generated rows, and on rows of the run.
    notices : list of str

    Raises
    ------
    ExportError
        If ONNX has no operators for a step, or the graph gives other answers.
    """
    signature = signature_of(loaded)
    network = _network(loaded)
    name = loaded.metadata.name if loaded.metadata is not None else loaded.path.stem
    units = loaded.network.output_shape[0]
    document = onnx_document(signature, network, units, name)
    content = document.SerializeToString()
    session = open_graph(content)
    names = json.loads(document.metadata_props[0].value)["outputs"]
    values = as_raw_pixels(generated_rows(signature, number_of_codes(loaded)), signature)
    comparison = compare(session, signature, names, reference(loaded, signature, values))
    rows, reason = _real_rows(loaded)
    if rows is None:
        return content, comparison, [f"compared on generated rows alone: {reason}"]
    rows = as_raw_pixels(rows, signature)
    other = compare(session, signature, names, reference(loaded, signature, rows))
    return content, comparison.joined(other), []


def _real_rows(loaded: LoadedModel) -> tuple[Any, str]:
    if loaded.metadata is None:
        return None, "the model is of plain Keras"
    return real_rows(loaded, loaded.metadata)


def _network(loaded: LoadedModel) -> bytes:
    """Return the ONNX graph of the network: from the file, from the cache, or converted."""
    if not loaded.is_changed:
        graph = loaded.file.embedded_graph() or load_cached_graph(loaded.file.digest)
        if graph is not None and graph.content and not graph.obstacle(loaded.file.digest):
            return graph.content
    graph = convert_to_onnx(loaded.model, network_rows(loaded), embed=False)
    if graph.content is None:
        raise ExportError(f"the network has no ONNX graph: {graph.info.refused}")
    return graph.content
