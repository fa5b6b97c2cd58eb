"""Read what Keras and dlcli store in zip and HDF5 files that were inspected or written here."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from dlcli.errors import ModelFileError
from dlcli.models.inspection.bounded_json import read_json
from dlcli.models.inspection.source import ZIP_MAGIC
from dlcli.models.inspection.zip_archive import CONFIG
from dlcli.types import Array

MEMBER, GRAPH_MEMBER = "dlcli.json", "dlcli.onnx"
ATTRIBUTE, GRAPH_DATASET = "dlcli", "dlcli_onnx"


def read_keras(file: BinaryIO) -> tuple[str, str | None]:
    """Return architecture and metadata of an inspected ``.keras`` file."""
    with zipfile.ZipFile(file) as archive:
        text = archive.read(MEMBER).decode() if MEMBER in archive.namelist() else None
        return archive.read(CONFIG).decode(), text


def read_h5(file: BinaryIO, path: Path) -> tuple[str, str | None]:
    """Return architecture and metadata of an inspected ``.h5`` file."""
    import h5py

    with h5py.File(file, "r") as opened:
        if "model_config" not in opened.attrs:
            raise ModelFileError(
                f"{path} holds only weights, or is not a Keras model",
                hint="use the file that `dlcli train` or `model.save` wrote",
            )
        config = _text(opened.attrs["model_config"])
        return config, _text(opened.attrs[ATTRIBUTE]) if ATTRIBUTE in opened.attrs else None


def keras_version(file: BinaryIO) -> str:
    """Return the version of Keras that saved a file; empty if it is not recorded."""
    if _is_zip(file):
        with zipfile.ZipFile(file) as archive:
            if "metadata.json" not in archive.namelist():
                return ""
            document = read_json(archive.read("metadata.json").decode())
        version = document.get("keras_version") if isinstance(document, dict) else None
        return str(version or "")[:40]
    import h5py

    with h5py.File(file, "r") as opened:
        return _text(opened.attrs.get("keras_version", ""))[:40]


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _is_zip(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(4) == ZIP_MAGIC


def read_onnx(file: BinaryIO) -> bytes | None:
    """Return the ONNX graph in a file, if there is one."""
    if _is_zip(file):
        with zipfile.ZipFile(file) as archive:
            return archive.read(GRAPH_MEMBER) if GRAPH_MEMBER in archive.namelist() else None
    import h5py

    with h5py.File(file, "r") as opened:
        return _values(opened[GRAPH_DATASET]).tobytes() if GRAPH_DATASET in opened else None


def stored_sha256(file: BinaryIO) -> str:
    """Return the SHA-256 of everything that Keras stored in a file."""
    digest = hashlib.sha256()
    if _is_zip(file):
        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                if info.filename in (MEMBER, GRAPH_MEMBER):
                    continue
                digest.update(f"{info.filename}\0{info.file_size}\0".encode())
                with archive.open(info) as member:
                    while block := member.read(1 << 20):
                        digest.update(block)
        return digest.hexdigest()
    import h5py

    with h5py.File(file, "r") as opened:
        _add_group(opened, digest)
    return digest.hexdigest()


def _add_group(group: Any, digest: Any) -> None:
    """Update a digest with the contents of an HDF5 group, except those that dlcli adds."""
    import h5py

    for name in sorted(set(group.attrs) - {ATTRIBUTE}):
        value = group.attrs[name]
        plain = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        digest.update(f"{group.name}@{name}={plain!r}".encode())
    for name in sorted(set(group) - {GRAPH_DATASET}):
        item = group[name]
        if isinstance(item, h5py.Dataset):
            digest.update(f"{item.name}{item.dtype}{item.shape}".encode())
            digest.update(_values(item).tobytes())
        else:
            _add_group(item, digest)


def _values(dataset: Any) -> Array:
    return np.asarray(dataset[()])
