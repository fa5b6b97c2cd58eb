"""What is inside a model file, told without building anything."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dlcli.config.catalogue import stored_catalogue
from dlcli.errors import ModelFileError
from dlcli.models.file import ModelFile, read_model_file
from dlcli.models.guard import check_in_child
from dlcli.models.inspection.cost.shapes import LayerCost
from dlcli.models.inspection.onnx.checks import operator_counts
from dlcli.models.limits import DEFAULT, Limits
from dlcli.models.loading import find_model, inspect_embedded_graph
from dlcli.models.metadata import Metadata
from dlcli.models.onnx_graph import OnnxGraph

# What says nothing of a layer that its class and its weights do not say.
UNSAID = {"name", "dtype", "trainable", "autocast", "batch_shape", "batch_input_shape", "sparse",
          "ragged", "seed", "data_format"}  # fmt: skip


@dataclass(frozen=True)
class LayerContents:
    """A layer of the model.

    Parameters
    ----------
    name, kind : str
        Its name and its class.
    arguments : mapping
        Those that are not Keras's defaults, as plain data.
    weights : mapping
        The shape of each by its place in the file.
    """

    name: str
    kind: str
    arguments: Mapping[str, Any]
    weights: Mapping[str, tuple[int, ...]]

    @property
    def parameters(self) -> int:
        """How many numbers the layer has learned."""
        total = 0
        for shape in self.weights.values():
            count = 1
            for size in shape:
                count *= size
            total += count
        return total


@dataclass(frozen=True)
class GraphContents:
    """The ONNX graph inside.

    Parameters
    ----------
    state : str
        ``"usable"``, or why it is not.
    operators : mapping
        How many of each.
    """

    state: str
    operators: Mapping[str, int]


@dataclass(frozen=True)
class ModelContents:
    """What `inspect` finds in a model file.

    Parameters
    ----------
    path : str
    format : {"keras", "h5"}
    size : int
        Bytes.
    sha256 : str
        Of the whole file.
    origin : str
        ``"dlcli 0.1.0"`` or ``"plain Keras"``.
    keras : str
        Version that saved it; empty where the file does not say.
    model : str
        Class of the model.
    layers : tuple of LayerContents
    multiplications : int
        For one sample, at most.
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

    @property
    def parameters(self) -> int:
        """How many numbers the network has learned."""
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
    """Say what is inside a model file, without building anything.

    Parameters
    ----------
    path : str or path
        A ``.keras`` or ``.h5`` file, or a run directory.
    limits : Limits
        How large the file may be, and what it asks for.

    Raises
    ------
    ModelFileError
        If the file is refused, as it would be by `predict`.
    """
    path = find_model(path)
    check_in_child(path, "inspect", limits)
    file = read_model_file(path, limits)
    stored, cost = file.inspect_weights()
    is_zip = file.source.kind == "zip"
    metadata = file.metadata
    _check_metadata(file, cost)
    return ModelContents(
        str(file.path),
        "keras" if is_zip else "h5",
        file.source.size,
        _sha256(file),
        f"dlcli {metadata.versions.get('dlcli', '?')}" if metadata else "plain Keras",
        file.keras_version(),
        file.config["class_name"],
        _layers(file, stored.shapes, is_zip=is_zip),
        cost.operations,
        metadata,
        _graph(file),
    )


def _check_metadata(file: ModelFile, cost: LayerCost) -> None:
    """Refuse metadata that `predict` would trip over, or that are not of this network."""
    outputs = cost.outputs
    if file.metadata is None:
        return
    file.metadata.preprocessor()
    if not outputs or len(outputs[0]) != 1:
        return
    (units,), classes = outputs[0], len(file.metadata.target.class_names)
    if units != max(classes, 1) and not (units == 1 and classes == 2):
        raise ModelFileError(f"{file.path} is damaged: {classes} classes, {units} outputs")


def _sha256(file: ModelFile) -> str:
    with file.source.reopened() as opened:
        digest = hashlib.sha256()
        while block := opened.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _layers(
    file: ModelFile, shapes: Mapping[str, tuple[int, ...]], *, is_zip: bool
) -> tuple[LayerContents, ...]:
    """Put layers and stored weights together, as Keras does when it loads them."""
    used: Counter[str] = Counter()
    found = []
    for component in file.config["config"]["layers"]:
        kind, config = component["class_name"], component.get("config") or {}
        name = str(component.get("name") or config.get("name") or "")
        if is_zip:
            snake = _snake(kind)
            number = used[snake]
            used[snake] += 1
            prefix = f"/layers/{snake}_{number}/" if number else f"/layers/{snake}/"
        else:
            prefix = f"/model_weights/{name}/"
        weights = {
            place.removeprefix(prefix): shape
            for place, shape in sorted(shapes.items())
            if place.startswith(prefix)
        }
        found.append(LayerContents(name, kind, _told(kind, config), weights))
    return tuple(found)


def _snake(name: str) -> str:
    """Spell a class as Keras spells it inside a file."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _told(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    entry = stored_catalogue().find("layers", kind)
    told = {}
    for key, value in config.items():
        default = entry.optional.get(key) if entry else None
        plain = _plain(value)
        if key in UNSAID or key == "layers" or plain in (None, default, [], "linear"):
            continue
        if key.endswith("_initializer") or (isinstance(plain, list) and len(plain) > 8):
            continue
        told[key] = plain
    return told


def _plain(value: Any) -> Any:
    """Return the name of a component; other values as they are."""
    return value.get("class_name") if isinstance(value, dict) else value


def _graph(file: ModelFile) -> GraphContents | None:
    facts = file.metadata.graph if file.metadata else None
    if facts is None:
        return None
    if facts.refused:
        return GraphContents(f"none: {facts.refused}", {})
    graph = OnnxGraph(facts, file.graph())
    if graph.content is None:
        return GraphContents("missing", {})
    if not graph.is_whole:
        return GraphContents("damaged", {})
    inspect_embedded_graph(file, graph)
    state = "usable" if facts.model == file.digest else "does not belong to the weights"
    return GraphContents(state, operator_counts(graph.content))
