"""Cache of ONNX graphs for model files that embed none.

Plain Keras writes no graph, and after a short training dlcli skips the conversion of a recurrent
network, which takes a second. The first prediction converts the network into the user's cache, so
that later ones need not import TensorFlow. Model files are not changed.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from dlcli.errors import DlcliError
from dlcli.files import atomic, cache_folder, write_text
from dlcli.models.metadata import OnnxGraphInfo
from dlcli.models.onnx_graph import REVISION, OnnxGraph, convert_to_onnx
from dlcli.types import Array


def load_cached_graph(digest: str) -> OnnxGraph | None:
    """Return the cached result of a conversion; None if there was no conversion.

    Parameters
    ----------
    digest : str
        SHA-256 of architecture and weights, from `ModelFile.digest`.
    """
    path = _path(digest)
    try:
        info = OnnxGraphInfo.model_validate_json(path.with_suffix(".json").read_text("utf-8"))
        graph = OnnxGraph(info, None if info.refused else path.read_bytes())
    except (OSError, ValueError):  # none, damaged, or of another form
        return None
    return graph if info.refused or graph.is_intact else None


def cache_graph(model: Any, x: Array, digest: str) -> None:
    """Convert a Keras model and cache the graph, or the reason for having none.

    Parameters
    ----------
    model : keras.Model
    x : ndarray of float32, shape (n, …)
        Preprocessed rows for comparing outputs.
    digest : str
        SHA-256 of architecture and weights, from `ModelFile.digest`.
    """
    if load_cached_graph(digest) is not None:
        return
    graph = convert_to_onnx(model, x, embed=False).with_digests(digest)
    path = _path(digest)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if graph.content is not None:
            with atomic(path) as temporary:
                temporary.write_bytes(graph.content)
        write_text(path.with_suffix(".json"), graph.info.model_dump_json())
    except (OSError, DlcliError):  # without the cache, only time is lost
        return


def _path(digest: str) -> Path:
    packages = [f"{name} {version(name)}" for name in ("keras", "tf2onnx", "onnxruntime")]
    packages.append(f"revision {REVISION}")
    return cache_folder() / "graphs" / ", ".join(packages) / f"{digest}.onnx"
