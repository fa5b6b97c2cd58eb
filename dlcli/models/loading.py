"""Load untrusted model files.

1. In a program that uses dlcli as a library, a child process with limits opens the file first.
2. `read_model_file` inspects container, architecture and metadata, and builds nothing.
   An .onnx file of `dlcli baseline --keep` has an estimator's graph alone.
3. An embedded ONNX graph is inspected and opened by ONNX Runtime. Without one, the weights are
   inspected and Keras loads the file in its safe mode.
4. The network has to have one input and one output of fixed size, and the file has to be unchanged.

Nothing is unpickled, and no code from the file runs.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from dlcli.errors import ModelFileError, check_choice
from dlcli.files import file_sha256
from dlcli.models.file import ModelFile, read_model_file, weights_sha256
from dlcli.models.guard import check_in_child, is_trusted
from dlcli.models.inspection.onnx_model import inspect_onnx
from dlcli.models.limits import DEFAULT, Limits
from dlcli.models.metadata import Metadata
from dlcli.models.onnx import OnnxNetwork
from dlcli.models.onnx_cache import load_cached_graph
from dlcli.models.onnx_graph import OnnxGraph
from dlcli.network.outputs import Predictor
from dlcli.network.saved_model import load_saved_model
from dlcli.runs.finding import find_run, model_file, named_run

Engine = Literal["auto", "onnx", "keras"]


class NoGraphError(ModelFileError):
    """A model file has no ONNX graph that can be used."""


@dataclass(frozen=True)
class LoadedModel:
    """A model from a file.

    Parameters
    ----------
    file : ModelFile
    network : OnnxNetwork or Predictor
        Computes the outputs.
    notices : tuple of str
        Messages for the user about the file.
    is_changed : bool
        Whether the weights differ from those that dlcli saved.
    """

    file: ModelFile
    network: OnnxNetwork | Predictor
    notices: tuple[str, ...] = ()
    is_changed: bool = False

    def __repr__(self) -> str:
        return f"LoadedModel({str(self.path)!r}, {self.network.engine})"

    @property
    def path(self) -> Path:
        """Path of the file."""
        return self.file.path

    @property
    def metadata(self) -> Metadata | None:
        """Metadata in the file; None if it was written by plain Keras."""
        return self.file.metadata

    @cached_property
    def model(self) -> Any:
        """The Keras model, not compiled; loaded on first use if ONNX Runtime computes outputs."""
        network = self.network
        if isinstance(network, Predictor):
            return network.model
        check_in_child(self.path, "keras", self.file.limits)  # so far, the graph was opened alone
        return _load_keras(self.file)


def find_model(path: str | os.PathLike[str]) -> Path:
    """Return the model file at a path, in a run directory, or in the latest run of a name.

    Raises
    ------
    ModelFileError
        If there is no model file.
    """
    if not isinstance(path, str | os.PathLike):
        raise ModelFileError(f"a model is a path, not a {type(path).__name__}")
    path = named_run(path) or Path(path)
    if path.is_file():
        return path
    run = find_run(path)
    if run is not None:
        if (model := model_file(run)) is not None:
            return model
        raise ModelFileError(f"run {run} has no model file: {_reason_for_none(run)}")
    if path.exists():
        raise ModelFileError(f"{path} is neither a model file nor a run directory")
    raise ModelFileError(
        f"no model {str(path)!r}",
        hint="name a .keras or .h5 file, or a run as in runs/sonar/latest",
    )


def _reason_for_none(run: Path) -> str:
    if (run / "folds.csv").is_file():
        return "it is a cross-validation"
    if (run / "baselines.csv").is_file():
        return (
            "it is a comparison with other models (`dlcli train` saves the network, "
            "`dlcli baseline --keep MODEL` another one)"
        )
    return f"it did not finish; `dlcli train --resume {run}` continues it"


def load_model(
    path: str | os.PathLike[str], engine: Engine = "auto", limits: Limits = DEFAULT
) -> LoadedModel:
    """Load a model file.

    Unless this process wrote the file, a child process opens it first, with limits of memory and
    CPU time. This takes half a second of CPU time, or five if Keras has to load the file, the
    first time that a file is loaded; its SHA-256 is then remembered in the user's cache.

    Parameters
    ----------
    path : str or path
        A ``.keras`` or ``.h5`` file, a run directory, or the name of runs in ``./runs``, of which
        the latest is meant.
    engine : {"auto", "onnx", "keras"}
        Library that computes the outputs: ONNX Runtime with the graph in the file, Keras, or
        with ``"auto"`` ONNX Runtime if there is a usable graph and Keras otherwise.
    limits : Limits
        Largest size of the file, and of what its network needs.

    Returns
    -------
    LoadedModel

    Raises
    ------
    ModelFileError
        If the file is damaged, holds only weights or anything but a model of Keras's own layers,
        exceeds a limit, was written by a newer dlcli, or has no usable graph with
        ``engine="onnx"``.
    """
    check_choice("engine", engine, ("auto", "onnx", "keras"))
    run = named_run(path) if isinstance(path, str | os.PathLike) else None
    run_notices = [] if run is None else [f"{path} is the run {run}"]
    notices = [*run_notices]
    path = find_model(path if run is None else run)
    check_in_child(path, engine, limits)
    file = read_model_file(path, limits)
    if file.metadata is None:
        notices.append(
            f"{path.name} was written by plain Keras: columns are passed to the network in their "
            "order, without preprocessing"
        )
    if engine != "keras":
        network, obstacle = _onnx_network(file)
        if network is not None:
            return LoadedModel(file, network, tuple(notices))
        if engine == "onnx":
            hint = "leave out --engine onnx; predictions with Keras are the same"
            raise NoGraphError(f"{path} has no usable ONNX graph: {obstacle}", hint=hint)
        if file.is_estimator:
            raise ModelFileError(f"{path} cannot be used: {obstacle}")
        if file.has_outdated_graph:
            obstacle = (
                "it is of an earlier dlcli, in which recordings influence each other; the first "
                "prediction creates another"
            )
        if file.metadata is not None and file.metadata.graph and not file.metadata.graph.refused:
            notices.append(f"the ONNX graph of {path.name} is ignored: {obstacle}")
    model = _load_keras(file)
    saved_sha256 = file.metadata.weights_sha256 if file.metadata else ""
    is_changed = saved_sha256 not in ("", weights_sha256(model))
    if is_changed:
        ending = "; its ONNX graph is ignored" if file.metadata and file.metadata.graph else ""
        notice = f"the weights of {path.name} are not those that dlcli saved{ending}"
        notices = [*run_notices, notice]
    return LoadedModel(file, _keras_network(model, path), tuple(notices), is_changed)


def _onnx_network(file: ModelFile) -> tuple[OnnxNetwork | None, str]:
    """Return the network of the graph in a file or in the cache, or the reason for having none."""
    embedded = file.embedded_graph()
    graph = embedded or load_cached_graph(file.digest)
    if graph is None:
        return None, "there is none yet; the first prediction creates one"
    obstacle = graph.obstacle(file.digest)
    if obstacle or graph.content is None:
        return None, obstacle
    # A graph in the cache, or in a file that dlcli wrote here, was exported here.
    if embedded is not None and not is_trusted(file_sha256(file.path)):
        inspect_embedded_graph(file, graph)
    try:
        return OnnxNetwork(graph.content, graph.info.block), ""
    except ModelFileError as error:
        return None, str(error)


def inspect_embedded_graph(file: ModelFile, graph: OnnxGraph) -> None:
    """Refuse a file with a harmful graph, which is never there by mistake."""
    try:
        inspect_onnx(graph.content or b"", rows=graph.info.block, limits=file.limits)
    except ModelFileError as error:
        hint = "" if file.is_estimator else "--engine keras ignores the graph"
        raise ModelFileError(f"{file.path} is refused: {error}", hint=hint) from None


def _load_keras(file: ModelFile) -> Any:
    file.inspect_weights()
    # Keras opens the file by its name: another one could stand there by now.
    file.source.check_unchanged()
    model = load_saved_model(file.path)
    file.source.check_unchanged()
    return model


def _keras_network(model: Any, path: Path) -> Predictor:
    shapes = model.input_shape, model.output_shape
    if any(
        not isinstance(shape, tuple) or any(size is None for size in shape[1:]) for shape in shapes
    ):
        raise ModelFileError(
            f"{path} is refused: its network needs one input and one output of fixed size"
        )
    return Predictor(model)
