"""Opens model files, which may come from strangers: looked at first, then given to Keras.

Nothing is unpickled, no code runs: Keras's safe mode stays on, and a file whose layers a config
could not name either is refused before Keras sees it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from dlcli.backend import import_keras
from dlcli.config.components import CODE, REFUSED
from dlcli.errors import ModelFileError, first_line
from dlcli.graph import Graph
from dlcli.graph_cache import read_graph
from dlcli.metadata import Metadata
from dlcli.model_file import ModelFile, is_zip, read_model_file, weights_sha256
from dlcli.onnx import OnnxNetwork
from dlcli.records import find_run
from dlcli.scoring import Predictor

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
        return network.model if isinstance(network, Predictor) else _load_keras(self.path)


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
    return "it did not finish"


def load_model(path: str | os.PathLike[str], engine: Engine = "auto") -> LoadedModel:
    """Open a model file.

    Parameters
    ----------
    path : str or path
        A ``.keras`` or ``.h5`` file, or a run directory.
    engine : {"auto", "onnx", "keras"}
        What computes the outputs: ONNX Runtime on the graph that the file carries, Keras, or
        the first that is possible.

    Raises
    ------
    ModelFileError
        If the file is damaged, holds weights only or something other than a model of Keras's
        own layers, was written by a newer dlcli, or has no usable graph where one is asked for.
    """
    path = find_model(path)
    file = read_model_file(path)
    _check_layers(file.config, path)
    _check_ending(path)
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
    model = _load_keras(path)
    saved = file.metadata.weights_sha256 if file.metadata else ""
    is_changed = saved not in ("", weights_sha256(model))
    if is_changed:
        graph = "; its ONNX graph is ignored" if file.metadata and file.metadata.graph else ""
        notices = [f"the weights of {path.name} are not those that dlcli saved{graph}"]
    return LoadedModel(file, _keras_network(model, path), tuple(notices), is_changed)


def _graph_of(file: ModelFile) -> tuple[OnnxNetwork | None, str]:
    """Return the network of a file's graph, in it or in the cache, or why there is none."""
    facts = file.metadata.graph if file.metadata else None
    try:
        digest = file.digest
        graph = read_graph(digest) if facts is None else Graph(facts, file.graph())
    except ModelFileError as error:  # what is wrong with the file itself, Keras says
        return None, str(error)
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
    try:
        return OnnxNetwork(graph.content, graph.facts.block), ""
    except ModelFileError as error:
        return None, str(error)


def _load_keras(path: Path) -> Any:
    keras = import_keras()
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        reason = first_line(error)
        raise ModelFileError(f"Keras cannot load {path}: {reason}") from error


def _keras_network(model: Any, path: Path) -> Predictor:
    shapes = model.input_shape, model.output_shape
    if any(
        not isinstance(shape, tuple) or any(size is None for size in shape[1:]) for shape in shapes
    ):
        raise ModelFileError(f"{path}: only networks with one input and output of fixed size")
    return Predictor(model)


def _check_ending(path: Path) -> None:
    """Refuse an ending that belies the content: Keras goes by it."""
    endings = (".keras",) if is_zip(path) else (".h5", ".hdf5")
    if path.suffix not in endings:
        raise ModelFileError(
            f"{path} is a {endings[0]} file by its content",
            hint=f"let its name end in {endings[0]}",
        )


def _check_layers(config: Any, path: Path) -> None:
    """Refuse layers that hold code or open files."""
    refused = {
        name: reason
        for (kind, name), reason in REFUSED.items()
        if kind == "layers" and (reason == CODE or "files" in reason)
    }
    for name in _class_names(config):
        if name in refused:
            what = refused[name].partition(",")[0]
            raise ModelFileError(f"{path} is refused: its layer {name} {what}")


def _class_names(value: Any, depth: int = 0) -> Iterator[str]:
    if depth > 100:
        return
    if isinstance(value, dict):
        if isinstance(value.get("class_name"), str):
            yield value["class_name"]
        for item in value.values():
            yield from _class_names(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _class_names(item, depth + 1)
