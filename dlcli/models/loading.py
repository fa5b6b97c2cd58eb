"""Opens model files, which may come from strangers: inspected, loaded, checked again.

1. `read_model_file` looks at bytes, container, architecture and metadata, and builds nothing.
2. A graph that the file carries is inspected and given to ONNX Runtime. Without one the weights
   are inspected too, and Keras loads the file in its safe mode.
3. What was loaded has to be one network of fixed size, from a file that nobody changed meanwhile.

Nothing is unpickled, and no code of the file runs.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from dlcli.errors import ModelFileError, first_line
from dlcli.models.file import ModelFile, read_model_file, weights_sha256
from dlcli.models.guard import check_in_child
from dlcli.models.inspection.onnx.checks import inspect_onnx
from dlcli.models.limits import DEFAULT, Limits
from dlcli.models.metadata import Metadata
from dlcli.models.onnx import OnnxNetwork
from dlcli.models.onnx_cache import load_cached_graph
from dlcli.models.onnx_graph import OnnxGraph
from dlcli.network.backend import import_keras
from dlcli.network.outputs import Predictor
from dlcli.runs.listing import find_run

Engine = Literal["auto", "onnx", "keras"]


@dataclass(frozen=True)
class LoadedModel:
    """A model from a file.

    Parameters
    ----------
    file : ModelFile
    network : OnnxNetwork or Predictor
        What computes its outputs.
    notices : tuple of str
        What a user should know about the file.
    is_changed : bool
        Whether the weights are others than those that dlcli saved.
    """

    file: ModelFile
    network: OnnxNetwork | Predictor
    notices: tuple[str, ...] = ()
    is_changed: bool = False

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self.file.path

    @property
    def metadata(self) -> Metadata | None:
        """What the file says about itself; None if plain Keras wrote it."""
        return self.file.metadata

    @cached_property
    def model(self) -> Any:
        """The Keras model, not compiled; Keras is imported for it where ONNX Runtime computes."""
        network = self.network
        return network.model if isinstance(network, Predictor) else _load_keras(self.file)


def find_model(path: str | os.PathLike[str]) -> Path:
    """Return the model file that a path means: a file, or a run directory.

    Raises
    ------
    ModelFileError
        If there is none.
    """
    path = Path(path)
    if path.is_file():
        return path
    run = find_run(path)
    if run is not None:
        for name in ("model.keras", "model.h5"):
            if (run / name).is_file():
                return run / name
        raise ModelFileError(f"run {run} has no model file: {_why_none(run)}")
    if path.exists():
        raise ModelFileError(f"{path} is neither a model file nor a run directory")
    raise ModelFileError(
        f"no model {str(path)!r}",
        hint="name a .keras or .h5 file, or a run as in runs/sonar/latest",
    )


def _why_none(run: Path) -> str:
    if (run / "folds.csv").is_file():
        return "it is a cross-validation"
    if (run / "baselines.csv").is_file():
        return "it is a comparison with other models (`dlcli train` keeps the network)"
    return f"it did not finish; `dlcli train --resume {run}` goes on with it"


def load_model(
    path: str | os.PathLike[str], engine: Engine = "auto", limits: Limits = DEFAULT
) -> LoadedModel:
    """Open a model file.

    Parameters
    ----------
    path : str or path
        A ``.keras`` or ``.h5`` file, or a run directory.
    engine : {"auto", "onnx", "keras"}
        What computes the outputs: ONNX Runtime on the graph that the file carries, Keras, or
        the first that is possible.
    limits : Limits
        How large the file may be, and what it asks for.

    Raises
    ------
    ModelFileError
        If the file is damaged, holds weights only or something other than a model of Keras's
        own layers, was written by a newer dlcli, or has no usable graph where one is asked for.
    """
    path = find_model(path)
    check_in_child(path, engine, limits)
    file = read_model_file(path, limits)
    notices: list[str] = []
    if file.metadata is None:
        notices.append(
            f"{path.name} was written by plain Keras: columns go in in their order, as they are"
        )
    if engine != "keras":
        network, obstacle = _graph_of(file)
        if network is not None:
            return LoadedModel(file, network, tuple(notices))
        if engine == "onnx":
            hint = "leave out --engine onnx; Keras predicts the same"
            raise ModelFileError(f"{path} has no ONNX graph to use: {obstacle}", hint=hint)
        if file.metadata is not None and file.metadata.graph and not file.metadata.graph.refused:
            notices.append(f"the ONNX graph of {path.name} is ignored: {obstacle}")
    model = _load_keras(file)
    saved = file.metadata.weights_sha256 if file.metadata else ""
    is_changed = saved not in ("", weights_sha256(model))
    if is_changed:
        graph = "; its ONNX graph is ignored" if file.metadata and file.metadata.graph else ""
        notices = [f"the weights of {path.name} are not those that dlcli saved{graph}"]
    return LoadedModel(file, _keras_network(model, path), tuple(notices), is_changed)


def _graph_of(file: ModelFile) -> tuple[OnnxNetwork | None, str]:
    """Return the network of a file's graph, in it or in the cache, or why there is none."""
    facts = file.metadata.graph if file.metadata else None
    digest = file.digest
    graph = load_cached_graph(digest) if facts is None else OnnxGraph(facts, file.graph())
    if graph is None:
        return None, "none was made so far; the first prediction makes one"
    if graph.facts.refused:
        return None, graph.facts.refused
    if graph.facts.model != digest:
        return None, "it does not belong to the weights"
    if graph.content is None:
        return None, "it is missing"
    if not graph.is_whole:
        return None, "it is damaged"
    if facts is not None:  # a stranger's, perhaps; those in the cache were made here
        inspect_embedded_graph(file, graph)
    try:
        return OnnxNetwork(graph.content, graph.facts.block), ""
    except ModelFileError as error:
        return None, str(error)


def inspect_embedded_graph(file: ModelFile, graph: OnnxGraph) -> None:
    """Refuse the file of a graph that may do harm: nobody writes one by mistake."""
    try:
        inspect_onnx(graph.content or b"", rows=graph.facts.block, limits=file.limits)
    except ModelFileError as error:
        raise ModelFileError(
            f"{file.path} is refused: {error}", hint="--engine keras does without the graph"
        ) from None


def _load_keras(file: ModelFile) -> Any:
    file.inspect_weights()
    keras = import_keras()
    settings = _settings(keras)
    file.source.check_unchanged()
    try:
        model = keras.saving.load_model(file.path, compile=False, safe_mode=True)
    except Exception as error:
        reason = first_line(error)
        raise ModelFileError(f"Keras cannot load {file.path}: {reason}") from error
    file.source.check_unchanged()
    if _settings(keras) != settings:
        raise ModelFileError(f"{file.path} is refused: it changed Keras's settings")
    return model


def _settings(keras: Any) -> tuple[Any, ...]:
    return keras.config.floatx(), keras.config.epsilon(), keras.config.image_data_format()


def _keras_network(model: Any, path: Path) -> Predictor:
    shapes = model.input_shape, model.output_shape
    if any(
        not isinstance(shape, tuple) or any(size is None for size in shape[1:]) for shape in shapes
    ):
        raise ModelFileError(f"{path}: only networks with one input and output of fixed size")
    return Predictor(model)
