"""Model files as dlcli writes and reads them: Keras's own, with its metadata and graph inside.

In ``.keras``, a zip file, they are uncompressed members, in ``.h5`` a root attribute and a data
set. Keras drops both when it saves a file again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.artifacts import atomic
from dlcli.errors import ModelFileError
from dlcli.graph import Graph
from dlcli.metadata import Metadata, parse_metadata

MEMBER, GRAPH_MEMBER = "dlcli.json", "dlcli.onnx"
ATTRIBUTE, GRAPH_DATASET = "dlcli", "dlcli_onnx"
ZIP = b"PK\x03\x04"
HDF5 = b"\x89HDF\r\n\x1a\n"
MAX_CONFIG_BYTES = 16 << 20

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class ModelFile:
    """What stands in a model file, read without building anything.

    Parameters
    ----------
    path : Path
    metadata : Metadata or None
        None for a file that plain Keras wrote.
    config : object
        Keras's JSON of the architecture.
    """

    path: Path
    metadata: Metadata | None
    config: Any

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that Keras stored."""
        with _reading(self.path):
            return _stored_sha256(self.path)

    def graph(self) -> bytes | None:
        """Return the ONNX graph, if there is one."""
        with _reading(self.path):
            return _read_graph(self.path)


def read_model_file(path: Path) -> ModelFile:
    """Read metadata and architecture of a model file without building it.

    Raises
    ------
    ModelFileError
        If the file is damaged, or no Keras model.
    """
    with path.open("rb") as file:
        magic = file.read(8)
    if not magic.startswith(ZIP) and magic != HDF5:
        size = path.stat().st_size
        what = "is empty" if size == 0 else "is no Keras model file (neither .keras nor HDF5)"
        raise ModelFileError(f"{path} {what}")
    with _reading(path):
        config, text = _read_keras(path) if magic.startswith(ZIP) else _read_h5(path)
    try:
        architecture = json.loads(config)
    except (ValueError, RecursionError):
        raise ModelFileError(f"{path} is damaged: its architecture is no JSON") from None
    metadata = parse_metadata(text, str(path)) if text is not None else None
    return ModelFile(path, metadata, architecture)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    # zipfile's NotImplementedError is a compression it does not know, its RuntimeError encryption;
    # h5py raises RuntimeError and KeyError for broken trees.
    except (zipfile.BadZipFile, EOFError, RuntimeError, OSError, KeyError) as error:
        raise ModelFileError(f"{path} is damaged or incomplete: {error}") from None


def is_zip(path: Path) -> bool:
    """Tell a .keras file from an .h5 file by its first bytes."""
    with path.open("rb") as file:
        return file.read(4) == ZIP


def _read_keras(path: Path) -> tuple[str, str | None]:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if "config.json" not in names:
            raise ModelFileError(f"{path} is a zip file, but no Keras model")
        config = _member(archive, "config.json", path)
        return config, _member(archive, MEMBER, path) if MEMBER in names else None


def _member(archive: zipfile.ZipFile, name: str, path: Path) -> str:
    if archive.getinfo(name).file_size > MAX_CONFIG_BYTES:
        raise ModelFileError(f"{path}: {name} is larger than {MAX_CONFIG_BYTES >> 20} MB")
    try:
        return archive.read(name).decode()
    except UnicodeDecodeError:
        raise ModelFileError(f"{path}: {name} is no text") from None


def _read_h5(path: Path) -> tuple[str, str | None]:
    import h5py

    with h5py.File(path, "r") as file:
        if "model_config" not in file.attrs:
            raise ModelFileError(
                f"{path} holds weights only, or no Keras model at all",
                hint="use the file that `dlcli train` or `model.save` wrote",
            )
        config = _text(file.attrs["model_config"])
        return config, _text(file.attrs[ATTRIBUTE]) if ATTRIBUTE in file.attrs else None


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _read_graph(path: Path) -> bytes | None:
    if is_zip(path):
        with zipfile.ZipFile(path) as archive:
            if GRAPH_MEMBER not in archive.namelist():
                return None
            if archive.getinfo(GRAPH_MEMBER).compress_type != zipfile.ZIP_STORED:
                raise ModelFileError(f"{path}: {GRAPH_MEMBER} is compressed")
            return archive.read(GRAPH_MEMBER)
    import h5py

    with h5py.File(path, "r") as file:
        return _stored(file[GRAPH_DATASET]).tobytes() if GRAPH_DATASET in file else None


def _stored_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    if is_zip(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename in (MEMBER, GRAPH_MEMBER):
                    continue
                digest.update(f"{info.filename}\0{info.file_size}\0".encode())
                with archive.open(info) as member:
                    while block := member.read(1 << 20):
                        digest.update(block)
        return digest.hexdigest()
    import h5py

    with h5py.File(path, "r") as file:
        _add_group(file, digest, set())
    return digest.hexdigest()


def _add_group(group: Any, digest: Any, seen: set[int]) -> None:
    """Add all that a group of HDF5 holds to a digest, but for what dlcli adds itself."""
    import h5py

    seen.add(h5py.h5o.get_info(group.id).addr)
    for name in sorted(set(group.attrs) - {ATTRIBUTE}):
        value = group.attrs[name]
        plain = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        digest.update(f"{group.name}@{name}={plain!r}".encode())
    for name in sorted(set(group) - {GRAPH_DATASET}):
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ModelFileError(f"{group.file.filename} has links to other places")
        item = group[name]
        if isinstance(item, h5py.Dataset):
            digest.update(f"{item.name}{item.dtype}{item.shape}".encode())
            digest.update(_stored(item).tobytes())
        elif h5py.h5o.get_info(item.id).addr not in seen:
            _add_group(item, digest, seen)


def _stored(dataset: Any) -> Array:
    """Return the values of a data set of HDF5, which has to hold as many as it says."""
    if dataset.id.get_storage_size() < dataset.nbytes:
        raise ModelFileError(f"{dataset.file.filename} is damaged: {dataset.name} is cut off")
    return np.asarray(dataset[()])


def weights_sha256(model: Any) -> str:
    """Return the SHA-256 of a model's weights with their shapes."""
    digest = hashlib.sha256()
    for array in model.get_weights():
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def save_model(model: Any, path: Path, metadata: Metadata, graph: Graph | None = None) -> None:
    """Save a model with its metadata, and perhaps a graph of it, inside the one file.

    Parameters
    ----------
    model : keras.Sequential
    path : Path
        Ends in ``.keras`` or ``.h5``.
    metadata : Metadata
    graph : Graph, optional
        From `dlcli.graph.make_graph`.
    """
    with atomic(path) as temporary, _without_advice():
        model.save(temporary)
        if graph is not None:
            graph = graph.of(_stored_sha256(temporary))
            metadata = metadata.model_copy(update={"graph": graph.facts})
        embed(temporary, metadata, graph.content if graph else None)


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
