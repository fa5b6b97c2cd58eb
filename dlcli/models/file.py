"""Write and read model files: Keras's own formats, with dlcli's metadata and ONNX graph inside.

In ``.keras``, a zip file, these are uncompressed members; in ``.h5`` they are an attribute and a
data set of the root. Keras drops both when it saves a loaded model again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from dlcli.errors import ModelFileError, first_line
from dlcli.files import atomic, file_sha256
from dlcli.models.container import (
    ATTRIBUTE,
    GRAPH_DATASET,
    GRAPH_MEMBER,
    MEMBER,
    keras_version,
    read_h5,
    read_keras,
    read_onnx,
    stored_sha256,
)  # fmt: skip
from dlcli.models.estimator_file import read_estimator
from dlcli.models.guard import trust
from dlcli.models.inspection.architecture import inspect_architecture
from dlcli.models.inspection.bounded_json import read_json
from dlcli.models.inspection.source import Source, open_source
from dlcli.models.inspection.zip_archive import WEIGHTS, content_range, inspect_archive
from dlcli.models.limits import DEFAULT, Limits
from dlcli.models.metadata import Metadata, parse_metadata
from dlcli.models.onnx_graph import REVISION, OnnxGraph
from dlcli.models.own_code import check_own_components

if TYPE_CHECKING:
    from dlcli.config.layer_costs import LayerCost
    from dlcli.models.inspection.hdf5 import StoredWeights


@dataclass(frozen=True)
class ModelFile:
    """The contents of a model file, read without building a model.

    Parameters
    ----------
    source : Source
    metadata : Metadata or None
        None for a file of plain Keras.
    config : object
        Keras's JSON of the architecture; None for an estimator of scikit-learn.
    limits : Limits
    """

    source: Source
    metadata: Metadata | None
    config: Any
    limits: Limits

    @property
    def path(self) -> Path:
        """Path of the file."""
        return self.source.path

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything that Keras stored; of an estimator, of the file."""
        if self.is_estimator:
            return file_sha256(self.path)
        with self.source.reopened() as file, _damage_reported(self.path):
            return stored_sha256(file)

    @property
    def has_outdated_graph(self) -> bool:
        """Whether the ONNX graph is one in which a recording has an influence on the others."""
        info = self.metadata.graph if self.metadata is not None else None
        is_outdated = info is not None and info.revision < REVISION and not info.refused
        return is_outdated and '"MelSpectrogram"' in json.dumps(self.config)

    @property
    def is_estimator(self) -> bool:
        """Whether it is an estimator of scikit-learn, which the ONNX graph alone has."""
        return self.source.kind == "onnx"

    @property
    def needs_graph(self) -> bool:
        """Whether no conversion was tried, or the graph is outdated."""
        return self.metadata is None or self.metadata.graph is None or self.has_outdated_graph

    def embedded_graph(self) -> OnnxGraph | None:
        """Return the ONNX graph in the file; None if no conversion was tried, or it is outdated."""
        if self.metadata is None or self.metadata.graph is None or self.has_outdated_graph:
            return None
        if self.is_estimator:
            with self.source.reopened() as file:
                return OnnxGraph(self.metadata.graph, file.read()).with_digests(self.digest)
        with self.source.reopened() as file, _damage_reported(self.path):
            return OnnxGraph(self.metadata.graph, read_onnx(file))

    def keras_version(self) -> str:
        """Return the version of Keras that saved the file; empty if it is not recorded."""
        if self.is_estimator:
            return ""
        with self.source.reopened() as file, _damage_reported(self.path):
            return keras_version(file)

    def check_is_network(self) -> None:
        """Refuse an estimator of scikit-learn where a network of Keras is needed.

        Raises
        ------
        ModelFileError
        """
        if self.is_estimator and self.metadata is not None:
            raise ModelFileError(
                f"{self.path} is scikit-learn's {self.metadata.estimator}, not a network of Keras",
                hint="`dlcli predict`, `evaluate`, `inspect` and `serve` work with it",
            )

    def inspect_weights(self, *, to_build: bool = True) -> tuple[StoredWeights, LayerCost]:
        """Inspect the weights; return them and the cost of the network for one sample.

        This is needed before Keras builds the network. With ``to_build=False``, it may have
        components that are not registered.

        Raises
        ------
        ModelFileError
            If the weights are not stored as Keras stores them, are not finite or do not fit the
            architecture, or if the network exceeds the limits.
        """
        from dlcli.models.inspection.network_cost import network_cost

        self.check_is_network()
        where = str(self.path)
        with self.source.reopened() as file:
            start, size = 0, self.source.size
            if self.source.kind == "zip":
                with zipfile.ZipFile(file) as archive:
                    start, size = content_range(file, archive.getinfo(WEIGHTS))
            stored = _inspect_hdf5(self.path, file, start, size, self.limits, check_values=True)
        # Again: `read_model_file` knew only an upper bound of the dimensions.
        metadata = self.metadata
        if metadata is not None and to_build:
            check_own_components(metadata, where, self.config)
        foreign = metadata.own_components if metadata is not None and not to_build else ()
        inspect_architecture(self.config, where, self.limits, stored.largest, foreign)
        return stored, network_cost(self.config, where, self.limits, stored.size)


