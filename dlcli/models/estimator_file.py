"""Files of estimators: an ONNX graph with dlcli's metadata among its properties."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from dlcli.errors import ModelFileError
from dlcli.files import atomic
from dlcli.models.guard import trust
from dlcli.models.limits import Limits
from dlcli.models.metadata import Metadata, OnnxGraphInfo, parse_metadata
from dlcli.models.onnx_graph import REVISION

if TYPE_CHECKING:
    from dlcli.models.estimators.convert import EstimatorGraph

PROPERTY = "dlcli"


def save_estimator(path: Path, graph: EstimatorGraph, metadata: Metadata) -> None:
    """Write the graph of an estimator with its metadata.

    Parameters
    ----------
    path : Path
        Ends in ``.onnx``.
    graph : EstimatorGraph
    metadata : Metadata
        With the field ``estimator``.
    """
    import onnx

    document = onnx.load_model_from_string(graph.content)
    info = OnnxGraphInfo(block=graph.block, revision=REVISION)
    text = metadata.model_copy(update={"graph": info}).model_dump_json()
    document.metadata_props.add(key=PROPERTY, value=text)
    with atomic(path) as temporary:
        temporary.write_bytes(document.SerializeToString())
        trust(temporary)


def read_estimator(path: Path, file: BinaryIO, limits: Limits) -> Metadata:
    """Return the metadata of an estimator's file; its graph is not inspected.

    Raises
    ------
    ModelFileError
        If it is no ONNX graph, or one that `save_estimator` did not write.
    """
    text = _property(_parsed(path, file.read()))
    metadata = parse_metadata(text, str(path)) if 0 < len(text) <= limits.text else None
    if metadata is None or not metadata.estimator or metadata.graph is None:
        raise ModelFileError(
            f"{path} is an ONNX graph without what dlcli needs to predict with it",
            hint="use the .onnx file of `dlcli baseline --keep`, or the file of `dlcli train`",
        )
    return metadata


def _parsed(path: Path, content: bytes) -> Any:
    import onnx

    try:
        return onnx.load_model_from_string(content)
    except Exception:  # noqa: BLE001 (an exception of protobuf, which onnx does not pass on)
        raise ModelFileError(f"{path} is damaged: it is no ONNX graph") from None


def _property(document: Any) -> str:
    try:
        texts = [str(item.value) for item in document.metadata_props if item.key == PROPERTY]
    except UnicodeDecodeError:
        return ""
    return texts[0] if len(texts) == 1 else ""
