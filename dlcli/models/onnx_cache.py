"""ONNX graphs of model files that carry none, kept in the user's cache.

Keras alone writes no graph, and that of a recurrent network takes a second that a short training
should not: the first prediction makes it, and the next one need not import TensorFlow. Model
files stay as they are.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dlcli.errors import DlcliError
from dlcli.files import atomic, cache_folder, write_text
from dlcli.models.metadata import OnnxGraphInfo
from dlcli.models.onnx_graph import OnnxGraph, convert_to_onnx
from dlcli.types import Array


def load_cached_graph(digest: str) -> OnnxGraph | None:
    """Return a graph that was kept, or None if there was no attempt at it.

    Parameters
    ----------
    digest : str
        SHA-256 of architecture and weights, from `ModelFile.digest`.
    """
    path = _path(digest)
    try:
        facts = OnnxGraphInfo.model_validate_json(path.with_suffix(".json").read_text("utf-8"))
        graph = OnnxGraph(facts, None if facts.refused else path.read_bytes())
    except (OSError, ValidationError):
        return None
    return graph if facts.refused or graph.is_whole else None


def cache_graph(model: Any, x: Array, digest: str) -> None:
    """Make the graph of a Keras model and keep it, or that there is none.

    Parameters
    ----------
    model : keras.Model
    x : ndarray of float32, shape (n, …)
        Preprocessed rows to compare with.
    digest : str
    """
    if load_cached_graph(digest) is not None:
        return
    graph = convert_to_onnx(model, x).of(digest)
    path = _path(digest)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if graph.content is not None:
            with atomic(path) as temporary:
                temporary.write_bytes(graph.content)
        write_text(path.with_suffix(".json"), graph.facts.model_dump_json())
    except (OSError, DlcliError):  # a full or read-only cache costs time, nothing else
        return


def _path(digest: str) -> Path:
    used = [f"{name} {version(name)}" for name in ("keras", "tf2onnx", "onnxruntime")]
    return cache_folder() / "graphs" / ", ".join(used) / f"{digest}.onnx"