def read_model_file(path: Path, limits: Limits = DEFAULT) -> ModelFile:
    """Read metadata and architecture of a model file without building a model.

    Parameters
    ----------
    path : Path
    limits : Limits
        Largest size of the file, and of what its network needs.

    Raises
    ------
    ModelFileError
        If the file is damaged, is not a Keras model, or holds anything that a model of Keras's
        own layers does not need.
    """
    with open_source(path, limits) as (source, file), _damage_reported(path):
        if source.kind == "onnx":
            return ModelFile(source, read_estimator(path, file, limits), None, limits)
        if source.kind == "zip":
            inspect_archive(path, file, source.size, limits)
            config, text = read_keras(file)
            largest = source.size  # an upper bound; `inspect_weights` finds the real value
        else:
            largest = _inspect_hdf5(path, file, 0, source.size, limits, check_values=False).largest
            config, text = read_h5(file, path)
    try:
        document = read_json(config)
    except ValueError as error:
        raise ModelFileError(
            f"{path} is damaged: its architecture is not valid JSON: {first_line(error)}"
        ) from None
    metadata = parse_metadata(text, str(path)) if text is not None else None
    foreign = metadata.own_components if metadata is not None else ()
    try:
        # Without their code, such components are refused before Keras builds the network.
        inspect_architecture(document, str(path), limits, largest, foreign)
    except ModelFileError as error:
        raise ModelFileError(str(error), hint=_upgrade_hint(source) or error.hint) from None
    return ModelFile(source, metadata, document, limits)


def _upgrade_hint(source: Source) -> str:
    """Return a hint if a later Keras, which may have more layers, saved the file."""
    with source.reopened() as file, _damage_reported(source.path):
        saved, installed = keras_version(file), version("keras")
    saved_numbers, installed_numbers = (
        tuple(map(int, re.findall(r"\d+", text)[:2])) for text in (saved, installed)
    )
    if saved_numbers <= installed_numbers:
        return ""
    return f"Keras {saved} saved the file, and Keras {installed} is installed: upgrade Keras"


def _inspect_hdf5(
    path: Path, file: BinaryIO, start: int, size: int, limits: Limits, *, check_values: bool
) -> StoredWeights:
    from dlcli.models.inspection.file_section import FileSection
    from dlcli.models.inspection.hdf5 import inspect_hdf5

    return inspect_hdf5(path, FileSection(file, start, size), limits, check_values=check_values)


@contextmanager
def _damage_reported(path: Path) -> Iterator[None]:
    try:
        yield
    # zipfile raises NotImplementedError for unknown compression and RuntimeError for encryption.
    # h5py raises RuntimeError and KeyError for damaged trees, and the rest for odd values.
    except (
        zipfile.BadZipFile, EOFError, RuntimeError, OSError, KeyError, ValueError, TypeError,
        AttributeError,
    ) as error:  # fmt: skip
        raise ModelFileError(f"{path} is damaged or incomplete: {first_line(error)}") from None


def weights_sha256(model: Any) -> str:
    """Return the SHA-256 of a model's weights with their dtypes and shapes."""
    digest = hashlib.sha256()
    for array in model.get_weights():
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def save_model(model: Any, path: Path, metadata: Metadata, graph: OnnxGraph | None = None) -> None:
    """Save a model, its metadata and its ONNX graph in one file.

    Parameters
    ----------
    model : keras.Sequential
    path : Path
        With the suffix ``.keras`` or ``.h5``.
    metadata : Metadata
    graph : OnnxGraph, optional
        From `dlcli.models.onnx_graph.convert_to_onnx`.
    """
    from dlcli.network.ensemble import with_keras_layers  # imports Keras, which wrote the model

    with atomic(path) as temporary, _hdf5_warning_hidden():
        with_keras_layers(model).save(temporary)
        if graph is not None:
            with temporary.open("rb") as file:
                # The digest ties the graph to these weights. If Keras saves others, the graph is
                # not used.
                graph = graph.with_digests(stored_sha256(file))
            metadata = metadata.model_copy(update={"graph": graph.info})
        embed(temporary, metadata, graph.content if graph else None)
        trust(temporary)


@contextmanager
def _hdf5_warning_hidden() -> Iterator[None]:
    """Hide Keras's advice against HDF5, which the user has chosen."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def embed(path: Path, metadata: Metadata, graph: bytes | None = None) -> None:
    """Write metadata and graph into a model file that Keras has saved."""
    text = metadata.model_dump_json()
    if path.suffix == ".keras":
        with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as archive:
            archive.writestr(MEMBER, text)
            if graph is not None:
                archive.writestr(GRAPH_MEMBER, graph)
        return
    import h5py

    with h5py.File(path, "r+") as file:
        file.attrs[ATTRIBUTE] = text
        if graph is not None:
            file[GRAPH_DATASET] = np.frombuffer(graph, np.uint8)
