"""Describe the contents of a model file without building a model."""

from __future__ import annotations

import math
import os
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dlcli.config.catalogue import stored_catalogue
from dlcli.config.layer_costs import LayerCost
from dlcli.errors import plural
from dlcli.files import file_sha256
from dlcli.models.file import ModelFile, read_model_file
from dlcli.models.guard import check_in_child
from dlcli.models.inspection.onnx_model import operator_counts
from dlcli.models.limits import DEFAULT, Limits
from dlcli.models.loading import find_model, inspect_embedded_graph
from dlcli.models.metadata import Metadata

# Arguments that repeat what class and weights of a layer show, or that every layer has.
OMITTED_ARGUMENTS = {
    "name", "dtype", "trainable", "autocast", "batch_shape", "batch_input_shape", "sparse",
    "ragged", "seed", "data_format", "layers",
}  # fmt: skip
MAX_LIST = 8  # Longer arguments are omitted.


@dataclass(frozen=True)
class LayerContents:
    """A layer of the model.

    Parameters
    ----------
    name, kind : str
        Its name and its class.
    arguments : mapping
        Arguments that are not Keras's defaults, as plain data.
    weights : mapping
        Shape of each weight by its path in the file.
    """

    name: str
    kind: str
    arguments: Mapping[str, Any]
    weights: Mapping[str, tuple[int, ...]]

    @property
    def parameters(self) -> int:
        """Number of elements of all weights."""
        return sum(map(math.prod, self.weights.values()))


@dataclass(frozen=True)
class GraphContents:
    """The embedded ONNX graph.

    Parameters
    ----------
    state : str
        ``"usable"``, or the reason why it is not.
    operators : mapping
        How often each operator occurs.
    """

    state: str
    operators: Mapping[str, int]


@dataclass(frozen=True)
class ModelContents:
    """Contents of a model file.

    Parameters
    ----------
    path : str
    format : {"keras", "h5", "onnx"}
    size : int
        Bytes.
    sha256 : str
        Of the whole file.
    origin : str
        ``"dlcli 0.1.0"`` or ``"plain Keras"``.
    keras : str
        Version that saved the file; empty if it is not recorded.
    model : str
        Class of the model; of an ``.onnx`` file the estimator of scikit-learn.
    layers : tuple of LayerContents
    multiplications : int
        Upper bound for one sample.
    metadata : Metadata or None
    graph : GraphContents or None
    """

    path: str
    format: str
    size: int
    sha256: str
    origin: str
    keras: str
    model: str
    layers: tuple[LayerContents, ...]
    multiplications: int
    metadata: Metadata | None
    graph: GraphContents | None

    def __repr__(self) -> str:
        layers = plural(len(self.layers), "layer")
        return f"ModelContents({self.path!r}, {self.model}, {layers}, {self.origin})"

    @property
    def parameters(self) -> int:
        """Number of elements of all weights of all layers."""
        return sum(layer.parameters for layer in self.layers)

    def to_json(self) -> dict[str, Any]:
        """Return the contents as plain data."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        plain["layers"] = [
            {**asdict(layer), "parameters": layer.parameters} for layer in self.layers
        ]
        plain["graph"] = asdict(self.graph) if self.graph else None
        plain["metadata"] = self.metadata.model_dump(mode="json") if self.metadata else None
        return {**plain, "parameters": self.parameters}


def inspect(path: str | os.PathLike[str], limits: Limits = DEFAULT) -> ModelContents:
    """Inspect a model file without building a model.

    Unless this process wrote the file or the file has passed before, a child process with limits
    of memory and CPU time inspects it first; see `load_model`.

    Parameters
    ----------
    path : str or path
        A ``.keras`` or ``.h5`` file, or a run directory.
    limits : Limits
        Largest size of the file, and of what its network needs.

    Returns
    -------
    ModelContents

    Raises
    ------
    ModelFileError
        If the file is refused, as it would be by `predict`.
    """
    path = find_model(path)
    check_in_child(path, "inspect", limits)
    file = read_model_file(path, limits)
    if file.is_estimator:
        return _estimator_contents(file)
    stored, cost = file.inspect_weights(to_build=False)
    metadata = file.metadata
    _check_metadata(file, cost)
    return ModelContents(
        str(file.path),
        "keras" if file.source.kind == "zip" else "h5",
        file.source.size,
        file_sha256(file.path),
        f"dlcli {metadata.versions.get('dlcli', '?')}" if metadata else "plain Keras",
        file.keras_version(),
        file.config["class_name"],
        tuple(_layers(file, stored.shapes)),
        cost.operations,
        metadata,
        _graph(file),
    )


def _estimator_contents(file: ModelFile) -> ModelContents:
    metadata = file.metadata
    assert metadata is not None  # noqa: S101 (no such file is read without it)
    metadata.preprocessor()
    return ModelContents(
        str(file.path), "onnx", file.source.size, file_sha256(file.path),
        f"dlcli {metadata.versions.get('dlcli', '?')}", "", metadata.estimator, (), 0,
        metadata, _graph(file),
    )  # fmt: skip


def _check_metadata(file: ModelFile, cost: LayerCost) -> None:
    """Refuse metadata that `predict` could not use, or that belongs to another network."""
    if file.metadata is None:
        return
    file.metadata.preprocessor()
    if cost.outputs and len(cost.outputs[0]) == 1:
        file.metadata.check_units(cost.outputs[0][0], str(file.path))


def _layers(file: ModelFile, shapes: Mapping[str, tuple[int, ...]]) -> Iterator[LayerContents]:
    """Yield the layers with their stored weights, which Keras assigns in the same way."""
    paths = sorted(shapes)
    counts: Counter[str] = Counter()
    for component in file.config["config"]["layers"]:
        kind, config = component["class_name"], component.get("config") or {}
        name = str(component.get("name") or config.get("name") or "")
        if file.source.kind == "zip":
            group = _snake_case(kind)
            number = counts[group]
            counts[group] += 1
            prefix = f"/layers/{group}_{number}/" if number else f"/layers/{group}/"
        else:
            prefix = f"/model_weights/{name}/"
        weights = {}
        for path in paths[bisect_left(paths, prefix) :]:
            if not path.startswith(prefix):
                break
            weights[path.removeprefix(prefix)] = shapes[path]
        yield LayerContents(name, kind, _shown_arguments(kind, config), weights)


def _snake_case(name: str) -> str:
    """Return the name of a class as Keras writes it in a file."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _shown_arguments(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    entry = stored_catalogue().find("layers", kind)
    defaults = entry.optional if entry else {}
    arguments = {}
    for key, value in config.items():
        plain = value.get("class_name") if isinstance(value, dict) else value
        if key in OMITTED_ARGUMENTS or key.endswith("_initializer"):
            continue
        if plain in (None, defaults.get(key), [], "linear"):
            continue
        if not (isinstance(plain, list) and len(plain) > MAX_LIST):
            arguments[key] = plain
    return arguments


def _graph(file: ModelFile) -> GraphContents | None:
    graph = file.embedded_graph()
    if file.has_outdated_graph:
        return GraphContents("of an earlier dlcli; the first prediction creates another", {})
    if graph is None:
        return None
    if graph.content is None or not graph.is_intact:
        prefix = "none: " if graph.info.refused else ""
        return GraphContents(prefix + graph.obstacle(file.digest), {})
    inspect_embedded_graph(file, graph)
    return GraphContents(graph.obstacle(file.digest) or "usable", operator_counts(graph.content))
