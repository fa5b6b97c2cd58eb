"""Model files as dlcli writes and reads them: Keras's own, with its metadata and graph inside.

In ``.keras``, a zip file, they are uncompressed members, in ``.h5`` a root attribute and a data
set. Keras drops both when it saves a file again.
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
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
from dlcli.files import atomic
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
from dlcli.models.guard import trust
from dlcli.models.inspection.architecture import inspect_architecture
from dlcli.models.inspection.bounded_json import read_json
from dlcli.models.inspection.source import Source, open_source
from dlcli.models.inspection.zip_archive import WEIGHTS, content_range, inspect_archive
from dlcli.models.limits import DEFAULT, Limits
from dlcli.models.metadata import Metadata, parse_metadata
from dlcli.models.onnx_graph import OnnxGraph

if TYPE_CHECKING:
    from dlcli.models.inspection.cost.shapes import LayerCost
    from dlcli.models.inspection.hdf5 import StoredWeights


@dataclass(frozen=True)
class ModelFile:
    """What stands in a model file, read without building anything.

    Parameters
    ----------
    source : Source
    metadata : Metadata or None
        None for a file that plain Keras wrote.
    config : object
        Keras's JSON of the architecture.
    limits : Limits
    """

    source: Source
    metadata: Metadata | None
    config: Any
    limits: Limits

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self.source.path

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that Keras stored."""
        with self.source.reopened() as file, _reading(self.path):
            return stored_sha256(file)

    def graph(self) -> bytes | None:
        """Return the ONNX graph, if there is one."""
        with self.source.reopened() as file, _reading(self.path):
            return read_onnx(file)

    def keras_version(self) -> str:
        """Return the version of Keras that saved the file; empty where it does not say."""
        with self.source.reopened() as file, _reading(self.path):
            return keras_version(file)

    def inspect_weights(self) -> tuple[StoredWeights, LayerCost]:
        """Look through the weights, and return them with what the network costs for a sample.

        That is needed only where Keras builds the network, or somebody asks.

        Raises
        ------
        ModelFileError
            If they are not stored as Keras stores them, are not finite, do not go with the
            architecture, or the network asks for more than the limits allow.
        """
        from dlcli.models.inspection.cost.network import network_cost

        where = str(self.path)
        with self.source.reopened() as file:
            start, size = 0, self.source.size
            if self.source.kind == "zip":
                with zipfile.ZipFile(file) as archive:
                    start, size = content_range(file, archive.getinfo(WEIGHTS))
            stored = _inspect_hdf5(self.path, file, start, size, self.limits, check_values=True)
        inspect_architecture(self.config, where, self.limits, stored.largest)
        return stored, network_cost(self.config, where, self.limits, stored.size)


def read_model_file(path: Path, limits: Limits = DEFAULT) -> ModelFile:
    """Read metadata and architecture of a model file without building it.

    Parameters
    ----------
    path : Path
    limits : Limits
        How large the file may be, and what it asks for.

    Raises
    ------
    ModelFileError
        If the file is damaged, no Keras model, or holds what none of Keras's own layers needs.
    """
    with open_source(path, limits) as (source, file), _reading(path):
        if source.kind == "zip":
            inspect_archive(path, file, source.size, limits)
            config, text = read_keras(file)
            # Nothing in the file can be larger; the weights themselves are looked at when needed.
            largest = source.size
        else:
            largest = _inspect_hdf5(path, file, 0, source.size, limits, check_values=False).largest
            config, text = read_h5(file, path)
    try:
        document = read_json(config)
    except ValueError as error:
        raise ModelFileError(
            f"{path} is damaged: its architecture is no JSON: {first_line(error)}"
        ) from None
    try:
        inspect_architecture(document, str(path), limits, largest)
    except ModelFileError as error:
        raise ModelFileError(str(error), hint=_newer(source) or error.hint) from None
    metadata = parse_metadata(text, str(path)) if text is not None else None
    return ModelFile(source, metadata, document, limits)


def _newer(source: Source) -> str:
    """Say so if a later Keras saved the file, which may know more than this one."""
    with source.reopened() as file, _reading(source.path):
        saved, installed = keras_version(file), version("keras")
    numbers = [tuple(map(int, re.findall(r"\d+", text)[:2])) for text in (saved, installed)]
    newer = numbers[0] > numbers[1]
    return f"Keras {saved} saved it, and this is Keras {installed}: upgrade it" if newer else ""


def _inspect_hdf5(
    path: Path, file: BinaryIO, start: int, size: int, limits: Limits, *, check_values: bool
) -> StoredWeights:
    from dlcli.models.inspection.file_section import FileSection
    from dlcli.models.inspection.hdf5 import inspect_hdf5

    return inspect_hdf5(path, FileSection(file, start, size), limits, check_values=check_values)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    # zipfile's NotImplementedError is a compression it does not know, its RuntimeError encryption;
    # h5py raises RuntimeError and KeyError for broken trees, the others for odd values in them.
    except (
        zipfile.BadZipFile, EOFError, RuntimeError, OSError, KeyError, ValueError, TypeError,
        AttributeError,
    ) as error:  # fmt: skip
        raise ModelFileError(f"{path} is damaged or incomplete: {first_line(error)}") from None


def weights_sha256(model: Any) -> str:
    """Return the SHA-256 of a model's weights with their shapes."""
    digest = hashlib.sha256()
    for array in model.get_weights():
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def save_model(model: Any, path: Path, metadata: Metadata, graph: OnnxGraph | None = None) -> None:
    """Save a model with its metadata, and perhaps a graph of it, inside the one file.

    Parameters
    ----------
    model : keras.Sequential
    path : Path
        Ends in ``.keras`` or ``.h5``.
    metadata : Metadata
    graph : OnnxGraph, optional
        From `dlcli.models.onnx_graph.convert_to_onnx`.
    """
    with atomic(path) as temporary, _without_advice():
        model.save(temporary)
        if graph is not None:
            with temporary.open("rb") as file:
                graph = graph.of(stored_sha256(file))
            metadata = metadata.model_copy(update={"graph": graph.facts})
        embed(temporary, metadata, graph.content if graph else None)
        trust(temporary)


@contextmanager
def _without_advice() -> Iterator[None]:
    """Keep Keras from advising against HDF5, which the user asked for."""
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


def _has_metadata(path: Path) -> bool:
    """Tell whether a model file is one that dlcli has completed before the run went on."""
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            return MEMBER in archive.namelist()
    import h5py

    with h5py.File(path, "r") as file:
        return ATTRIBUTE in file.attrs


def embed_checkpoints(folder: Path, metadata: Metadata) -> None:
    """Give the checkpoints that Keras's callbacks wrote the metadata, so that they predict too."""
    unsealed = metadata.model_copy(update={"weights_sha256": ""})
    for path in sorted((*folder.rglob("*.keras"), *folder.rglob("*.h5"))):
        if path.name.endswith(".weights.h5") or _has_metadata(path):
            continue
        with atomic(path) as temporary:
            shutil.copyfile(path, temporary)
            embed(temporary, unsealed)
